package hooks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"

	"libhooks"
	current "libhooks/hooks/1.0.0"
)

// monitored starts a Monitor and waits until it watches. The returned function ends it and waits
// for its end.
func monitored(t *testing.T, m *Manager) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	sync := make(chan error)
	go m.Monitor(ctx, sync)
	if err, open := <-sync; err != nil || !open {
		t.Fatal(err, open)
	}
	return func() {
		t.Helper()
		cancel()
		if err := <-sync; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if _, open := <-sync; open {
			t.Error("a third send")
		}
	}
}

// await waits until this number of hooks matches.
func await(t *testing.T, m *Manager, count int) {
	t.Helper()
	until(func() bool {
		config := &rspec.Spec{Hooks: &rspec.Hooks{}}
		if _, err := m.Hooks(config, nil, false); err != nil {
			t.Fatal(err)
		}
		return len(config.Hooks.Poststop) == count
	})
}

func until(done func() bool) {
	for !done() {
		runtime.Gosched()
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMonitor(t *testing.T) {
	m, directory := manager(t, map[string]string{"a.json": always})
	end := monitored(t, m)
	write(t, filepath.Join(directory, "b.json"), always)
	await(t, m, 2)
	must(t, os.RemoveAll(directory))
	await(t, m, 0)
	end()
	// A new monitor detects changes made while no monitor was running.
	must(t, os.Mkdir(directory, 0o755))
	write(t, filepath.Join(directory, "a.json"), always)
	end = monitored(t, m)
	await(t, m, 1)
	end()
}

func TestMonitorWhenDirectoriesAppearAndDisappear(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "not", "yet")
	low, high := filepath.Join(parent, "low"), filepath.Join(parent, "high")
	m, err := New(t.Context(), []string{low, high}, []string{"precreate"})
	must(t, err)
	end := monitored(t, m)
	defer end()
	for range 20 {
		must(t, os.MkdirAll(high, 0o755))
		write(t, filepath.Join(high, "a.json"), always)
		await(t, m, 1)
		must(t, os.Mkdir(low, 0o755))
		write(t, filepath.Join(low, "b.json"), always)
		await(t, m, 2)
		must(t, os.RemoveAll(high))
		await(t, m, 1)
		must(t, os.RemoveAll(parent))
		await(t, m, 0)
	}
}

func TestMonitorWithContextDoneBeforeStart(t *testing.T) {
	m, _ := manager(t, nil)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("cause"))
	for _, m := range []*Manager{m, nil, {}} {
		sync := make(chan error, 2)
		m.Monitor(ctx, sync)
		if err := <-sync; err != nil {
			t.Error(err)
		}
		if err := <-sync; err != context.Canceled {
			t.Error(err)
		}
		if _, open := <-sync; open {
			t.Error("a third send")
		}
	}
}

func TestMonitorThatCannotStart(t *testing.T) {
	m, _ := manager(t, nil)
	end := withDescriptors(t, 0)
	sync := make(chan error, 2)
	m.Monitor(context.Background(), sync)
	end()
	var failure *libhooks.Error
	if err := <-sync; !errors.As(err, &failure) || failure.Code != "watch-refused" ||
		failure.Errno != syscall.EMFILE {
		t.Error(err)
	}
	select {
	case err, open := <-sync:
		t.Error(err, open)
	default:
		// Like Podman's package, which does not close the channel.
	}
}

// withDescriptors leaves the process this number of unused file descriptors until end is called.
func withDescriptors(t *testing.T, left uint64) (end func()) {
	t.Helper()
	// Open files until no lower file descriptor is unused.
	var taken []*os.File
	highest := 0
	for _, name := range descriptors(t) {
		var number int
		_, err := fmt.Sscan(name, &number)
		must(t, err)
		highest = max(highest, number)
	}
	for len(taken) == 0 || int(taken[len(taken)-1].Fd()) <= highest {
		file, err := os.Open(os.DevNull)
		must(t, err)
		taken = append(taken, file)
	}
	var before syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before))
	limit := before
	limit.Cur = uint64(taken[len(taken)-1].Fd()) + 1 + left
	must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	return func() {
		t.Helper()
		must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before))
		for _, file := range taken {
			must(t, file.Close())
		}
	}
}

// descriptors returns the file descriptors of the process, except the one used to list them.
func descriptors(t *testing.T) []string {
	t.Helper()
	list, err := os.Open("/proc/self/fd")
	must(t, err)
	defer list.Close()
	names, err := list.Readdirnames(-1)
	must(t, err)
	var found []string
	for _, name := range names {
		if name != fmt.Sprint(list.Fd()) {
			found = append(found, name)
		}
	}
	return found
}

func TestTwoMonitors(t *testing.T) {
	m, directory := manager(t, nil)
	endFirst, endSecond := monitored(t, m), monitored(t, m)
	write(t, filepath.Join(directory, "a.json"), always)
	await(t, m, 1)
	endFirst()
	write(t, filepath.Join(directory, "b.json"), always)
	await(t, m, 2)
	endSecond()
}

// An idle monitor ends, and has released everything when it reports its end.
func TestMonitorLeaksNothing(t *testing.T) {
	m, _ := manager(t, map[string]string{"a.json": always})
	monitored(t, m)()
	goroutines, before := runtime.NumGoroutine(), len(descriptors(t))
	for range 1000 {
		monitored(t, m)()
	}
	if after := len(descriptors(t)); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
	// The last goroutines may need some time to end.
	until(func() bool { return runtime.NumGoroutine() <= goroutines })
}

// A panic of a reader leaves Monitor, and nothing leaks. The next Monitor works.
func TestMonitorWhoseReaderPanics(t *testing.T) {
	logrus.SetOutput(discard{})
	defer logrus.SetOutput(os.Stderr)
	var panics atomic.Bool
	panics.Store(true)
	with(t, "9.9.9", func([]byte) (*current.Hook, error) {
		if panics.Load() {
			panic("oh no")
		}
		return current.Read([]byte(always))
	})
	m, directory := manager(t, nil)
	before := len(descriptors(t))
	sync := make(chan error, 2)
	panicked := make(chan any)
	go func() {
		defer func() { panicked <- recover() }()
		m.Monitor(context.Background(), sync)
	}()
	if err := <-sync; err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(directory, "a.json"), `{"version": "9.9.9"}`)
	if value := <-panicked; value != "oh no" {
		t.Errorf("%v", value)
	}
	if after := len(descriptors(t)); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
	await(t, m, 0)
	panics.Store(false)
	end := monitored(t, m)
	await(t, m, 1)
	write(t, filepath.Join(directory, "b.json"), always)
	await(t, m, 2)
	end()
}

// The process receives its signals, and Monitor continues.
func TestMonitorAndSignals(t *testing.T) {
	m, directory := manager(t, nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	defer signal.Stop(signals)
	end := monitored(t, m)
	for range 1000 {
		must(t, syscall.Kill(os.Getpid(), syscall.SIGUSR1))
		<-signals
	}
	write(t, filepath.Join(directory, "a.json"), always)
	await(t, m, 1)
	end()
}

// If inotify does not work, Monitor logs one warning and still detects changes.
func TestMonitorWithoutInotify(t *testing.T) {
	const limit = "/proc/sys/user/max_inotify_instances"
	if os.Getenv("LIBHOOKS_LIMITED") == "" {
		// A new user namespace has its own limit.
		again := exec.Command(os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
		again.Env = append(os.Environ(), "LIBHOOKS_LIMITED=1")
		again.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
		out, err := again.CombinedOutput()
		var failed *exec.ExitError
		switch {
		case err != nil && !errors.As(err, &failed):
			t.Skipf("limits need a user namespace: %v", err)
		case err != nil || !strings.Contains(string(out), "--- PASS"):
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	must(t, os.WriteFile(limit, []byte("0"), 0))
	m, directory := manager(t, nil)
	lines := record(logrus.InfoLevel, func() {
		end := monitored(t, m)
		place(t, filepath.Join(directory, "a.json"), always)
		await(t, m, 1)
		place(t, filepath.Join(directory, "b.json"), always)
		await(t, m, 2)
		must(t, os.WriteFile(limit, []byte("1"), 0))
		place(t, filepath.Join(directory, "c.json"), always)
		await(t, m, 3)
		end()
	})
	want := "warning inotify_init1: too many open files; falling back to polling every 1 s"
	if len(lines) != 1 || lines[0] != want {
		t.Errorf("%q", lines)
	}
}

// A custom reader may return another result, also for files that have not changed.
func TestMonitorRereadsAllFiles(t *testing.T) {
	m, directory := manager(t, map[string]string{"a.json": always, "b.json": always})
	replaced := Readers[current.Version]
	defer func() { Readers[current.Version] = replaced }()
	var mood atomic.Pointer[string]
	Readers[current.Version] = func(content []byte) (*current.Hook, error) {
		hook, err := replaced(content)
		if err == nil {
			hook.Hook.Args = []string{*mood.Load()}
		}
		return hook, err
	}
	first, second := "first", "second"
	mood.Store(&first)
	defer monitored(t, m)()
	read := func(mood string) int {
		config := &rspec.Spec{}
		if _, err := m.Hooks(config, nil, false); err != nil {
			t.Fatal(err)
		}
		count := 0
		for _, hook := range config.Hooks.Poststop {
			if len(hook.Args) == 1 && hook.Args[0] == mood {
				count++
			}
		}
		return count
	}
	until(func() bool { return read(first) == 2 })
	mood.Store(&second)
	write(t, filepath.Join(directory, "c.json"), always)
	until(func() bool { return read(second) == 3 })
}

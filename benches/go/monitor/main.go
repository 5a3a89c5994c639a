// One row of `make bench`, from Go, by either side's package: monitor SIDE COUNT, where SIDE is
// ours or reference. Prints, of each of COUNT changes, how many nanoseconds after a hook file was
// renamed into its directory Hooks had it.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	reference "go.podman.io/common/pkg/hooks"
	ours "libhooks/hooks"
)

// quiet is how long nothing happens between two changes. libhooks serves what comes within 20 ms of
// a change together.
const quiet = 40 * time.Millisecond

// The directory holds so many hooks, of which one changes.
const hooks, changed = 10, 5

type manager interface {
	Hooks(
		config *rspec.Spec,
		annotations map[string]string,
		hasBindMounts bool,
	) (map[string][]rspec.Hook, error)
	Monitor(ctx context.Context, sync chan<- error)
}

func newManager(side, directory string) (manager, error) {
	switch side {
	case "ours":
		return ours.New(context.Background(), []string{directory}, nil)
	case "reference":
		return reference.New(context.Background(), []string{directory}, nil)
	}
	return nil, fmt.Errorf("no side %q", side)
}

func write(path, mark string) error {
	content := `{"version": "1.0.0", "hook": {"path": "/bin/sh", "args": ["` + mark + `"]}, "when": {"always": true}, "stages": ["poststop"]}`
	return os.WriteFile(path, []byte(content), 0o644)
}

// mark is what the hook that changes says, as a container gets it.
func mark(m manager) (string, error) {
	config := rspec.Spec{Process: &rspec.Process{Args: []string{"sh"}}}
	if _, err := m.Hooks(&config, nil, false); err != nil {
		return "", err
	}
	if config.Hooks == nil || len(config.Hooks.Poststop) != hooks {
		return "", fmt.Errorf("not %d hooks: %v", hooks, config.Hooks)
	}
	return config.Hooks.Poststop[changed].Args[0], nil
}

// change renames a new hook file into its place, and returns how long it took until it was seen.
func change(m manager, prepared, path, to string) (time.Duration, error) {
	if err := write(prepared, to); err != nil {
		return 0, err
	}
	begun := time.Now()
	if err := os.Rename(prepared, path); err != nil {
		return 0, err
	}
	for {
		seen, err := mark(m)
		if err != nil || seen == to {
			return time.Since(begun), err
		}
		yield()
	}
}

// yield lets another thread have the processor. Who is woken is often put behind its waker, which
// would keep it waiting for a tick of the scheduler by asking again and again.
func yield() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0)
}

func run() error {
	if len(os.Args) != 3 {
		return fmt.Errorf("monitor SIDE COUNT")
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		return err
	}
	// In memory: a disk is not what is measured.
	parent, err := os.MkdirTemp("/dev/shm", "libhooks-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(parent)
	directory := filepath.Join(parent, "hooks.d")
	if err := os.Mkdir(directory, 0o755); err != nil {
		return err
	}
	path := func(i int) string { return filepath.Join(directory, fmt.Sprintf("%02d.json", i)) }
	for i := range hooks {
		if err := write(path(i), "none"); err != nil {
			return err
		}
	}
	m, err := newManager(os.Args[1], directory)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	sync := make(chan error, 2)
	go m.Monitor(ctx, sync)
	if err := <-sync; err != nil {
		return err
	}
	for i := range count {
		time.Sleep(quiet)
		latency, err := change(m, filepath.Join(parent, "prepared"), path(changed), strconv.Itoa(i))
		if err != nil {
			return err
		}
		fmt.Println(latency.Nanoseconds())
	}
	cancel()
	if err := <-sync; err != ctx.Err() {
		return err
	}
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

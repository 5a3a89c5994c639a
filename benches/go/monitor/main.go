// Monitor measures a row of `make bench` from Go, with either side's package: monitor SIDE COUNT,
// where SIDE is ours or reference. For each of COUNT changes it prints the nanoseconds from the
// rename of a hook file into its directory until Hooks returns it.
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

// quiet is the pause between two changes. libhooks handles changes within 20 ms together.
const quiet = 40 * time.Millisecond

// The number of hooks in the directory, and the one that changes.
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

// mark returns the mark of the changing hook, as a container gets it.
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

// change renames a new hook file into its place, and returns the time until the hook is visible.
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

// yield gives the processor to another thread. A woken thread is often queued after its waker,
// which polls in a loop, and would otherwise wait for a tick of the scheduler.
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
	// In memory, so that no disk is measured.
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

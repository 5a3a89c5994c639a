package exec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	rspec "github.com/opencontainers/runtime-spec/specs-go"

	"libhooks"
)

func sh(script string) rspec.Hook {
	return rspec.Hook{
		Path: "/bin/sh",
		Args: []string{"sh", "-c", script},
		Env:  []string{"PATH=/bin:/usr/bin"},
	}
}

// run runs a script with these writers for at most ten seconds.
func run(t testing.TB, script string, stdout, stderr io.Writer) (hookErr, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	hook := sh(script)
	return RunWithOptions(
		ctx,
		RunOptions{
			Hook:            &hook,
			Stdout:          stdout,
			Stderr:          stderr,
			PostKillTimeout: DefaultPostKillTimeout,
		},
	)
}

// resultOf returns the result in an error.
func resultOf(t testing.TB, err error) *libhooks.Result {
	t.Helper()
	var failure *libhooks.Error
	if !errors.As(err, &failure) || failure.Result == nil {
		t.Fatalf("%v has no result", err)
	}
	return failure.Result
}

func TestFailureHasOutputOfHook(t *testing.T) {
	hookErr, err := run(
		t,
		"echo out; echo words >&2; head -c 100000 /dev/zero >&2; exit 3",
		nil,
		nil,
	)
	if hookErr != err || err == nil {
		t.Fatalf("%v, %v", hookErr, err)
	}
	result := resultOf(t, err)
	if result.Path != "/bin/sh" || len(result.Argv) != 3 || result.ExitStatus != 3 ||
		result.Signal != 0 ||
		result.Duration <= 0 {
		t.Errorf("%+v", result)
	}
	if string(result.Stdout.Bytes) != "out\n" || result.Stderr.Total != 100_006 ||
		len(result.Stderr.Bytes) != tailLimit {
		t.Errorf(
			"%q, %d bytes of %d",
			result.Stdout.Bytes,
			len(result.Stderr.Bytes),
			result.Stderr.Total,
		)
	}
	var exit interface{ ExitCode() int }
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("no exit code in %v", err)
	}
	_, err = run(t, "kill -15 $$", nil, nil)
	if result := resultOf(t, err); result.Signal != syscall.SIGTERM || result.ExitStatus != -1 {
		t.Errorf("%+v", result)
	}
}

// The bytes may be in an object that contains pointers. cgo must not treat these as pointers passed
// to C.
// The error of a hook whose program cannot run says why.
func TestWhyAProgramCannotRun(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	for _, one := range []struct{ content, code string }{
		{"#!/nowhere/sh\n", "missing-interpreter"},
		{"exit 0\n", "no-shebang"},
		// The program starts, and env(1) does not find "sh -e".
		{"#!/usr/bin/env sh -e\n", "bad-shebang"},
		{"#!/bin/sh\nexit 127\n", ""},
	} {
		if err := os.WriteFile(program, []byte(one.content), 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := RunWithOptions(context.Background(), RunOptions{Hook: &rspec.Hook{Path: program}})
		var failure *libhooks.Error
		if !errors.As(err, &failure) {
			t.Fatalf("%q: %v", one.content, err)
		}
		code := ""
		if len(failure.Diagnostics) > 0 {
			code = failure.Diagnostics[0].Code
		}
		if code != one.code {
			t.Errorf("%q: %q instead of %q", one.content, code, one.code)
		}
	}
}

func TestStateAmongPointers(t *testing.T) {
	request := &struct {
		next  *int
		state [2]byte
	}{new(int), [2]byte{'h', 'i'}}
	hook := sh("cat")
	var stdout bytes.Buffer
	_, err := RunWithOptions(
		t.Context(),
		RunOptions{Hook: &hook, State: request.state[:], Stdout: &stdout},
	)
	if err != nil || stdout.String() != "hi" {
		t.Errorf("%q, %v", stdout.String(), err)
	}
}

// If the hook cannot be run, the goroutine that was started for it ends.
func TestWithoutDescriptors(t *testing.T) {
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	hook := sh("echo hi")
	goroutines := runtime.NumGoroutine()
	none := syscall.Rlimit{Cur: 0, Max: before.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	_, err := RunWithOptions(ctx, RunOptions{Hook: &hook, Stdout: new(bytes.Buffer)})
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, syscall.EMFILE) {
		t.Error(err)
	}
	if after := runtime.NumGoroutine(); after > goroutines {
		t.Errorf("%d goroutines, %d before", after, goroutines)
	}
}

func TestWritersReceiveOutputAtOnce(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	// The hook continues once the writer has received its first line.
	var seen []string
	writer := writerFunc(func(data []byte) (int, error) {
		if seen = append(seen, string(data)); len(seen) == 1 {
			return len(data), os.WriteFile(fifo, nil, 0)
		}
		return len(data), nil
	})
	if _, err := run(t, "echo one; read -r x <"+fifo+"; echo two", writer, nil); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(seen, []string{"one\n", "two\n"}) {
		t.Errorf("%q", seen)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(data []byte) (int, error) { return f(data) }

// uncomparable is a type for which == panics.
type uncomparable struct {
	buffer *bytes.Buffer
	_      []int
}

func (u uncomparable) Write(data []byte) (int, error) { return u.buffer.Write(data) }

func TestOneWriterForBoth(t *testing.T) {
	const script = "for i in 1 2 3 4 5 6 7 8 9; do echo out; echo err >&2; done"
	var both bytes.Buffer
	if _, err := run(t, script, &both, &both); err != nil ||
		both.String() != strings.Repeat("out\nerr\n", 9) {
		t.Errorf("%q, %v", &both, err)
	}
	var buffer bytes.Buffer
	writer := uncomparable{buffer: &buffer}
	if _, err := run(t, "echo out", writer, writer); err != nil || buffer.String() != "out\n" {
		t.Errorf("%q, %v", &buffer, err)
	}
}

func TestFilesBecomeDescriptorsOfHook(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := run(t, "readlink /proc/$$/fd/1 /proc/$$/fd/2", file, file); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file.Name())
	if want := strings.Repeat(file.Name()+"\n", 2); err != nil || string(content) != want {
		t.Errorf("%q, %v", content, err)
	}
	closed, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if _, err := run(t, "echo a; echo b >&2", closed, (*os.File)(nil)); err != nil {
		t.Error(err)
	}
}

var errFull = errors.New("disk full")

func TestWriterFails(t *testing.T) {
	calls := 0
	writer := writerFunc(func([]byte) (int, error) { calls++; return 0, errFull })
	hookErr, err := run(t, "echo a; echo b; echo c >&2", writer, nil)
	if hookErr != err || !errors.Is(err, errFull) || calls != 1 ||
		err.Error() != "executing [sh -c echo a; echo b; echo c >&2]: disk full" {
		t.Errorf("%v, %v, %d calls", hookErr, err, calls)
	}
	// A failure of the hook itself takes precedence.
	if _, err := run(t, "echo a; exit 3", writer, nil); err == nil ||
		err.Error() != "executing [sh -c echo a; exit 3]: exit status 3" {
		t.Error(err)
	}
}

func TestBlockedWriterDoesNotDelayTimeout(t *testing.T) {
	for _, script := range []string{"exec cat /dev/zero", "echo a"} {
		for _, own := range []bool{true, false} {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			hook := sh(script)
			if second := 1; own {
				hook.Timeout = &second
			} else {
				cancel()
				ctx, cancel = context.WithTimeout(context.Background(), 50*time.Millisecond)
			}
			free := make(chan struct{})
			writer := writerFunc(func(data []byte) (int, error) { <-free; return len(data), nil })
			hookErr, err := RunWithOptions(
				ctx,
				RunOptions{Hook: &hook, Stdout: writer, PostKillTimeout: 1500 * time.Microsecond},
			)
			if err != context.DeadlineExceeded || hookErr == nil ||
				hookErr.Error() != "failed to reap process within 1.5ms of the kill signal" {
				t.Errorf("%s: %v, %v", script, hookErr, err)
			}
			close(free)
			cancel()
		}
	}
}

func TestContextDoneBeforeStart(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 100 {
		hook := rspec.Hook{Path: "/bin/true"}
		options := RunOptions{Hook: &hook, PostKillTimeout: DefaultPostKillTimeout}
		if _, err := RunWithOptions(ctx, options); err != context.Canceled {
			t.Fatal(err)
		}
	}
}

func TestCancelKillsDescendants(t *testing.T) {
	for group, scope := range map[libhooks.ProcessGroup]string{
		libhooks.ProcessGroupCaller: "descendants",
		libhooks.ProcessGroupOwn:    "group",
	} {
		cancelKillsDescendants(t, group, scope)
	}
	hook := rspec.Hook{Path: "/bin/true"}
	ctx := libhooks.WithProcessGroup(context.Background(), 3)
	if _, err := RunWithOptions(ctx, RunOptions{Hook: &hook}); err == nil {
		t.Error("no error for an unknown process group")
	}
}

func TestProcessGroup(t *testing.T) {
	hook := sh("read -r pid comm state ppid pgrp rest < /proc/self/stat; echo $pgrp $pid")
	for group, want := range map[libhooks.ProcessGroup]int{
		libhooks.ProcessGroupCaller: syscall.Getpgrp(),
		libhooks.ProcessGroupOwn:    0,
	} {
		var stdout bytes.Buffer
		ctx := libhooks.WithProcessGroup(context.Background(), group)
		if _, err := RunWithOptions(ctx, RunOptions{Hook: &hook, Stdout: &stdout}); err != nil {
			t.Fatal(err)
		}
		var pgrp, pid int
		if _, err := fmt.Sscan(stdout.String(), &pgrp, &pid); err != nil {
			t.Fatal(err)
		}
		if want == 0 {
			want = pid
		}
		if pgrp != want {
			t.Errorf("%d: group %d, not %d", group, pgrp, want)
		}
	}
}

func cancelKillsDescendants(t *testing.T, group libhooks.ProcessGroup, scope string) {
	ctx, cancel := context.WithCancel(libhooks.WithProcessGroup(context.Background(), group))
	hook := sh("sleep 1000 & echo $!; wait")
	var pid string
	writer := writerFunc(func(data []byte) (int, error) {
		pid = strings.TrimSpace(string(data))
		cancel()
		return len(data), nil
	})
	hookErr, err := RunWithOptions(
		ctx,
		RunOptions{Hook: &hook, Stdout: writer, PostKillTimeout: DefaultPostKillTimeout},
	)
	if err != context.Canceled || hookErr == nil || !resultOf(t, hookErr).Cancelled {
		t.Fatalf("%v, %v", hookErr, err)
	}
	if killed := resultOf(t, hookErr).Killed; killed == nil || killed.Scope != scope ||
		killed.Count > 1 {
		t.Errorf("killed: %v", killed)
	}
	// The process was killed, but the system may need some time until it has ended.
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		_, state, _ := strings.Cut(string(stat), ") ")
		if err != nil || state[0] == 'Z' || state[0] == 'X' {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %s is %s", pid, state)
		}
	}
}

func TestPostKillTimeoutInMessage(t *testing.T) {
	for _, duration := range []time.Duration{
		0, -time.Second, time.Nanosecond, 1500 * time.Microsecond, 1<<63 - 1,
	} {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		hook := sh("exec sleep 1000")
		hookErr, err := RunWithOptions(ctx, RunOptions{Hook: &hook, PostKillTimeout: duration})
		want := "failed to reap process within " + duration.String() + " of the kill signal"
		// The hook may end before the timeout.
		if err != context.Canceled || hookErr == nil ||
			hookErr.Error() != want && !strings.HasSuffix(hookErr.Error(), ": signal: killed") {
			t.Errorf("%s: %v, %v", duration, hookErr, err)
		}
	}
}

func TestHooksThatCannotRun(t *testing.T) {
	if hookErr, err := RunWithOptions(context.Background(), RunOptions{}); err == nil ||
		hookErr != err {
		t.Errorf("%v, %v", hookErr, err)
	}
	hook := rspec.Hook{Path: "/bin/echo", Args: []string{"echo", "\xff"}}
	hookErr, err := Run(context.Background(), &hook, nil, nil, nil, 0)
	var failure *libhooks.Error
	if hookErr != err || !errors.As(err, &failure) || failure.Kind != "invalid-argument" {
		t.Errorf("%v, %v", hookErr, err)
	}
	hook = rspec.Hook{Path: "/nonexistent"}
	_, err = Run(context.Background(), &hook, nil, nil, nil, 0)
	var system *fs.PathError
	if !errors.As(err, &system) || system.Op != "fork/exec" || system.Path != "/nonexistent" ||
		system.Err != syscall.ENOENT {
		t.Errorf("%v", err)
	}
}

// state returns the numbers of goroutines and file descriptors, and whether there are children (1
// or 0).
func state(t *testing.T) (goroutines, descriptors, children int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	// No other part of this program starts children.
	if _, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		children = 1
	}
	return runtime.NumGoroutine(), len(entries), children
}

func TestNothingLeaks(t *testing.T) {
	runAll := func() {
		for _, script := range []string{"exit 0", "exit 3", "kill -9 $$", "exec sleep 1000"} {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
			hook := sh(script)
			var stdout bytes.Buffer
			// Other tests check the result.
			_, _ = RunWithOptions(
				ctx,
				RunOptions{Hook: &hook, Stdout: &stdout, PostKillTimeout: DefaultPostKillTimeout},
			)
			cancel()
		}
	}
	runAll()
	goroutines, descriptors, _ := state(t)
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 5 {
				runAll()
			}
		}()
	}
	all.Wait()
	// The goroutines of context.AfterFunc may need some time to end.
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > goroutines && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	nowGoroutines, nowDescriptors, children := state(t)
	if nowGoroutines > goroutines || nowDescriptors != descriptors || children != 0 {
		t.Errorf(
			"%d goroutines of %d, %d descriptors of %d, children: %d",
			nowGoroutines,
			goroutines,
			nowDescriptors,
			descriptors,
			children,
		)
	}
}

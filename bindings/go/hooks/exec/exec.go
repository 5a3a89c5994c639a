// Package exec runs hooks as package go.podman.io/common/pkg/hooks/exec does, whose exported API it
// has, name for name, and keeps what that one loses: errors.As finds in the errors a
// *libhooks.Error with a *libhooks.Result, which has the exit status, the signal, and the end of
// what the hook wrote.
package exec

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	rspec "github.com/opencontainers/runtime-spec/specs-go"

	"libhooks"
	"libhooks/internal/native"
	"libhooks/internal/wire"
)

// DefaultPostKillTimeout is how long to wait for a hook that was killed.
const DefaultPostKillTimeout = time.Duration(10) * time.Second

// tailLimit is how much of each stream is kept for the result.
const tailLimit = 64 << 10

// RunOptions say which hook is run, and how.
type RunOptions struct {
	// Hook is the hook. Its Timeout is in whole seconds; 0 and less: it is killed at once.
	Hook *rspec.Hook
	// Dir is where it is started, and what its path is relative to; "" is the caller's working
	// directory.
	Dir string
	// State is what it reads on its stdin. That it does not read it is no failure.
	State []byte
	// Stdout and Stderr receive what it writes, as it comes; nil: nobody. An *os.File becomes the
	// hook's own descriptor. Another Writer is called by a goroutine of its own, one after the
	// other. If both are the same, what comes is in the order in which the hook wrote it. One that
	// fails does not end the hook: what that writes from then on is lost, and it is waited for.
	Stdout io.Writer
	Stderr io.Writer
	// PostKillTimeout is how long to wait for a hook that was killed; 0 and less: not at all.
	PostKillTimeout time.Duration
}

// nativeGroup is the group that the context asks for, as the library numbers it.
func nativeGroup(ctx context.Context) (native.ProcessGroup, error) {
	switch group := libhooks.ProcessGroupOf(ctx); group {
	case libhooks.ProcessGroupCaller:
		return native.ProcessGroupCaller, nil
	case libhooks.ProcessGroupOwn:
		return native.ProcessGroupOwn, nil
	case libhooks.ProcessGroupAuto:
		return native.ProcessGroupAuto, nil
	default:
		return 0, native.Invalid(fmt.Sprintf("process group is %d", int(group)))
	}
}

// Run is RunWithOptions without a directory.
//
// Deprecated: RunWithOptions says what is what.
func Run(
	ctx context.Context,
	hook *rspec.Hook,
	state []byte,
	stdout io.Writer,
	stderr io.Writer,
	postKillTimeout time.Duration,
) (hookErr, err error) {
	return RunWithOptions(
		ctx,
		RunOptions{
			Hook:            hook,
			State:           state,
			Stdout:          stdout,
			Stderr:          stderr,
			PostKillTimeout: postKillTimeout,
		},
	)
}

// RunWithOptions runs a hook and waits until it ends. When its timeout is over or ctx is done, it
// is killed with those of its descendants that can be found. It runs in the caller's process group,
// unless libhooks.WithProcessGroup says otherwise. When the hook itself ends, processes that it
// leaves behind are not waited for.
//
// hookErr is what is wrong with the hook: it could not be started, exited with another status than
// 0, died of a signal, or is not gone after PostKillTimeout. err is the same, but for a hook that
// was killed here: context.DeadlineExceeded, or ctx.Err(). An error of a Writer is both errors.
func RunWithOptions(ctx context.Context, options RunOptions) (hookErr, err error) {
	_, hookErr, err = runWithResult(ctx, options)
	return hookErr, err
}

// runWithResult tells what became of the hook, too; nil if it was not started.
func runWithResult(
	ctx context.Context,
	options RunOptions,
) (result *libhooks.Result, hookErr, err error) {
	hook := options.Hook
	if err := check(hook, options.Dir); err != nil {
		return nil, err, err
	}
	group, err := nativeGroup(ctx)
	if err != nil {
		return nil, err, err
	}
	run := native.Run{
		ProcessGroup:    group,
		Hook:            wire.Encode(hook),
		Directory:       options.Dir,
		State:           options.State,
		PostKillTimeout: options.PostKillTimeout,
		TailLimit:       tailLimit,
		MergeStderr:     isSame(options.Stdout, options.Stderr),
		Cancel:          -1,
	}
	writers := [2]io.Writer{options.Stdout, options.Stderr}
	for i, writer := range writers {
		run.Descriptors[i] = -1
		if file, ok := writer.(*os.File); ok {
			run.Descriptors[i], writers[i] = descriptor(file), nil
		}
	}
	if ctx.Done() != nil {
		reader, writer, err := os.Pipe()
		if err != nil {
			return nil, err, err
		}
		defer reader.Close()
		defer writer.Close()
		if ctx.Err() != nil {
			// Now, not when another goroutine has its turn.
			writer.Close()
		}
		defer context.AfterFunc(ctx, func() { writer.Close() })()
		run.Cancel = int(reader.Fd())
	}
	// The library looks after the hook's own timeout; a writer that blocks must know of it, too.
	limited, cancel := limitedBy(ctx, hook.Timeout)
	defer cancel()
	// From here on nothing fails before the feed is ended.
	var feed *feed
	if writers != [2]io.Writer{} {
		feed = newFeed(limited, writers)
		run.Write = feed.send
	}
	ran, err := run.Do()
	// Of its files only numbers were handed over.
	runtime.KeepAlive(options)
	var fed fed
	if feed != nil {
		fed = feed.end(
			ran == nil || ran.Result.TimedOut || ran.Result.Cancelled,
			options.PostKillTimeout,
		)
	}
	if err != nil {
		return nil, err, err
	}
	hookErr, err = errorsOf(limited, ran, fed, options.PostKillTimeout)
	return ran.Result, hookErr, err
}

// errorsOf are the two errors that a run comes to.
func errorsOf(
	ctx context.Context,
	ran *native.Ran,
	fed fed,
	postKillTimeout time.Duration,
) (hookErr, err error) {
	result := ran.Result
	failure := &libhooks.Error{Kind: "hook-failed", Code: "hook-failed", Result: result}
	switch {
	case fed.blocked || ran.HookErr != nil && strings.HasPrefix(*ran.HookErr, "failed to reap "):
		// In the caller's own time: the library knows milliseconds.
		failure.Message = fmt.Sprintf(
			"failed to reap process within %s of the kill signal",
			postKillTimeout,
		)
	case fed.err != nil && result.ExitStatus == 0:
		failure.Message = fmt.Sprintf("executing [%s]: %v", strings.Join(result.Argv, " "), fed.err)
		failure.Cause = fed.err
	case ran.HookErr != nil:
		failure.Message = *ran.HookErr
	default:
		failure = nil
	}
	if failure != nil {
		hookErr = failure
	}
	switch {
	case result.TimedOut:
		return hookErr, context.DeadlineExceeded
	case result.Cancelled || fed.late:
		return hookErr, ctx.Err()
	default:
		return hookErr, hookErr
	}
}

// limitedBy is done when ctx is, or so many seconds later. More than Go's clock can count are no
// limit.
func limitedBy(ctx context.Context, seconds *int) (context.Context, context.CancelFunc) {
	if seconds == nil || int64(*seconds) > math.MaxInt64/int64(time.Second) {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(max(*seconds, 0))*time.Second)
}

// check refuses what cannot go through C.
func check(hook *rspec.Hook, directory string) error {
	if hook == nil {
		return native.Invalid("hook is nil")
	}
	if !native.IsCString(directory) {
		system := &fs.PathError{Op: "chdir", Path: directory, Err: syscall.EINVAL}
		return &libhooks.Error{
			Kind:    "io",
			Code:    "start-failed",
			Message: system.Error(),
			Errno:   syscall.EINVAL,
			System:  system,
		}
	}
	texts := slices.Concat([]string{hook.Path}, hook.Args, hook.Env)
	if slices.ContainsFunc(texts, func(text string) bool { return !utf8.ValidString(text) }) {
		return native.Invalid("path, args and env of a hook must be UTF-8")
	}
	return nil
}

// isSame says whether both are one writer.
func isSame(stdout, stderr io.Writer) bool {
	if stdout == nil || stderr == nil || reflect.TypeOf(stdout) != reflect.TypeOf(stderr) {
		return false
	}
	return reflect.ValueOf(stdout).Comparable() && stdout == stderr
}

// descriptor is that of a file; one that is closed is none.
func descriptor(file *os.File) int {
	if fd := file.Fd(); fd <= math.MaxInt32 {
		return int(fd)
	}
	return -1
}

// Package exec runs hooks like go.podman.io/common/pkg/hooks/exec. It has the same exported API,
// and its errors have more details: errors.As finds a *libhooks.Error whose Result has the exit
// status, the signal, and the end of the hook's output.
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

// DefaultPostKillTimeout is the usual time to wait for a killed hook to end.
const DefaultPostKillTimeout = time.Duration(10) * time.Second

// tailLimit is the number of bytes of each stream that are kept for the result.
const tailLimit = 64 << 10

// RunOptions are the options of RunWithOptions.
type RunOptions struct {
	// Hook is the hook to run. Its Timeout is in whole seconds. With 0 or less it is killed at
	// once.
	Hook *rspec.Hook
	// Dir is the hook's working directory, and its path is relative to it. "" means the caller's
	// working directory.
	Dir string
	// State is the hook's stdin. It is not an error if the hook does not read it.
	State []byte
	// Stdout and Stderr receive the hook's output as it is written; nil discards it. An *os.File
	// becomes the hook's own file descriptor. Any other Writer is called in a separate goroutine,
	// one call at a time. If Stdout and Stderr are the same Writer, it receives the output in the
	// order in which the hook wrote it. If a Writer fails, the hook continues, but its later output
	// is lost.
	Stdout io.Writer
	Stderr io.Writer
	// PostKillTimeout is the time to wait for a killed hook to end; 0 or less means not to wait.
	PostKillTimeout time.Duration
}

// nativeGroup returns the library's number for the process group that is set in ctx.
func nativeGroup(ctx context.Context) (native.ProcessGroup, error) {
	switch group := libhooks.ProcessGroupOf(ctx); group {
	case libhooks.ProcessGroupCaller:
		return native.ProcessGroupCaller, nil
	case libhooks.ProcessGroupOwn:
		return native.ProcessGroupOwn, nil
	case libhooks.ProcessGroupAuto:
		return native.ProcessGroupAuto, nil
	default:
		return 0, native.Invalid(fmt.Sprintf("process group %d is unknown", int(group)))
	}
}

// Run calls RunWithOptions without a directory.
//
// Deprecated: use RunWithOptions, which has named options.
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

// RunWithOptions runs a hook and waits until it ends. If its timeout expires or ctx is done, it is
// killed with those of its descendants that are found. It runs in the caller's process group unless
// libhooks.WithProcessGroup sets another. RunWithOptions does not wait for other processes that are
// still running when the hook itself ends.
//
// hookErr is the error of the hook: it could not be started, its exit status was not 0, a signal
// killed it, or it still exists after PostKillTimeout. err is the same error, except that it is
// context.DeadlineExceeded or ctx.Err() if RunWithOptions killed the hook. An error of a Writer is
// returned as both errors.
func RunWithOptions(ctx context.Context, options RunOptions) (hookErr, err error) {
	_, hookErr, err = runWithResult(ctx, options)
	return hookErr, err
}

// runWithResult also returns the result of the hook; nil if it was not started.
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
			// The hook is cancelled now, and not when another goroutine is scheduled.
			writer.Close()
		}
		defer context.AfterFunc(ctx, func() { writer.Close() })()
		run.Cancel = int(reader.Fd())
	}
	// The library enforces the hook's own timeout, but a blocked writer must also end at it.
	limited, cancel := limitedBy(ctx, hook.Timeout)
	defer cancel()
	// From here on, nothing may fail before feed.end is called.
	var feed *feed
	if writers != [2]io.Writer{} {
		feed = newFeed(limited, writers)
		run.Write = feed.send
	}
	ran, err := run.Do()
	// The library has only the file descriptors of the files in options.
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

// errorsOf returns the two errors of a run.
func errorsOf(
	ctx context.Context,
	ran *native.Ran,
	fed fed,
	postKillTimeout time.Duration,
) (hookErr, err error) {
	result := ran.Result
	failure := &libhooks.Error{
		Kind:        "hook-failed",
		Code:        "hook-failed",
		Result:      result,
		Diagnostics: result.Diagnostics,
	}
	switch {
	case fed.blocked || ran.HookErr != nil && strings.HasPrefix(*ran.HookErr, "failed to reap "):
		// The message needs the caller's own duration, since the library rounds to milliseconds.
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

// limitedBy returns a context that is also done after this number of seconds. There is no limit if
// it exceeds the range of time.Duration.
func limitedBy(ctx context.Context, seconds *int) (context.Context, context.CancelFunc) {
	if seconds == nil || int64(*seconds) > math.MaxInt64/int64(time.Second) {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(max(*seconds, 0))*time.Second)
}

// check rejects values that cannot be passed to C.
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
	all := slices.Concat([]string{hook.Path}, hook.Args, hook.Env)
	if slices.ContainsFunc(all, func(one string) bool { return !utf8.ValidString(one) }) {
		return native.Invalid("path, args and env of the hook must be UTF-8")
	}
	return nil
}

// isSame reports whether both are the same writer.
func isSame(stdout, stderr io.Writer) bool {
	if stdout == nil || stderr == nil || reflect.TypeOf(stdout) != reflect.TypeOf(stderr) {
		return false
	}
	return reflect.ValueOf(stdout).Comparable() && stdout == stderr
}

// descriptor returns the file descriptor of a file; -1 if the file is closed.
func descriptor(file *os.File) int {
	if fd := file.Fd(); fd <= math.MaxInt32 {
		return int(fd)
	}
	return -1
}

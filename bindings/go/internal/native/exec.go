package native

/*
#include <stdint.h>
#include <stdlib.h>
#include "library.h"

extern int libhooks_go_output (uintptr_t, int, void *, size_t);

static int
on_output (void *handle, int stream, const uint8_t *data, size_t length)
{
  return libhooks_go_output ((uintptr_t) handle, stream, (void *) data, length);
}

static void
set_output (hooks_exec_options_t *options, uintptr_t handle)
{
  hooks_exec_options_set_output_fn (options, on_output, (void *) handle);
}
*/
import "C"

import (
	"encoding/json"
	"math"
	"runtime/cgo"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"libhooks"
)

// Run describes a run of a hook.
type Run struct {
	// Hook is an entry of config.hooks as JSON.
	Hook string
	// Directory is the hook's working directory; "" means that of the caller.
	Directory string
	State     []byte
	// PostKillTimeout has nanoseconds, while C uses milliseconds.
	PostKillTimeout time.Duration
	// TailLimit is the number of bytes to keep of each stream.
	TailLimit int
	// Descriptors become the hook's stdout and stderr unless they are -1.
	Descriptors [2]int
	// MergeStderr sends stderr to the same place as stdout.
	MergeStderr bool
	// Write receives the hook's output; it may be nil. It must not keep the data, block, or panic.
	// If it returns false, it is not called again and the run fails.
	Write func(stderr bool, data []byte) bool
	// Cancel is a file descriptor, or -1. The hook is killed when it becomes readable.
	Cancel int
	// ProcessGroup is the process group in which the hook runs.
	ProcessGroup ProcessGroup
}

// ProcessGroup is the library's number for a process group.
type ProcessGroup int

const (
	ProcessGroupAuto   ProcessGroup = C.HOOKS_GROUP_AUTO
	ProcessGroupOwn    ProcessGroup = C.HOOKS_GROUP_OWN
	ProcessGroupCaller ProcessGroup = C.HOOKS_GROUP_CALLER
)

// Ran is the result of a hook, with the two errors of RunWithOptions; they are nil on success.
type Ran struct {
	Result          *libhooks.Result
	HookErr, RunErr *string
}

// Do calls hooks_exec_run.
func (r *Run) Do() (*Ran, error) {
	options := C.hooks_exec_options_new()
	defer C.hooks_exec_options_free(options)
	if r.Directory != "" {
		directory := C.CString(r.Directory)
		defer C.free(unsafe.Pointer(directory))
		C.hooks_exec_options_set_dir(options, directory)
	}
	C.hooks_exec_options_set_post_kill_timeout_ms(
		options,
		C.int64_t(milliseconds(r.PostKillTimeout)),
	)
	C.hooks_exec_options_set_capture_limit(options, C.size_t(r.TailLimit))
	C.hooks_exec_options_set_output_fds(options, C.int(r.Descriptors[0]), C.int(r.Descriptors[1]))
	C.hooks_exec_options_set_merge_stderr(options, cBool(r.MergeStderr))
	C.hooks_exec_options_set_cancel_fd(options, C.int(r.Cancel))
	C.hooks_exec_options_set_process_group(options, C.int(r.ProcessGroup))
	if r.Write != nil {
		handle := cgo.NewHandle(r)
		defer handle.Delete()
		C.set_output(options, C.uintptr_t(handle))
	}

	hook := C.CString(r.Hook)
	defer C.free(unsafe.Pointer(hook))
	state := notNil(r.State)
	var result *C.hooks_exec_result_t
	var failure *C.hooks_error_t
	C.hooks_exec_run(
		hook,
		unsafe.Pointer(&state[0]),
		C.size_t(len(r.State)),
		options,
		&result,
		&failure,
	)
	defer C.hooks_exec_result_free(result)
	if err := take(failure); err != nil {
		return nil, err
	}
	ran, err := parseResult([]byte(C.GoString(C.hooks_exec_result_json(result))))
	if err != nil {
		return nil, err
	}
	// In the JSON the output is a string, which cannot hold all bytes.
	var length C.size_t
	bytes := C.hooks_exec_result_stdout(result, &length)
	ran.Result.Stdout.Bytes = C.GoBytes(unsafe.Pointer(bytes), C.int(length))
	bytes = C.hooks_exec_result_stderr(result, &length)
	ran.Result.Stderr.Bytes = C.GoBytes(unsafe.Pointer(bytes), C.int(length))
	return ran, nil
}

// milliseconds rounds up, so that a positive duration does not become 0.
func milliseconds(duration time.Duration) int64 {
	const most = math.MaxInt64 / int64(time.Millisecond)
	if duration <= 0 {
		return 0
	}
	whole := int64(duration / time.Millisecond)
	if duration%time.Millisecond > 0 {
		whole++
	}
	return min(whole, most)
}

//
//export libhooks_go_output
func libhooks_go_output(
	handle C.uintptr_t,
	stream C.int,
	data unsafe.Pointer,
	length C.size_t,
) C.int {
	run := cgo.Handle(handle).Value().(*Run)
	return 1 - cBool(
		run.Write(stream == C.HOOKS_STREAM_STDERR, unsafe.Slice((*byte)(data), int(length))),
	)
}

// parseResult converts the JSON of hooks_exec_result_json. The bytes of the tails are not part of
// it.
func parseResult(text []byte) (*Ran, error) {
	type tail struct{ Total uint64 }
	var data struct {
		Path                string
		Argv                []string
		ExitStatus          *int
		Signal              syscall.Signal
		TimedOut, Cancelled bool
		Killed              *libhooks.Killed
		DurationUs          int64
		Stdout, Stderr      tail
		HookError, Error    *string
		Diagnostics         []diagnosticJSON
	}
	if err := json.Unmarshal(text, &data); err != nil {
		return nil, &libhooks.Error{
			Kind:    "panic",
			Code:    "panic",
			Message: "the library returned a result that is not JSON: " + err.Error(),
		}
	}
	result := &libhooks.Result{
		Path:       data.Path,
		Argv:       data.Argv,
		ExitStatus: -1,
		Signal:     data.Signal,
		TimedOut:   data.TimedOut,
		Cancelled:  data.Cancelled,
		Killed:     data.Killed,
		Duration:   time.Duration(data.DurationUs) * time.Microsecond,
		Stdout:     libhooks.Tail{Total: data.Stdout.Total},
		Stderr:     libhooks.Tail{Total: data.Stderr.Total},

		Diagnostics: each(data.Diagnostics, diagnosticJSON.diagnostic),
	}
	if data.ExitStatus != nil {
		result.ExitStatus = *data.ExitStatus
	}
	return &Ran{Result: result, HookErr: data.HookError, RunErr: data.Error}, nil
}

// IsCString reports whether text can be a C string: it contains no NUL.
func IsCString(text string) bool {
	return strings.IndexByte(text, 0) < 0
}

package native

// #include <stddef.h>
// #include <stdint.h>
// #include <stdlib.h>
// #include "library.h"
import "C"

import (
	"runtime/cgo"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/sirupsen/logrus"
)

// Level is the severity of a log line.
type Level int

// The levels of the library that Go uses.
const (
	LogError   Level = C.HOOKS_LOG_ERROR
	LogWarning Level = C.HOOKS_LOG_WARNING
	LogDebug   Level = C.HOOKS_LOG_DEBUG
)

// Reading is the result of a reader for a hook file.
type Reading int

// The results of a reader; see hooks_reader_fn in hooks.h.
const (
	ReadDefault      Reading = C.HOOKS_READER_DEFAULT
	ReadHook         Reading = C.HOOKS_READER_HOOK
	ReadFailed       Reading = C.HOOKS_READER_FAILED
	ReadUnrecognized Reading = C.HOOKS_READER_UNRECOGNIZED
)

// Callbacks are the functions that the library calls while it loads hooks.
type Callbacks struct {
	// Log receives log lines, with their fields as a JSON object. Lines less severe than LogLevel
	// are not created.
	Log      func(level Level, message string, fields []byte)
	LogLevel Level
	// Read reads a hook file. The string is the JSON of the hook, or the error message.
	Read func(version string, content []byte) (Reading, string)
	// Asks is called before each load. It reports whether Read is needed. Read is not needed if it
	// would only return ReadDefault and ReadUnrecognized for the same versions as the library.
	Asks func() bool

	panicked atomic.Pointer[any]
}

// guard stops a panic of a callback before it would unwind the library's frames. (It cannot stop
// runtime.Goexit.) It logs the stack here, since the trace of the repeated panic starts after the
// library has returned.
func (c *Callbacks) guard() {
	if value := recover(); value != nil {
		c.panicked.CompareAndSwap(nil, &value)
		// The log itself may panic.
		defer func() { _ = recover() }()
		logrus.Errorf("panic in a function that libhooks called: %v\n%s", value, debug.Stack())
	}
}

// rethrow repeats the panic once the library has returned.
func (c *Callbacks) rethrow() {
	if value := c.panicked.Swap(nil); value != nil {
		panic(*value)
	}
}

//export libhooks_go_log
func libhooks_go_log(handle C.uintptr_t, level C.int, message *C.char, fields *C.char) {
	callbacks := cgo.Handle(handle).Value().(*Callbacks)
	defer callbacks.guard()
	callbacks.Log(Level(level), C.GoString(message), []byte(C.GoString(fields)))
}

//
//export libhooks_go_read
func libhooks_go_read(
	handle C.uintptr_t,
	version *C.char,
	content unsafe.Pointer,
	length C.size_t,
	answer **C.char,
) (reading C.int) {
	callbacks := cgo.Handle(handle).Value().(*Callbacks)
	// The result if the reader panics. Nobody sees it, since rethrow repeats the panic.
	reading = C.int(ReadFailed)
	defer callbacks.guard()
	result, text := callbacks.Read(C.GoString(version), unsafe.Slice((*byte)(content), int(length)))
	if result == ReadHook || result == ReadFailed {
		// In C a NUL would end the string. JSON contains no NUL.
		copied := C.CString(strings.ReplaceAll(text, "\x00", `\0`))
		defer C.free(unsafe.Pointer(copied))
		// The header guarantees that *answer is NULL before this: see newStringList.
		*answer = C.hooks_string_new(copied)
	}
	return C.int(result)
}

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

// Level is how urgent a log line is.
type Level int

// The levels of the library that are asked for.
const (
	LogError   Level = C.HOOKS_LOG_ERROR
	LogWarning Level = C.HOOKS_LOG_WARNING
	LogDebug   Level = C.HOOKS_LOG_DEBUG
)

// Reading is what a reader makes of a hook file.
type Reading int

// What a reader can answer; see hooks_reader_fn in hooks.h.
const (
	ReadDefault      Reading = C.HOOKS_READER_DEFAULT
	ReadHook         Reading = C.HOOKS_READER_HOOK
	ReadFailed       Reading = C.HOOKS_READER_FAILED
	ReadUnrecognized Reading = C.HOOKS_READER_UNRECOGNIZED
)

// Callbacks are what the library calls while it loads hooks.
type Callbacks struct {
	// Log receives log lines, with their fields as a JSON object; those that are less urgent than
	// LogLevel are not made.
	Log      func(level Level, message string, fields []byte)
	LogLevel Level
	// Read reads a hook file: its answer goes with the JSON of the hook, or the text of the error.
	Read func(version string, content []byte) (Reading, string)
	// Asks says, before each load, whether Read has anything to say but ReadDefault and
	// ReadUnrecognized, as the library would.
	Asks func() bool

	panicked atomic.Pointer[any]
}

// guard keeps a panic of the caller's functions from crossing the library's frames, which it would
// tear away. (Goexit cannot be kept from it.) Where the panic comes from is said here, since its
// trace ends behind the library.
func (c *Callbacks) guard() {
	if value := recover(); value != nil {
		c.panicked.CompareAndSwap(nil, &value)
		// It may be the log that panics.
		defer func() { _ = recover() }()
		logrus.Errorf("panic in a function that libhooks called: %v\n%s", value, debug.Stack())
	}
}

// rethrow goes on with a panic on the other side of the library.
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
	// What is answered if the reader panics; nobody sees it, since the panic goes on behind the
	// library.
	reading = C.int(ReadFailed)
	defer callbacks.guard()
	result, text := callbacks.Read(C.GoString(version), unsafe.Slice((*byte)(content), int(length)))
	if result == ReadHook || result == ReadFailed {
		// C would end the text at a NUL; in JSON there is none.
		copied := C.CString(strings.ReplaceAll(text, "\x00", `\0`))
		defer C.free(unsafe.Pointer(copied))
		// It is NULL before, as the header has it: see newStringList.
		*answer = C.hooks_string_new(copied)
	}
	return C.int(result)
}

package native

import (
	"encoding/binary"
	"runtime"
	"testing"
	"unsafe"
)

type object struct{ pointers [12]*object }

// escaped is on the heap.
var escaped *object

// While Go collects, it marks what a pointer named before it was overwritten. In memory of malloc's
// that may be anything: here it is objects that are no more, of which the collector must not hear.
func TestStringListsShowTheCollectorNoGarbage(t *testing.T) {
	const count = 100
	var garbage []byte
	for range count {
		escaped = new(object)
		garbage = binary.NativeEndian.AppendUint64(
			garbage,
			uint64(uintptr(unsafe.Pointer(escaped))),
		)
	}
	escaped = nil
	runtime.GC()
	// With its NUL as long as the list, so that malloc has it for the list as soon as it is free.
	before := []string{string(garbage[:len(garbage)-1])}

	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 200 {
			runtime.GC()
		}
	}()
	for texts := make([]string, count); ; {
		newStringList(before).free()
		newStringList(texts).free()
		select {
		case <-done:
			return
		default:
		}
	}
}

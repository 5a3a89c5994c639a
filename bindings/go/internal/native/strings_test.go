package native

import (
	"encoding/binary"
	"runtime"
	"testing"
	"unsafe"
)

type object struct{ pointers [12]*object }

// escaped forces its object onto the heap.
var escaped *object

// During a collection, Go marks the object that an overwritten pointer referred to. Memory from
// malloc may contain any values. Here it contains the addresses of objects that have been freed,
// which the collector must not see.
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
	// With its NUL it is as long as the list, so that malloc reuses its memory for the list.
	before := []string{string(garbage[:len(garbage)-1])}

	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 200 {
			runtime.GC()
		}
	}()
	for list := make([]string, count); ; {
		newStringList(before).free()
		newStringList(list).free()
		select {
		case <-done:
			return
		default:
		}
	}
}

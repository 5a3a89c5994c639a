package native

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"weak"

	"libhooks"
)

// A handle that is not deleted keeps its value alive. Only the memory would show this.
func TestCallbacksAreReleased(t *testing.T) {
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "bad.json"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	read := func(string, []byte) (Reading, string) { return ReadDefault, "" }
	for name, call := range map[string]func(*Callbacks) error{
		"ReadFile": func(c *Callbacks) error {
			_, err := ReadFile(nil, filepath.Join(directory, "bad.json"), nil, c)
			return err
		},
		"ReadDir": func(c *Callbacks) error {
			_, err := ReadDir(nil, directory, nil, c)
			return err
		},
		"New": func(c *Callbacks) error {
			_, err := NewManager(nil, []string{directory}, nil, c)
			return err
		},
		"Manager": func(c *Callbacks) error {
			manager, err := NewManager(nil, nil, nil, c)
			if err != nil {
				t.Error(err)
			}
			return manager.Reload()
		},
	} {
		callbacks := &Callbacks{Read: read}
		pointer := weak.Make(callbacks)
		if err := call(callbacks); (err == nil) != (name == "Manager") {
			t.Errorf("%s: %v", name, err)
		}
		callbacks = nil
		// A cleanup runs some time after a collection. The values that it releases are garbage in
		// the next collection.
		for range 1000 {
			runtime.GC()
			if pointer.Value() == nil {
				break
			}
		}
		if pointer.Value() != nil {
			t.Errorf("%s: the callbacks are still held", name)
		}
	}
}

// A snapshot must not share an allocation with small values that become garbage at other times.
func TestSnapshotsAreReleased(t *testing.T) {
	manager, err := NewManager(nil, nil, nil, &Callbacks{})
	if err != nil {
		t.Fatal(err)
	}
	const count = 100
	var freed atomic.Int32
	var neighbours []*int
	for range count {
		runtime.AddCleanup(manager.Snapshot(), func(int) { freed.Add(1) }, 0)
		neighbours = append(neighbours, new(int))
	}
	for range 1000 {
		runtime.GC()
		if freed.Load() == count {
			break
		}
	}
	if freed.Load() != count {
		t.Errorf("%d snapshots are still held", count-freed.Load())
	}
	runtime.KeepAlive(neighbours)
}

// Cancel may be called at any time, even after Close.
func TestMonitorIsCancelledAtAnyTime(t *testing.T) {
	manager, err := NewManager(nil, []string{t.TempDir()}, nil, &Callbacks{})
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		monitor, err := manager.Monitor()
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for range 4 {
			group.Add(1)
			go func() {
				defer group.Done()
				monitor.Cancel()
			}()
		}
		for err == nil {
			err = monitor.Wait()
		}
		var failure *libhooks.Error
		if !errors.As(err, &failure) || failure.Code != "cancelled" {
			t.Error(err)
		}
		monitor.Close()
		group.Wait()
		monitor.Cancel()
		monitor.Close()
	}
}

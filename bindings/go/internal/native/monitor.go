package native

/*
#include <errno.h>
#include <poll.h>
#include "library.h"

#cgo noescape hooks_monitor_cancel
#cgo nocallback hooks_monitor_cancel

// Go signals its threads.
static void
wait_readable (int fd)
{
  struct pollfd waited = { .fd = fd, .events = POLLIN };

  while (poll (&waited, 1, -1) < 0 && errno == EINTR)
    ;
}
*/
import "C"

import (
	"runtime"
	"sync"
)

// Monitor is a hooks_monitor_t. It is freed by Close.
type Monitor struct {
	// The library calls back what the manager has.
	manager    *Manager
	descriptor C.int
	// Held while the pointer is used that Close frees; Wait is over by then.
	closing sync.Mutex
	pointer *C.hooks_monitor_t
}

// Monitor is hooks_monitor_new.
func (m *Manager) Monitor() (*Monitor, error) {
	defer runtime.KeepAlive(m)
	m.reloading.Lock()
	defer m.reloading.Unlock()
	monitor := &Monitor{manager: m}
	var failure *C.hooks_error_t
	if C.hooks_monitor_new(m.pointer, &monitor.pointer, &failure) != C.HOOKS_STATUS_OK {
		err := take(failure)
		m.callbacks.rethrow()
		return nil, err
	}
	// What the library has to say of the watches is logged by a function that may panic.
	if m.callbacks.panicked.Load() != nil {
		monitor.Close()
	}
	m.callbacks.rethrow()
	monitor.descriptor = C.hooks_monitor_fd(monitor.pointer)
	return monitor, nil
}

// Wait waits until there is something to do, and does it: hooks_monitor_dispatch. One goroutine may
// be in it.
func (m *Monitor) Wait() error {
	// Nobody else is to wait for files that do not change: hooks_monitor_wait would be within the
	// lock.
	C.wait_readable(m.descriptor)
	m.manager.reloading.Lock()
	defer m.manager.reloading.Unlock()
	m.manager.callbacks.load()
	var failure *C.hooks_error_t
	C.hooks_monitor_dispatch(m.pointer, nil, &failure)
	err := take(failure)
	m.manager.callbacks.rethrow()
	return err
}

// Cancel is hooks_monitor_cancel: Wait fails from now on. It may be called at any time, from any
// goroutine.
func (m *Monitor) Cancel() {
	m.closing.Lock()
	defer m.closing.Unlock()
	if m.pointer != nil {
		C.hooks_monitor_cancel(m.pointer)
	}
}

// Close is hooks_monitor_free. No goroutine may be in Wait.
func (m *Monitor) Close() {
	m.closing.Lock()
	defer m.closing.Unlock()
	C.hooks_monitor_free(m.pointer)
	m.pointer = nil
}

package native

/*
#include <errno.h>
#include <poll.h>
#include "library.h"

#cgo noescape hooks_monitor_cancel
#cgo nocallback hooks_monitor_cancel

// The loop is needed since Go sends signals to its own threads.
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
	// The library calls the manager's callbacks.
	manager    *Manager
	descriptor C.int
	// closing protects pointer, which Close frees, against Cancel. Wait has returned by then.
	closing sync.Mutex
	pointer *C.hooks_monitor_t
}

// Monitor calls hooks_monitor_new.
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
	// The log callback, which receives problems with the watches, may have panicked.
	if m.callbacks.panicked.Load() != nil {
		monitor.Close()
	}
	m.callbacks.rethrow()
	monitor.descriptor = C.hooks_monitor_fd(monitor.pointer)
	return monitor, nil
}

// Wait waits for an event and handles it with hooks_monitor_dispatch. Only one goroutine may call
// it at a time.
func (m *Monitor) Wait() error {
	// This waits without the lock, so that idle monitors do not block reloads. hooks_monitor_wait
	// would have to be called with the lock held.
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

// Cancel calls hooks_monitor_cancel; then Wait fails. Any goroutine may call it at any time.
func (m *Monitor) Cancel() {
	m.closing.Lock()
	defer m.closing.Unlock()
	if m.pointer != nil {
		C.hooks_monitor_cancel(m.pointer)
	}
}

// Close calls hooks_monitor_free. No goroutine may be in Wait.
func (m *Monitor) Close() {
	m.closing.Lock()
	defer m.closing.Unlock()
	C.hooks_monitor_free(m.pointer)
	m.pointer = nil
}

package hooks

import (
	"context"
	"maps"

	"github.com/sirupsen/logrus"

	"libhooks/internal/native"
)

// Monitor reloads the hooks when their files change, until ctx is done. It blocks, so it is run in
// a goroutine of its own. It sends twice on sync: nil once it watches, and ctx.Err() when it ends;
// then it closes sync. If it cannot watch, it sends the error instead, and nothing else. A manager
// may have several.
//
// A directory that does not exist is waited for. What is written from New on is seen. Where the
// system refuses to tell of changes, that is logged as a warning, and the files are looked at every
// second.
func (m *Manager) Monitor(ctx context.Context, sync chan<- error) {
	var err error
	if m == nil || m.native == nil {
		// There is nothing to watch.
		sync <- nil
		<-ctx.Done()
		err = ctx.Err()
	} else {
		monitor, refused := m.native.Monitor()
		if refused != nil {
			sync <- refused
			return
		}
		for _, directory := range m.directories {
			logrus.Debugf("monitoring %q for hooks", directory)
		}
		sync <- nil
		// It is freed before its end is told.
		err = m.serve(ctx, monitor)
	}
	logrus.Debugf("hook monitoring canceled: %v", err)
	sync <- err
	close(sync)
}

// serve reloads when monitor says so, and frees it.
func (m *Manager) serve(ctx context.Context, monitor *native.Monitor) error {
	defer monitor.Close()
	defer context.AfterFunc(ctx, monitor.Cancel)()
	before := readers()
	for {
		err := monitor.Wait()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			logrus.Errorf("Failed loading hooks: %v", err)
			return err
		}
		// The library reads what was touched. Another reader may read any file otherwise.
		now := readers()
		if changed := !maps.Equal(before, now); (changed || asks()) &&
			m.native.Snapshot().Generation() > m.current.Load().number {
			if err := m.native.Reload(); err != nil {
				logrus.Errorf("Failed loading hooks: %v", err)
			}
			before = now
		}
		m.adopt()
	}
}

// adopt makes Hooks see what was loaded, by whoever it was: who reloaded may have panicked before
// it came to this.
func (m *Manager) adopt() {
	snapshot := m.native.Snapshot()
	for {
		now := m.current.Load()
		// Another reload may have been faster.
		if now.number >= snapshot.Generation() ||
			m.current.CompareAndSwap(now, newGeneration(snapshot, now)) {
			return
		}
	}
}

package hooks

import (
	"context"
	"maps"

	"github.com/sirupsen/logrus"

	"libhooks/internal/native"
)

// Monitor reloads the hooks when their files change, until ctx is done. It blocks, so run it in its
// own goroutine. It sends nil on sync once it watches the directories, and ctx.Err() when it ends;
// then it closes sync. If it cannot start watching, it only sends the error. A manager may have
// several monitors.
//
// Monitor also waits for directories that do not exist yet. It detects all changes since New. If
// inotify does not work, it logs a warning and checks the files every second instead.
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
		// serve frees the monitor before the last send on sync.
		err = m.serve(ctx, monitor)
	}
	logrus.Debugf("hook monitoring canceled: %v", err)
	sync <- err
	close(sync)
}

// serve reloads the hooks when monitor reports a change. It frees monitor when it returns.
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
		// The library reads only files that have changed. A new reader may read any file
		// differently.
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

// adopt makes the loaded hooks visible to Hooks, even if another goroutine reloaded them: that one
// may have panicked before its own call of adopt.
func (m *Manager) adopt() {
	snapshot := m.native.Snapshot()
	for {
		now := m.current.Load()
		// Another reload may have stored a newer generation.
		if now.number >= snapshot.Generation() ||
			m.current.CompareAndSwap(now, newGeneration(snapshot, now)) {
			return
		}
	}
}

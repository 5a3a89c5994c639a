package hooks

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"
)

// interval is how often the directories are read again.
const interval = time.Second

// Monitor reloads the hooks when their files change, until ctx is done. It blocks, so it is run in a goroutine of its own. It
// sends twice on sync: nil once it watches, and ctx.Err() when it ends; then it closes sync.
//
// For now it reads the directories every second. A directory that does not exist is waited for.
func (m *Manager) Monitor(ctx context.Context, sync chan<- error) {
	if m != nil {
		for _, directory := range m.directories {
			logrus.Debugf("monitoring %q for hooks", directory)
		}
	}
	sync <- nil
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			m.reload()
		case <-ctx.Done():
			err := ctx.Err()
			logrus.Debugf("hook monitoring canceled: %v", err)
			sync <- err
			close(sync)
			return
		}
	}
}

// reload reads the directories again. It is done when Hooks sees what is there.
func (m *Manager) reload() {
	if m == nil || m.native == nil {
		return
	}
	if err := m.native.Reload(); err != nil {
		logrus.Errorf("Failed loading hooks: %v", err)
		return
	}
	next := newGeneration(m.native.Snapshot())
	for {
		now := m.current.Load()
		// Another reload may have been faster.
		if now.number >= next.number || m.current.CompareAndSwap(now, next) {
			return
		}
	}
}

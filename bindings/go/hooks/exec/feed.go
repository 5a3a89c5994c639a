package exec

import (
	"bytes"
	"context"
	"io"
	"time"
)

// feed hands what a hook writes to the caller's writers, in a goroutine of its own: one that blocks
// must not keep the hook from being killed in time.
type feed struct {
	ctx     context.Context
	writers [2]io.Writer
	chunks  chan chunk
	ended   chan struct{}
	// err is the first error of a writer; it is there once ended is closed.
	err error
	// late says that something was lost since the context was done.
	late bool
}

// chunk is what was written to a stream.
type chunk struct {
	stderr bool
	data   []byte
}

// fed is what became of the writers: the error of one, whether one blocks still, and whether they
// were too slow for the context.
type fed struct {
	err           error
	blocked, late bool
}

func newFeed(ctx context.Context, writers [2]io.Writer) *feed {
	f := &feed{ctx: ctx, writers: writers, chunks: make(chan chunk), ended: make(chan struct{})}
	go f.write()
	return f
}

func (f *feed) write() {
	defer close(f.ended)
	for chunk := range f.chunks {
		writer := f.writers[0]
		if chunk.stderr {
			writer = f.writers[1]
		}
		if writer == nil {
			continue
		}
		count, err := writer.Write(chunk.data)
		if err == nil && count < len(chunk.data) {
			err = io.ErrShortWrite
		}
		if f.err = err; err != nil {
			return
		}
	}
}

// send hands over, and says whether there is a point in more. It waits for the writers as long as
// the hook has time.
func (f *feed) send(stderr bool, data []byte) bool {
	select {
	case f.chunks <- chunk{stderr, bytes.Clone(data)}:
		return true
	case <-f.ended:
		return false
	case <-f.ctx.Done():
		f.late = true
		return true
	}
}

// end waits until all is written: as long as the hook has time, and then, or if it was killed, as
// long as it has to be reaped.
func (f *feed) end(killed bool, postKillTimeout time.Duration) fed {
	close(f.chunks)
	if !killed {
		select {
		case <-f.ended:
			return fed{err: f.err, late: f.late}
		case <-f.ctx.Done():
		}
	}
	timer := time.NewTimer(postKillTimeout)
	defer timer.Stop()
	select {
	case <-f.ended:
	case <-timer.C:
	}
	select {
	case <-f.ended:
		return fed{err: f.err, late: true}
	default:
		return fed{blocked: true, late: true}
	}
}

package exec

import (
	"bytes"
	"context"
	"io"
	"time"
)

// feed passes a hook's output to the caller's writers in a separate goroutine: a writer that blocks
// must not delay the killing of the hook.
type feed struct {
	ctx     context.Context
	writers [2]io.Writer
	chunks  chan chunk
	ended   chan struct{}
	// err is the first error of a writer. It may be read once ended is closed.
	err error
	// late means that output was lost after the context was done.
	late bool
}

// chunk is a part of the output to one stream.
type chunk struct {
	stderr bool
	data   []byte
}

// fed is the result of a feed: the error of a writer, whether a writer still blocks, and whether
// the writers were slower than the context allows.
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

// send passes data to the writers, and reports whether to send more. It waits for the writers until
// the hook's time is over.
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

// end waits until everything is written. It waits until the hook's time is over, and then for
// postKillTimeout. If the hook was killed, it only waits for postKillTimeout.
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

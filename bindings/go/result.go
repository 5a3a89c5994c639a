package libhooks

import (
	"syscall"
	"time"
)

// Result is what became of a hook that was run, as far as libhooks could tell.
type Result struct {
	// Path is the hook's executable, Argv its command line.
	Path string
	Argv []string
	// Index is which hook of a filter it was, from 0.
	Index int
	// ExitStatus is what it exited with; -1: it was killed, or nobody knows.
	ExitStatus int
	// Signal is what killed it; 0: nothing did, or nobody knows.
	Signal syscall.Signal
	// TimedOut says that it was killed because its own timeout was over, Cancelled that it was
	// because the context was done.
	TimedOut, Cancelled bool
	// Killed says which processes were killed then; nil: none was, or the process had already
	// reaped the hook itself.
	Killed *Killed
	// Duration is the time from before its start to after its end.
	Duration time.Duration
	// Stdout and Stderr are the ends of what it wrote, also where nobody else wanted to have it;
	// but not of what went to an *os.File, nor of the output of a filter's hook, which is the
	// config.
	Stdout, Stderr Tail
}

// Killed says which processes were killed at a hook's timeout, or when its context was done.
type Killed struct {
	// Scope is "group": the hook and its process group, which was its own; "descendants": the hook
	// and those of its descendants that were found; or "hook": only the hook, since there is no
	// /proc.
	Scope string
	// Count is the number of descendants, where Scope is "descendants".
	Count int
}

// Tail is the end of what a hook wrote to a stream.
type Tail struct {
	// Bytes are the last bytes, 64 KiB at most.
	Bytes []byte
	// Total is how many bytes there were.
	Total uint64
}

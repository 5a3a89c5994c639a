package libhooks

import (
	"syscall"
	"time"
)

// Result is the result of a hook that was run, as far as it is known.
type Result struct {
	// Path is the hook's executable, Argv its command line.
	Path string
	Argv []string
	// Index is the index of the hook in a filter, from 0.
	Index int
	// ExitStatus is the exit status; -1 if the hook was killed or its status is unknown.
	ExitStatus int
	// Signal is the signal that killed the hook; 0 if no signal killed it or it is unknown.
	Signal syscall.Signal
	// TimedOut means that the hook was killed because its own timeout expired. Cancelled means that
	// it was killed because the context was done.
	TimedOut, Cancelled bool
	// Killed says which processes were killed in these cases. It is nil if no process was killed,
	// or if the process had already reaped the hook itself.
	Killed *Killed
	// Duration is the time from before the start of the hook to after its end.
	Duration time.Duration
	// Stdout and Stderr are the last bytes of the hook's output, even if no writer received it.
	// They do not contain output that went to an *os.File, nor the stdout of a filter's hook, which
	// is the config.
	Stdout, Stderr Tail
	// Diagnostics say why the hook's program did not run although its process was started, such as
	// "missing-library". It is empty for a program that ran.
	Diagnostics []Diagnostic
}

// Killed says which processes were killed at a hook's timeout, or when its context was done.
type Killed struct {
	// Scope is "group": the hook and its own process group; "descendants": the hook and those of
	// its descendants that were found; or "hook": only the hook, since /proc is missing.
	Scope string
	// Count is the number of descendants killed if Scope is "descendants".
	Count int
}

// Tail is the last part of a hook's output to a stream.
type Tail struct {
	// Bytes are the last bytes, at most 64 KiB.
	Bytes []byte
	// Total is the number of bytes that the hook wrote.
	Total uint64
}

// Package libhooks defines the types that the packages libhooks/hooks and libhooks/hooks/exec add
// to Podman's Go packages: errors, diagnostics, verdicts and lists as data. New fields may be added
// to each type.
//
// Package libhooks/hooks has the same exported API as go.podman.io/common/pkg/hooks, and three
// additional methods and functions. All packages call libhooks.so; nothing is implemented a second
// time in Go.
package libhooks

import (
	"io/fs"
	"syscall"
)

// Error is the error that every function of the packages libhooks/hooks and libhooks/hooks/exec
// returns, except hooks.ErrNoJSONSuffix. Use errors.As to get it. It is immutable, so several
// goroutines may use it at once.
//
// If the system reported the error, errors.Is matches the errors of packages syscall and io/fs
// (fs.ErrNotExist, fs.ErrPermission, syscall.ELOOP), and errors.As finds a *fs.PathError.
type Error struct {
	// Kind is the class of the error, for programs, such as "io", "hook-file", "match", "stage".
	Kind string
	// Code is the stable name of the problem, such as "missing-executable".
	Code string
	// Message is the string that the method Error returns.
	Message string
	// Errno is the system's error number; 0 if none applies.
	Errno syscall.Errno
	// Path is the file or directory with the problem, or "".
	Path string
	// Line and Column are the position in that file or in the argument. Both start at 1; the column
	// counts bytes. 0 means unknown.
	Line, Column int
	// Hook is the file name of the hook concerned; "" if the error does not concern one.
	Hook string
	// Diagnostics holds all diagnostics of all directories if hooks.New or hooks.ReadDir failed. If
	// a hook could not be started, or its program did not run, they say why.
	Diagnostics []Diagnostic
	// System is the failed system call with its path; nil if the system did not report the error.
	System *fs.PathError
	// Result is the result of the hook that was run; nil if no hook was run.
	Result *Result
	// Cause is the wrapped error: that of a writer, or of parsing a hook's output as JSON; or nil.
	// errors.Is and errors.As examine it.
	Cause error
}

// Error returns e.Message.
func (e *Error) Error() string {
	return e.Message
}

// Unwrap returns e.System, or e.Cause if System is nil.
func (e *Error) Unwrap() error {
	if e.System == nil {
		// A nil *fs.PathError in an error would not be equal to nil.
		return e.Cause
	}
	return e.System
}

// ExitCode returns the exit status of the hook, like the method of *os/exec.ExitError; -1 if the
// hook did not exit.
func (e *Error) ExitCode() int {
	if e.Result == nil {
		return -1
	}
	return e.Result.ExitStatus
}

// Diagnostic is one problem in a hook file or a directory.
type Diagnostic struct {
	// Severity is "error" (the file provides no hook), "warning" or "info".
	Severity string
	// Code is the stable name of the problem, such as "unknown-key".
	Code string
	// Path is the file or directory.
	Path string
	// Line and Column are the position in the file. Both start at 1; the column counts bytes. 0
	// means unknown.
	Line, Column int
	// Message says what is wrong, without the path. Hint says what to write instead; "" if there is
	// no hint.
	Message, Hint string
	// Reference is the message of Podman's and CRI-O's Go package hooks for the same problem. It is
	// "" if that package reports nothing, or only the error of its JSON package.
	Reference string
	// Cause is the stable name of the cause in kebab-case, such as "unexpected-character". It is
	// more specific than Code.
	Cause string
	// Errno is the system's error number; 0 if none applies.
	Errno syscall.Errno
}

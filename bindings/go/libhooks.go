// Package libhooks holds what the packages below it say beyond the Go package that they take the
// place of: errors, problems, verdicts and lists as data. Fields may be added to each type.
//
// The hooks themselves are in libhooks/hooks, which has the exported API of
// go.podman.io/common/pkg/hooks, name for name, and three methods that say more. All of them stand
// on libhooks.so; nothing of it is done a second time in Go.
package libhooks

import (
	"io/fs"
	"syscall"
)

// Error is the error of every function of the packages below this one, but for
// hooks.ErrNoJSONSuffix; errors.As finds it. It does not change, and may be used by many goroutines
// at once.
//
// Where the system refused something, errors.Is finds what package syscall and io/fs call it
// (fs.ErrNotExist, fs.ErrPermission, syscall.ELOOP), and errors.As a *fs.PathError.
type Error struct {
	// Kind is what programs tell errors apart by, such as "io", "hook-file", "match", "stage".
	Kind string
	// Code says which problem it is, such as "missing-executable".
	Code string
	// Message is what Error returns.
	Message string
	// Errno is the system's error number; 0 if none applies.
	Errno syscall.Errno
	// Path is the file or directory that the problem is in; "" if there is none.
	Path string
	// Line and Column are the place in that file, or in the argument, from 1; the column counts
	// bytes. 0: not known.
	Line, Column int
	// Hook is the file name of the hook that it is about; "" if it is about none.
	Hook string
	// Diagnostics are, of a failed hooks.New or hooks.ReadDir, all problems of all directories.
	Diagnostics []Diagnostic
	// System is what the system refused, on which path; nil if it is no error of the system's.
	System *fs.PathError
	// Result is what became of the hook that was run; nil if none was.
	Result *Result
	// Cause is the error of others that this one is about, and errors.Is and errors.As find: that
	// of a writer, or of reading a hook's output as JSON; nil if there is none.
	Cause error
}

// Error is Message.
func (e *Error) Error() string {
	return e.Message
}

// Unwrap is System, or Cause.
func (e *Error) Unwrap() error {
	if e.System == nil {
		// Not a nil pointer in an error, which is not nil.
		return e.Cause
	}
	return e.System
}

// ExitCode is what the hook exited with, as that of *os/exec.ExitError; -1 if it did not exit.
func (e *Error) ExitCode() int {
	if e.Result == nil {
		return -1
	}
	return e.Result.ExitStatus
}

// Diagnostic is one problem in a hook file or a directory.
type Diagnostic struct {
	// Severity is "error" (the file gives no hook), "warning" or "info".
	Severity string
	// Code says which problem it is, such as "unknown-key".
	Code string
	// Path is the file or directory.
	Path string
	// Line and Column are the place in the file, from 1; the column counts bytes. 0: not known.
	Line, Column int
	// Message says what is wrong in plain words, without the path. Hint says what to write instead
	// ("": no hint).
	Message, Hint string
	// Reference is what the Go package hooks of Podman and CRI-O says instead. It is "" if that
	// package says nothing, or repeats its JSON package.
	Reference string
	// Cause is the stable name of the kind of cause in kebab-case. It is finer than Code:
	// "unexpected-character".
	Cause string
	// Errno is the system's error number; 0 if none applies.
	Errno syscall.Errno
}

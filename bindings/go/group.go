package libhooks

import "context"

// ProcessGroup is the process group in which a hook runs. It decides who gets the signals that a
// terminal, timeout(1) or a shell sends to a whole group, and what is killed with the hook at its
// timeout, or when its context is done.
type ProcessGroup int

const (
	// ProcessGroupCaller is the caller's group, as in package go.podman.io/common/pkg/hooks/exec.
	// The hook gets what is sent to that group, Ctrl-C at the terminal first of all, and may read
	// the terminal if the group is in the foreground. It is killed with those of its descendants
	// that can be found in /proc, for 1 s and 4096 descendants at most. A descendant whose parent
	// has ended is not found, and one in a session of its own is left alone. Nothing else in the
	// group is touched.
	ProcessGroupCaller ProcessGroup = iota
	// ProcessGroupOwn is a group of its own, which is killed as a whole. What is sent to the
	// caller's group does not reach the hook, and the terminal stops a hook that reads from it.
	ProcessGroupOwn
	// ProcessGroupAuto is ProcessGroupCaller if the process is in the foreground of its controlling
	// terminal, or if that cannot be found out; else ProcessGroupOwn.
	ProcessGroupAuto
)

type processGroupKey struct{}

// WithProcessGroup returns a context that says in which process group the functions of package
// hooks/exec run hooks. Without it they run in the caller's. (It is no field of their options,
// which have exactly those of go.podman.io/common/pkg/hooks/exec.)
func WithProcessGroup(ctx context.Context, group ProcessGroup) context.Context {
	return context.WithValue(ctx, processGroupKey{}, group)
}

// ProcessGroupOf returns the process group that a context says; ProcessGroupCaller if it says none.
func ProcessGroupOf(ctx context.Context) ProcessGroup {
	group, _ := ctx.Value(processGroupKey{}).(ProcessGroup)
	return group
}

package libhooks

import "context"

// ProcessGroup is the process group in which a hook runs. It decides whether the hook receives the
// signals that a terminal, timeout(1) or a shell sends to a whole group. It also decides which
// processes are killed with the hook at its timeout, or when its context is done.
type ProcessGroup int

const (
	// ProcessGroupCaller is the caller's group, as in package go.podman.io/common/pkg/hooks/exec.
	// The hook receives the signals sent to that group, such as that of Ctrl-C, and may read from
	// the terminal if the group is in the foreground. The hook is killed with those of its
	// descendants that are found in /proc, within 1 s and up to 4096 descendants. A descendant
	// whose parent has ended is not found, and one in its own session is not killed. Nothing else
	// in the group is killed.
	ProcessGroupCaller ProcessGroup = iota
	// ProcessGroupOwn is a new group, which is killed as a whole. Signals sent to the caller's
	// group do not reach the hook, and the terminal stops a hook that reads from it.
	ProcessGroupOwn
	// ProcessGroupAuto is ProcessGroupCaller if the process is in the foreground of its controlling
	// terminal, or if this cannot be determined; otherwise ProcessGroupOwn.
	ProcessGroupAuto
)

type processGroupKey struct{}

// WithProcessGroup returns a context that makes the functions of package hooks/exec run hooks in
// the given process group. The default is ProcessGroupCaller. (It is not a field of their options,
// since these have exactly the fields of go.podman.io/common/pkg/hooks/exec.)
func WithProcessGroup(ctx context.Context, group ProcessGroup) context.Context {
	return context.WithValue(ctx, processGroupKey{}, group)
}

// ProcessGroupOf returns the process group set in ctx; ProcessGroupCaller if none is set.
func ProcessGroupOf(ctx context.Context) ProcessGroup {
	group, _ := ctx.Value(processGroupKey{}).(ProcessGroup)
	return group
}

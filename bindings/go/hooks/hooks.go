// Package hooks finds, matches and injects OCI hooks like go.podman.io/common/pkg/hooks. It has the
// same exported API, so a program only changes its import path to use libhooks.so. Manager has
// three additional methods: Explain says why a hook matches a container or does not, List returns
// the hooks, and Diagnostics returns their problems. NewInRoot, ReadInRoot and ReadDirInRoot read
// the hooks of another root directory.
//
// Error messages are those of Podman's package, except for the differences in docs/parity.md of
// libhooks. errors.As finds a *libhooks.Error with more details in each error except
// ErrNoJSONSuffix. Log lines go to logrus, at the same levels as in Podman's package.
package hooks

import (
	"context"
	"sync/atomic"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"

	current "libhooks/hooks/1.0.0"
	"libhooks/internal/native"
	"libhooks/internal/wire"
)

// Version is the version of the hook format that this package uses in memory.
const Version = current.Version

const (
	// DefaultDir is the system's hook directory, where packages install hook files.
	DefaultDir = "/usr/share/containers/oci/hooks.d"

	// OverrideDir is the administrator's hook directory. Its files mask files with the same name in
	// DefaultDir.
	OverrideDir = "/etc/containers/oci/hooks.d"
)

// Manager holds the hooks of some directories, and injects them into containers. Any number of
// goroutines may use it at once. They do not wait for each other or for a reload. A nil Manager,
// and a Manager that New did not create, has no hooks. The resources in libhooks.so are freed when
// the Manager becomes garbage.
type Manager struct {
	native      *native.Manager
	directories []string
	current     atomic.Pointer[generation]
}

// New loads the hook files of directories. A file in a later directory masks a file with the same
// name in an earlier one. A directory that does not exist counts as empty.
//
// extensionStages are additional stages that hook files may name. They may also be OCI stages that
// the caller runs instead of the runtime. Hooks returns the hooks of these stages, and does not
// inject them. No stage may contain a NUL.
//
// New fails if a file is not a valid hook, unless the first such file of its directory names an
// executable that does not exist. The context is not used.
func New(
	_ context.Context,
	directories []string,
	extensionStages []string,
) (manager *Manager, err error) {
	return load(nil, directories, extensionStages)
}

// NewInRoot does what New does, but resolves hook directories, hook files, symlinks and programs
// inside the directory root, as after chroot(2): absolute paths and symlinks start at it, relative
// paths too, and ".." does not leave it. No path in results contains the root. Owners are compared
// by number.
//
// The directory is opened once and stays open as long as the Manager, its snapshots and its
// monitors. If it cannot be opened, NewInRoot fails with an error of kind "io". Package exec has no
// such function: hooks run in the root of the process.
func NewInRoot(
	_ context.Context,
	root string,
	directories []string,
	extensionStages []string,
) (*Manager, error) {
	return load(&root, directories, extensionStages)
}

func load(root *string, directories, extensionStages []string) (manager *Manager, err error) {
	// Log lines after New has returned belong to a reload.
	loaded := new(atomic.Bool)
	nativeManager, err := native.NewManager(root, directories, extensionStages, callbacks(loaded))
	if err != nil {
		return nil, err
	}
	loaded.Store(true)
	manager = &Manager{native: nativeManager, directories: append([]string(nil), directories...)}
	manager.current.Store(newGeneration(nativeManager.Snapshot(), nil))
	return manager, nil
}

// Hooks injects the hooks that match this container into config, after the hooks that config
// already has. It creates config.Hooks when a hook matches. Hooks of extension stages are returned
// instead, by stage, in the order in which the caller must run them.
//
// The container is described by config.Process, annotations and hasBindMounts. config.Annotations
// is ignored. The injected hooks share no memory with those of other containers.
//
// Hooks fails if a hook has the condition commands and config.Process has no args. Then nothing is
// injected.
func (m *Manager) Hooks(
	config *rspec.Spec,
	annotations map[string]string,
	hasBindMounts bool,
) (extensionStageHooks map[string][]rspec.Hook, err error) {
	if m == nil {
		return nil, nil
	}
	generation := m.current.Load()
	if generation == nil {
		return nil, nil
	}
	if config == nil {
		return nil, native.Invalid("config is nil")
	}
	// This array and room are usually large enough, and stay on the stack.
	var space [1024]byte
	request, err := wire.AppendRequest(space[:0], config, annotations)
	if err != nil {
		return nil, err
	}
	var room [64]uint32
	matched, err := generation.match(request, hasBindMounts, room[:])
	if err != nil {
		return nil, err
	}
	if logrus.IsLevelEnabled(logrus.DebugLevel) {
		generation.log(matched)
	}
	hooks := make([]*hook, len(matched))
	for i, index := range matched {
		if hooks[i], err = generation.hook(index); err != nil {
			return nil, err
		}
	}
	for _, hook := range hooks {
		extensionStageHooks = hook.inject(config, extensionStageHooks)
	}
	return extensionStageHooks, nil
}

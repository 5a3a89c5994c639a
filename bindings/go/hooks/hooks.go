// Package hooks finds, matches and injects OCI hooks as package go.podman.io/common/pkg/hooks does, whose exported API it has,
// name for name. A program changes over by one import path, and gets the hooks of libhooks.so. Beyond that API there are three
// methods of Manager: Explain says why a hook is for a container or is not, List what hooks there are, Diagnostics what is wrong.
//
// Errors are those of the other package, in the same words, but for the differences in docs/parity.md of libhooks; errors.As
// finds a *libhooks.Error, which says more, in each but ErrNoJSONSuffix. Log lines go to logrus, at the same levels.
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

// Version is the version of the format of hook files that hooks have in memory.
const Version = current.Version

const (
	// DefaultDir is the system's directory, which packages install hook files to.
	DefaultDir = "/usr/share/containers/oci/hooks.d"

	// OverrideDir is the administrator's directory, whose files are preferred to those of DefaultDir.
	OverrideDir = "/etc/containers/oci/hooks.d"
)

// Manager holds the hooks of some directories, and injects them into one container after another. Any number of goroutines
// may use it at once; none waits for another, nor for a reload. A nil Manager, and one that New did not make, has no hooks.
// What it holds of libhooks.so is freed when it is garbage.
type Manager struct {
	native      *native.Manager
	directories []string
	current     atomic.Pointer[generation]
}

// New reads the hook files of directories, which come in increasing preference: a file of a later one masks that of the same
// name in an earlier one. A directory that does not exist is empty.
//
// extensionStages are stages that hook files may name beside those of OCI, and stages of OCI that the caller takes from the
// runtime: their hooks are returned by Hooks, and not injected. None of them may hold a NUL.
//
// It fails on a file that is no hook, unless the first such file of its directory names an executable that does not exist.
// The context is not used.
func New(
	_ context.Context,
	directories []string,
	extensionStages []string,
) (manager *Manager, err error) {
	// What is logged once New is done is of a reload.
	loaded := new(atomic.Bool)
	nativeManager, err := native.NewManager(directories, extensionStages, callbacks(loaded))
	if err != nil {
		return nil, err
	}
	loaded.Store(true)
	manager = &Manager{native: nativeManager, directories: append([]string(nil), directories...)}
	manager.current.Store(newGeneration(nativeManager.Snapshot(), nil))
	return manager, nil
}

// Hooks injects into config the hooks that are for this container, after those that it has; config.Hooks is made as soon as
// one is. Those of extension stages are returned instead, by stage, in the order in which they are to run.
//
// The container is described by config.Process, annotations and hasBindMounts; the annotations of the config are not looked
// at. What is injected shares no memory with what another container got.
//
// It fails if a hook asks for a command and config.Process has no args. Nothing is injected then.
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
	// Both usually suffice, and stay on the stack.
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

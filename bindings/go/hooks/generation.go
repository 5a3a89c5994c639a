package hooks

import (
	"path/filepath"
	"slices"
	"sync/atomic"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"

	"libhooks/internal/native"
	"libhooks/internal/wire"
)

// generation is an immutable set of hooks. A hook is decoded when it first matches, unless the
// previous generation contains it: after a reload most hooks are unchanged.
type generation struct {
	snapshot *native.Snapshot
	number   uint64
	hooks    []atomic.Pointer[hook]
	known    map[string]*hook
}

// hook is a decoded hook, with the places where it is injected.
type hook struct {
	text            string
	name            string
	hook            rspec.Hook
	stages          []string
	injected        []string
	extensionStages []string
}

// newGeneration returns the hooks of a snapshot; before is the previous generation, or nil.
func newGeneration(snapshot *native.Snapshot, before *generation) *generation {
	g := &generation{
		snapshot: snapshot,
		number:   snapshot.Generation(),
		hooks:    make([]atomic.Pointer[hook], snapshot.Len()),
		known:    map[string]*hook{},
	}
	if before != nil {
		for i := range before.hooks {
			if hook := before.hooks[i].Load(); hook != nil {
				g.known[hook.text] = hook
			}
		}
	}
	return g
}

// match returns the indexes of the hooks that match a container. It uses room if it is large
// enough.
func (g *generation) match(request []byte, hasBindMounts bool, room []uint32) ([]uint32, error) {
	count, err := g.snapshot.Match(request, hasBindMounts, room)
	if err == nil && count > len(room) {
		room = make([]uint32, count)
		count, err = g.snapshot.Match(request, hasBindMounts, room)
	}
	if err != nil {
		return nil, err
	}
	return room[:count], nil
}

// hook returns the hook at this index. Several goroutines may decode it at once; only one result is
// kept.
func (g *generation) hook(index uint32) (*hook, error) {
	slot := &g.hooks[index]
	if known := slot.Load(); known != nil {
		return known, nil
	}
	text, err := g.snapshot.Hook(int(index))
	if err != nil {
		return nil, err
	}
	decoded := g.known[string(text)]
	if decoded == nil {
		listed, err := wire.Decode[wire.Listed](text)
		if err != nil {
			return nil, err
		}
		decoded = &hook{
			text:            string(text),
			name:            filepath.Base(listed.Exact()),
			hook:            listed.Hook.Hook,
			stages:          listed.Hook.Stages,
			injected:        listed.Injected,
			extensionStages: listed.ExtensionStages,
		}
	}
	slot.CompareAndSwap(nil, decoded)
	return slot.Load(), nil
}

// log logs whether each hook matched, with the same messages as Podman's package.
func (g *generation) log(matched []uint32) {
	for index := range g.hooks {
		hook, err := g.hook(uint32(index))
		switch {
		case err != nil:
			logrus.Debugf("hook %d: %v", index, err)
		case slices.Contains(matched, uint32(index)):
			logrus.Debugf("hook %s matched; adding to stages %v", hook.name, hook.stages)
		default:
			logrus.Debugf("hook %s did not match", hook.name)
		}
	}
}

// inject adds the hook to the config and to the extension stages. It creates the map when it is
// first needed.
func (h *hook) inject(
	config *rspec.Spec,
	extensionStageHooks map[string][]rspec.Hook,
) map[string][]rspec.Hook {
	if config.Hooks == nil {
		config.Hooks = &rspec.Hooks{}
	}
	for _, stage := range h.injected {
		if hooks := member(config.Hooks, stage); hooks != nil {
			*hooks = append(*hooks, h.copy())
		}
	}
	for _, stage := range h.extensionStages {
		if extensionStageHooks == nil {
			extensionStageHooks = map[string][]rspec.Hook{}
		}
		extensionStageHooks[stage] = append(extensionStageHooks[stage], h.copy())
	}
	return extensionStageHooks
}

// copy returns a deep copy of the hook, since callers may change it.
func (h *hook) copy() rspec.Hook {
	copied := h.hook
	copied.Args = slices.Clone(copied.Args)
	copied.Env = slices.Clone(copied.Env)
	if copied.Timeout != nil {
		timeout := *copied.Timeout
		copied.Timeout = &timeout
	}
	return copied
}

// member returns the member of config.hooks with this name.
func member(hooks *rspec.Hooks, name string) *[]rspec.Hook {
	switch name {
	case "createContainer":
		return &hooks.CreateContainer
	case "createRuntime":
		return &hooks.CreateRuntime
	case "poststart":
		return &hooks.Poststart
	case "poststop":
		return &hooks.Poststop
	case "startContainer":
		return &hooks.StartContainer
	}
	return nil
}

package reference

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	current "go.podman.io/common/pkg/hooks/1.0.0"
)

// model is the reference with its own implementation of the injection, so that faults can be
// planted. Without a fault it behaves as libhooks must.
type model struct {
	name string
	// order returns the sort key of a hook's name.
	order func(name string) string
	// decode changes a hook that was read from content.
	decode func(
		hook *current.Hook,
		content []byte,
		read func(content []byte) (*current.Hook, error),
	)
	// refuse reports whether New fails with an error of a directory.
	refuse func(err error) bool
	// fail changes each error.
	fail func(err error) error
	// when changes conditions and bind mounts before they are evaluated.
	when func(when *current.When, config *rspec.Spec, hasBindMounts *bool)
	// earlier: a file in an earlier directory masks one in a later directory.
	earlier bool
	// both: hooks of extension stages are also injected into the config.
	both bool
	// halfDone: hooks injected before an error remain.
	halfDone bool
	// prestart: prestart is a separate stage.
	prestart bool
}

func (m model) implementation() implementation {
	theirs := reference()
	ours := theirs
	ours.name = m.name
	if m.order == nil {
		m.order = strings.ToLower
	}
	if m.fail == nil {
		m.fail = func(err error) error { return err }
	}
	if m.refuse == nil {
		m.refuse = func(err error) bool { return !errors.Is(err, fs.ErrNotExist) }
	}
	reader := func(
		read func(content []byte) (*current.Hook, error),
	) func(content []byte) (*current.Hook, error) {
		return func(content []byte) (*current.Hook, error) {
			hook, err := read(content)
			if err == nil && hook != nil && m.decode != nil {
				m.decode(hook, content, read)
			}
			return hook, m.failed(err)
		}
	}
	ours.readCurrent, ours.readOld = reader(theirs.readCurrent), reader(theirs.readOld)
	ours.read = func(path string, stages []string) (*current.Hook, error) {
		hook, err := theirs.read(path, stages)
		return hook, m.failed(err)
	}
	ours.match = func(
		when *current.When,
		config *rspec.Spec,
		annotations map[string]string,
		hasBindMounts bool,
	) (bool, error) {
		changed := *when
		if m.when != nil {
			m.when(&changed, config, &hasBindMounts)
		}
		match, err := theirs.match(&changed, config, annotations, hasBindMounts)
		return match, m.failed(err)
	}
	ours.new = func(directories, stages []string) (manager, error) {
		all := map[string]*current.Hook{}
		for _, directory := range directories {
			hooks, err := theirs.readDir(directory, stages)
			if err != nil && m.refuse(err) {
				return nil, m.failed(err)
			}
			for name, hook := range hooks {
				if m.earlier && all[name] != nil {
					continue
				}
				all[name] = hook
			}
		}
		return &modelManager{m, all, stages, ours.match}, nil
	}
	return ours
}

func (m model) failed(err error) error {
	if err == nil {
		return nil
	}
	return m.fail(err)
}

type modelManager struct {
	model
	hooks  map[string]*current.Hook
	stages []string
	match  matchFunc
}

// reworded is an error with another message.
type reworded struct {
	text string
	err  error
}

func (r reworded) Error() string { return r.text }
func (r reworded) Unwrap() error { return r.err }

func (m *modelManager) Hooks(
	config *rspec.Spec,
	annotations map[string]string,
	hasBindMounts bool,
) (map[string][]rspec.Hook, error) {
	var matching []rspec.Hook
	var stages []string
	anyMatch := false
	names := make([]string, 0, len(m.hooks))
	for name := range m.hooks {
		names = append(names, name)
	}
	slices.SortFunc(
		names,
		func(a, b string) int { return strings.Compare(m.order(a)+"\x00"+a, m.order(b)+"\x00"+b) },
	)
	var failure error
	for _, name := range names {
		hook := m.hooks[name]
		match, err := m.match(&hook.When, config, annotations, hasBindMounts)
		if err != nil {
			failure = fmt.Errorf("matching hook %q: %w", name, err)
			break
		}
		anyMatch = anyMatch || match
		for _, stage := range hook.Stages {
			if match {
				matching, stages = append(matching, hook.Hook), append(stages, stage)
			}
		}
	}
	if failure != nil && !m.halfDone {
		return nil, m.failed(failure)
	}
	if anyMatch && config.Hooks == nil {
		config.Hooks = &rspec.Hooks{}
	}
	var extension map[string][]rspec.Hook
	for i, stage := range stages {
		if slices.Contains(m.stages, stage) {
			if extension == nil {
				extension = map[string][]rspec.Hook{}
			}
			extension[stage] = append(extension[stage], matching[i])
			if !m.both {
				continue
			}
		}
		if place := m.place(config.Hooks, stage); place != nil {
			*place = append(*place, matching[i])
		}
	}
	return extension, m.failed(failure)
}

func (m *modelManager) place(hooks *rspec.Hooks, stage string) *[]rspec.Hook {
	switch stage {
	case "prestart":
		if m.prestart {
			return &hooks.Prestart //nolint:staticcheck // on purpose
		}
		return &hooks.CreateRuntime
	case "createRuntime":
		return &hooks.CreateRuntime
	case "createContainer":
		return &hooks.CreateContainer
	case "startContainer":
		return &hooks.StartContainer
	case "poststart":
		return &hooks.Poststart
	case "poststop":
		return &hooks.Poststop
	default:
		return nil
	}
}

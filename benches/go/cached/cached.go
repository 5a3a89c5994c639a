// Package cached is a fair opponent in `make bench`: it does what the reference does, with the
// reference's own files and types, but compiles each pattern only once. That is the small change
// that would help the reference most.
package cached

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"
	"go.podman.io/common/pkg/hooks"
	current "go.podman.io/common/pkg/hooks/1.0.0"
)

var patterns sync.Map

func compile(pattern string) (*regexp.Regexp, error) {
	if known, ok := patterns.Load(pattern); ok {
		return known.(*regexp.Regexp), nil
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	patterns.Store(pattern, compiled)
	return compiled, nil
}

func matchString(pattern, text string) (bool, error) {
	compiled, err := compile(pattern)
	return err == nil && compiled.MatchString(text), err
}

type named struct {
	name string
	hook *current.Hook
}

// Manager is the reference's manager, reduced to injection.
type Manager struct {
	hooks           map[string]*current.Hook
	extensionStages []string
	lock            sync.Mutex
}

// New reads the hooks of directories, using the reference.
func New(directories, extensionStages []string) (*Manager, error) {
	manager := &Manager{hooks: map[string]*current.Hook{}, extensionStages: extensionStages}
	for _, directory := range directories {
		if err := hooks.ReadDir(directory, extensionStages, manager.hooks); err != nil &&
			!errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return manager, nil
}

func (m *Manager) sorted() []named {
	m.lock.Lock()
	defer m.lock.Unlock()
	list := make([]named, 0, len(m.hooks))
	for name, hook := range m.hooks {
		list = append(list, named{name, hook})
	}
	slices.SortFunc(list, func(a, b named) int {
		return cmp.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	return list
}

// Hooks injects the matching hooks into config.
func (m *Manager) Hooks(
	config *rspec.Spec,
	annotations map[string]string,
	hasBindMounts bool,
) (map[string][]rspec.Hook, error) {
	var extension map[string][]rspec.Hook
	local := map[string]bool{}
	for _, stage := range m.extensionStages {
		local[stage] = true
	}
	for _, entry := range m.sorted() {
		matched, err := match(&entry.hook.When, config, annotations, hasBindMounts)
		if err != nil {
			return extension, fmt.Errorf("matching hook %q: %w", entry.name, err)
		}
		if !matched {
			logrus.Debugf("hook %s did not match", entry.name)
			continue
		}
		logrus.Debugf("hook %s matched; adding to stages %v", entry.name, entry.hook.Stages)
		if config.Hooks == nil {
			config.Hooks = &rspec.Hooks{}
		}
		for _, stage := range entry.hook.Stages {
			if local[stage] {
				if extension == nil {
					extension = map[string][]rspec.Hook{}
				}
				extension[stage] = append(extension[stage], entry.hook.Hook)
				continue
			}
			list := member(config.Hooks, stage)
			if list == nil {
				return extension, fmt.Errorf("hook %q: unknown stage %q", entry.name, stage)
			}
			*list = append(*list, entry.hook.Hook)
		}
	}
	return extension, nil
}

func member(hooks *rspec.Hooks, stage string) *[]rspec.Hook {
	switch stage {
	case "createContainer":
		return &hooks.CreateContainer
	case "createRuntime", "prestart":
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

// verdict combines conditions, all or any of which must match.
type verdict struct {
	anyOf, held, decided, answer bool
}

func (v *verdict) add(holds bool) {
	switch {
	case holds && v.anyOf:
		v.decided, v.answer = true, true
	case holds:
		v.held = true
	case !v.anyOf:
		v.decided = true
	}
}

func match(
	when *current.When,
	config *rspec.Spec,
	annotations map[string]string,
	hasBindMounts bool,
) (bool, error) {
	v := verdict{anyOf: when.Or}
	if when.Always != nil {
		if v.add(*when.Always); v.decided {
			return v.answer, nil
		}
	}
	if when.HasBindMounts != nil {
		if v.add(*when.HasBindMounts && hasBindMounts); v.decided {
			return v.answer, nil
		}
	}
	for key, value := range when.Annotations {
		holds, err := annotated(key, value, annotations)
		if err != nil {
			return false, err
		}
		if v.add(holds); v.decided {
			return v.answer, nil
		}
	}
	if config.Process == nil || len(when.Commands) == 0 {
		return v.held, nil
	}
	if len(config.Process.Args) == 0 {
		return false, errors.New("process.args must have at least one entry")
	}
	for _, pattern := range when.Commands {
		matched, err := matchString(pattern, config.Process.Args[0])
		if err != nil {
			return false, fmt.Errorf("command: %w", err)
		}
		if matched {
			return true, nil
		}
	}
	return false, nil
}

func annotated(keyPattern, valuePattern string, annotations map[string]string) (bool, error) {
	for key, value := range annotations {
		matched, err := matchString(keyPattern, key)
		if err != nil {
			return false, fmt.Errorf("annotation key: %w", err)
		}
		if !matched {
			continue
		}
		if matched, err = matchString(valuePattern, value); err != nil {
			return false, fmt.Errorf("annotation value: %w", err)
		}
		if matched {
			return true, nil
		}
	}
	return false, nil
}

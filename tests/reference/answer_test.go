package reference

import (
	rspec "github.com/opencontainers/runtime-spec/specs-go"
	current "go.podman.io/common/pkg/hooks/1.0.0"
)

// hookAnswer is the result of a function that reads one hook.
func hookAnswer(hook *current.Hook, err error) answer { return answer{normal(hook), err} }

func hooksAnswer(hooks map[string]*current.Hook, err error) answer {
	return answer{normalAll(hooks), err}
}

// injected is the result of Hooks.
type injected struct {
	Config         *rspec.Spec
	ExtensionHooks map[string][]rspec.Hook
}

// inject injects into a new config, this number of times.
func inject(m manager, container container, calls int) answer {
	config := container.config()
	var extensionHooks map[string][]rspec.Hook
	for range calls {
		hooks, err := m.Hooks(config, container.annotations(), container.HasBindMounts)
		if hooks != nil && extensionHooks == nil {
			extensionHooks = map[string][]rspec.Hook{}
		}
		for stage, hooks := range hooks {
			extensionHooks[stage] = append(extensionHooks[stage], normalHooks(hooks)...)
		}
		if err != nil {
			return answer{injected{normalConfig(config), extensionHooks}, err}
		}
	}
	return answer{injected{normalConfig(config), extensionHooks}, nil}
}

func normalConfig(config *rspec.Spec) *rspec.Spec {
	if h := config.Hooks; h != nil {
		for _, hooks := range []*[]rspec.Hook{
			&h.Prestart,
			&h.CreateRuntime,
			&h.CreateContainer,
			&h.StartContainer,
			&h.Poststart,
			&h.Poststop,
		} {
			*hooks = normalHooks(*hooks)
		}
	}
	return config
}

// normal returns a hook in which empty slices and maps are nil, except its stages.
func normal(hook *current.Hook) *current.Hook {
	if hook == nil {
		return nil
	}
	n := *hook
	n.Hook = normalHook(n.Hook)
	if len(n.When.Annotations) == 0 {
		n.When.Annotations = nil
	}
	if len(n.When.Commands) == 0 {
		n.When.Commands = nil
	}
	return &n
}

func normalAll(hooks map[string]*current.Hook) map[string]*current.Hook {
	all := map[string]*current.Hook{}
	for name, hook := range hooks {
		all[name] = normal(hook)
	}
	return all
}

func normalHook(hook rspec.Hook) rspec.Hook {
	if len(hook.Args) == 0 {
		hook.Args = nil
	}
	if len(hook.Env) == 0 {
		hook.Env = nil
	}
	return hook
}

func normalHooks(hooks []rspec.Hook) (normal []rspec.Hook) {
	for _, hook := range hooks {
		normal = append(normal, normalHook(hook))
	}
	return normal
}

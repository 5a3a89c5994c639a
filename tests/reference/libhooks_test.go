package reference

import (
	"context"
	"maps"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	theirCurrent "go.podman.io/common/pkg/hooks/1.0.0"
	ours "libhooks/hooks"
	ourOld "libhooks/hooks/0.1.0"
	ourCurrent "libhooks/hooks/1.0.0"
)

// libhooks is the tested implementation.
func libhooks() implementation {
	return implementation{
		name: "libhooks",
		new: func(directories, stages []string) (manager, error) {
			m, err := ours.New(context.Background(), directories, stages)
			if err != nil {
				return nil, err
			}
			return m, nil
		},
		read: func(path string, stages []string) (*theirCurrent.Hook, error) {
			hook, err := ours.Read(path, stages)
			return fromOurs(hook), err
		},
		readDir: func(path string, stages []string) (map[string]*theirCurrent.Hook, error) {
			hooks := map[string]*ourCurrent.Hook{}
			err := ours.ReadDir(path, stages, hooks)
			all := map[string]*theirCurrent.Hook{}
			for name, hook := range hooks {
				all[name] = fromOurs(hook)
			}
			return all, err
		},
		validate: func(hook *theirCurrent.Hook, stages []string) error {
			return toOurs(hook).Validate(stages)
		},
		match: func(
			when *theirCurrent.When,
			config *rspec.Spec,
			annotations map[string]string,
			hasBindMounts bool,
		) (bool, error) {
			return (*ourCurrent.When)(when).Match(config, annotations, hasBindMounts)
		},
		readCurrent: reader(ourCurrent.Read),
		readOld:     reader(ourOld.Read),
		setReader: func(
			version string,
			read func(content []byte) (*theirCurrent.Hook, error),
		) func() {
			before := maps.Clone(ours.Readers)
			if read == nil {
				delete(ours.Readers, version)
			} else {
				ours.Readers[version] = func(content []byte) (*ourCurrent.Hook, error) {
					hook, err := read(content)
					return toOurs(hook), err
				}
			}
			return func() { ours.Readers = before }
		},
		noSuffix: ours.ErrNoJSONSuffix,
	}
}

func reader(
	read func(content []byte) (*ourCurrent.Hook, error),
) func(content []byte) (*theirCurrent.Hook, error) {
	return func(content []byte) (*theirCurrent.Hook, error) {
		hook, err := read(content)
		return fromOurs(hook), err
	}
}

func fromOurs(hook *ourCurrent.Hook) *theirCurrent.Hook {
	if hook == nil {
		return nil
	}
	return &theirCurrent.Hook{
		Version: hook.Version,
		Hook:    hook.Hook,
		When:    theirCurrent.When(hook.When),
		Stages:  hook.Stages,
	}
}

func toOurs(hook *theirCurrent.Hook) *ourCurrent.Hook {
	if hook == nil {
		return nil
	}
	return &ourCurrent.Hook{
		Version: hook.Version,
		Hook:    hook.Hook,
		When:    ourCurrent.When(hook.When),
		Stages:  hook.Stages,
	}
}

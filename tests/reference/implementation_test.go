// Package reference compares libhooks, through its Go package, with Podman's Go package, which
// defines the behaviour.
package reference

import (
	"context"
	"maps"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	theirs "go.podman.io/common/pkg/hooks"
	theirOld "go.podman.io/common/pkg/hooks/0.1.0"
	current "go.podman.io/common/pkg/hooks/1.0.0"
)

// implementation is one of the compared implementations. The types of hooks are always those of the
// reference.
type implementation struct {
	name     string
	new      func(directories, stages []string) (manager, error)
	read     func(path string, stages []string) (*current.Hook, error)
	readDir  func(path string, stages []string) (map[string]*current.Hook, error)
	validate func(hook *current.Hook, stages []string) error
	match    matchFunc
	// readCurrent and readOld are the Read functions of versions 1.0.0 and 0.1.0.
	readCurrent, readOld func(content []byte) (*current.Hook, error)
	// setReader sets the reader of a version; nil deletes it. The returned function restores the
	// old readers.
	setReader func(version string, read func(content []byte) (*current.Hook, error)) (undo func())
	// noSuffix is ErrNoJSONSuffix.
	noSuffix error
}

type matchFunc func(
	when *current.When,
	config *rspec.Spec,
	annotations map[string]string,
	hasBindMounts bool,
) (bool, error)

type manager interface {
	Hooks(
		config *rspec.Spec,
		annotations map[string]string,
		hasBindMounts bool,
	) (map[string][]rspec.Hook, error)
}

func reference() implementation {
	return implementation{
		name: "the reference",
		new: func(directories, stages []string) (manager, error) {
			m, err := theirs.New(context.Background(), directories, stages)
			if err != nil {
				return nil, err
			}
			return m, nil
		},
		read: theirs.Read,
		readDir: func(path string, stages []string) (map[string]*current.Hook, error) {
			hooks := map[string]*current.Hook{}
			return hooks, theirs.ReadDir(path, stages, hooks)
		},
		validate:    (*current.Hook).Validate,
		match:       (*current.When).Match,
		readCurrent: current.Read,
		readOld:     theirOld.Read,
		setReader: func(version string, read func(content []byte) (*current.Hook, error)) func() {
			before := maps.Clone(theirs.Readers)
			if read == nil {
				delete(theirs.Readers, version)
			} else {
				theirs.Readers[version] = read
			}
			return func() { theirs.Readers = before }
		},
		noSuffix: theirs.ErrNoJSONSuffix,
	}
}

// Package reference compares libhooks, by way of its Go binding, with the Go package whose behaviour it has.
package reference

import (
	"context"
	"maps"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	theirs "go.podman.io/common/pkg/hooks"
	theirOld "go.podman.io/common/pkg/hooks/0.1.0"
	current "go.podman.io/common/pkg/hooks/1.0.0"
)

// implementation is one of those that are compared. What they share, the types of hooks, are the reference's here.
type implementation struct {
	name     string
	new      func(directories, stages []string) (manager, error)
	read     func(path string, stages []string) (*current.Hook, error)
	readDir  func(path string, stages []string) (map[string]*current.Hook, error)
	validate func(hook *current.Hook, stages []string) error
	match    func(when *current.When, config *rspec.Spec, annotations map[string]string, hasBindMounts bool) (bool, error)
	// readCurrent and readOld are the Read functions of 1.0.0 and 0.1.0.
	readCurrent, readOld func(content []byte) (*current.Hook, error)
	// setReader changes who reads a version; nil: nobody. The result undoes it.
	setReader func(version string, read func(content []byte) (*current.Hook, error)) (undo func())
	// noSuffix is ErrNoJSONSuffix.
	noSuffix error
}

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

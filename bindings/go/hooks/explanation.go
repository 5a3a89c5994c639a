package hooks

import (
	rspec "github.com/opencontainers/runtime-spec/specs-go"

	"libhooks"
	"libhooks/internal/native"
	"libhooks/internal/wire"
)

// Explain says of each hook whether it is for a container, and why, condition by condition. The
// container is described as for Hooks, and nothing is injected; that Hooks would fail is told as
// Explanation.Error.
//
// What is explained is text: each byte of annotations and args that is no UTF-8 is shown as U+FFFD,
// which is also what patterns take it for. Two annotations whose keys become one by that are an
// error, as is a config that is nil.
//
// The other package does not have this method.
func (m *Manager) Explain(
	config *rspec.Spec,
	annotations map[string]string,
	hasBindMounts bool,
) (*libhooks.Explanation, error) {
	if m == nil || m.native == nil {
		return &libhooks.Explanation{}, nil
	}
	if config == nil {
		return nil, native.Invalid("config is nil")
	}
	configText, annotationsText := wire.Container(config, annotations)
	return m.native.Explain(configText, annotationsText, hasBindMounts)
}

// List is the hooks in the order in which they are injected, and what masks what. An error is a bug
// in libhooks.
//
// The other package does not have this method.
func (m *Manager) List() (*libhooks.Listing, error) {
	if m == nil || m.native == nil {
		return &libhooks.Listing{}, nil
	}
	return m.native.List()
}

// Diagnostics are all problems that were found when the hooks were loaded last, also those that New
// bears. An error is a bug in libhooks.
//
// The other package does not have this method.
func (m *Manager) Diagnostics() ([]libhooks.Diagnostic, error) {
	if m == nil || m.native == nil {
		return nil, nil
	}
	return m.native.Diagnostics()
}

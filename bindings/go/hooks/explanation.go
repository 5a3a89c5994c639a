package hooks

import (
	rspec "github.com/opencontainers/runtime-spec/specs-go"

	"libhooks"
	"libhooks/internal/native"
	"libhooks/internal/wire"
)

// Explain says for each hook whether it matches a container, and why, with the result of each
// condition. The container is described as for Hooks. Nothing is injected. If Hooks would fail, the
// error is in Explanation.Error.
//
// Each byte of annotations and args that is not UTF-8 is shown as U+FFFD, and patterns treat it as
// U+FFFD, too. Explain fails if this makes the keys of two annotations equal, or if config is nil.
//
// Podman's package does not have this method.
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

// List returns the hooks in the order of injection, with the masked hooks. An error is a bug in
// libhooks.
//
// Podman's package does not have this method.
func (m *Manager) List() (*libhooks.Listing, error) {
	if m == nil || m.native == nil {
		return &libhooks.Listing{}, nil
	}
	return m.native.List()
}

// Diagnostics returns all diagnostics of the last load, including those that New tolerates. An
// error is a bug in libhooks.
//
// Podman's package does not have this method.
func (m *Manager) Diagnostics() ([]libhooks.Diagnostic, error) {
	if m == nil || m.native == nil {
		return nil, nil
	}
	return m.native.Diagnostics()
}

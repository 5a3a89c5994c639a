package hook

import (
	rspec "github.com/opencontainers/runtime-spec/specs-go"

	"libhooks"
	"libhooks/internal/native"
	"libhooks/internal/wire"
)

// When holds the conditions that select the containers of a hook. All conditions that are set must
// hold. Without any condition it matches no container.
type When struct {
	Always        *bool             `json:"always,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
	Commands      []string          `json:"commands,omitempty"`
	HasBindMounts *bool             `json:"hasBindMounts,omitempty"`

	// Or makes one true condition enough.
	//
	// Deprecated: only hooks of version 0.1.0 use it; a file of version 1.0.0 cannot set it.
	Or bool `json:"-"`
}

// Match reports whether the conditions hold for a container. The conditions need not be valid: an
// invalid pattern is an error when it is evaluated. Match compiles the patterns at each call,
// unlike Manager.Hooks. A nil When matches no container, and a nil config has no process.
func (when *When) Match(
	config *rspec.Spec,
	annotations map[string]string,
	hasBindMounts bool,
) (match bool, err error) {
	if when == nil {
		return false, nil
	}
	request, err := wire.AppendRequest(nil, config, annotations)
	if err != nil {
		return false, err
	}
	conditions := libhooks.When(*when)
	return native.WhenMatch(wire.Encode(&conditions), request, hasBindMounts)
}

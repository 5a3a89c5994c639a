package hook

import (
	rspec "github.com/opencontainers/runtime-spec/specs-go"

	"libhooks"
	"libhooks/internal/native"
	"libhooks/internal/wire"
)

// When are the conditions that say which containers a hook is for. All that are set must hold; none
// set holds for none.
type When struct {
	Always        *bool             `json:"always,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
	Commands      []string          `json:"commands,omitempty"`
	HasBindMounts *bool             `json:"hasBindMounts,omitempty"`

	// Or says that one condition that holds is enough.
	//
	// Deprecated: hooks of version 0.1.0 are so, and no file of version 1.0.0 can be.
	Or bool `json:"-"`
}

// Match says whether the conditions hold for a container. They need not be valid: a pattern that is
// none is an error when it is reached. It compiles the patterns anew each time, which Manager.Hooks
// does not. A nil When holds for no container, and a nil config has no process.
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

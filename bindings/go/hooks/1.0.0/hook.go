// Package hook has hooks in the form of version 1.0.0, which all hooks have in memory.
package hook

import (
	rspec "github.com/opencontainers/runtime-spec/specs-go"

	"libhooks"
	"libhooks/internal/native"
	"libhooks/internal/wire"
)

// Version is the version of the format that this package is for.
const Version = "1.0.0"

// Hook is a hook, the containers that it is for, and the stages that it runs at.
type Hook struct {
	Version string     `json:"version"`
	Hook    rspec.Hook `json:"hook"`
	When    When       `json:"when"`
	Stages  []string   `json:"stages"`
}

// Read decodes a hook file of version 1.0.0, whatever version it says, and does not validate it. Of
// null it makes nil.
func Read(content []byte) (hook *Hook, err error) {
	text, err := native.Decode(content, Version)
	if err != nil {
		return nil, err
	}
	decoded, err := wire.Decode[*wire.Hook](text)
	if err != nil || decoded == nil {
		return nil, err
	}
	return &Hook{
		Version: decoded.Version,
		Hook:    decoded.Hook,
		When:    When(decoded.When),
		Stages:  decoded.Stages,
	}, nil
}

// Validate says what is wrong with a hook, beginning with what the reference finds first; its
// executable must exist, and extensionStages are stages that it may name beside those of OCI. A nil
// Hook is not valid.
func (hook *Hook) Validate(extensionStages []string) (err error) {
	if hook == nil {
		return native.Validate(wire.Encode[wire.Hook](nil), extensionStages)
	}
	text := wire.Encode(
		&wire.Hook{
			Version: hook.Version,
			Hook:    hook.Hook,
			When:    libhooks.When(hook.When),
			Stages:  hook.Stages,
		},
	)
	return native.Validate(text, extensionStages)
}

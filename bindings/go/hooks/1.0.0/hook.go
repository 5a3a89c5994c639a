// Package hook defines hooks in the format of version 1.0.0, which is also their form in memory.
package hook

import (
	rspec "github.com/opencontainers/runtime-spec/specs-go"

	"libhooks"
	"libhooks/internal/native"
	"libhooks/internal/wire"
)

// Version is the version of the hook format of this package.
const Version = "1.0.0"

// Hook is a hook with its conditions and its stages.
type Hook struct {
	Version string     `json:"version"`
	Hook    rspec.Hook `json:"hook"`
	When    When       `json:"when"`
	Stages  []string   `json:"stages"`
}

// Read decodes a hook file as version 1.0.0, even if it names another version. It does not validate
// the hook. For null it returns nil.
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

// Validate returns an error if the hook is not valid; its first problem is the one that Podman's
// package reports. The executable must exist. extensionStages are additional stages that the hook
// may name. A nil Hook is not valid.
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

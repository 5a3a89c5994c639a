// Package hook has hook files in the form of version 0.1.0.
package hook

import (
	current "libhooks/hooks/1.0.0"
	"libhooks/internal/native"
	"libhooks/internal/wire"
)

// Version is the version of the format that this package is for.
const Version = "0.1.0"

// Hook is a hook file. Of two fields that mean the same, one may be set.
type Hook struct {
	Hook      *string  `json:"hook"`
	Arguments []string `json:"arguments,omitempty"`

	Stages []string `json:"stages"`
	Stage  []string `json:"stage"`

	Cmds []string `json:"cmds,omitempty"`
	Cmd  []string `json:"cmd,omitempty"`

	Annotations []string `json:"annotations,omitempty"`
	Annotation  []string `json:"annotation,omitempty"`

	HasBindMounts *bool `json:"hasbindmounts,omitempty"`
}

// Read decodes a hook file of version 0.1.0, whatever version it says, into the form of version
// 1.0.0, and does not validate it. Of its conditions one is enough.
func Read(content []byte) (hook *current.Hook, err error) {
	text, err := native.Decode(content, Version)
	if err != nil {
		return nil, err
	}
	decoded, err := wire.Decode[wire.Hook](text)
	if err != nil {
		return nil, err
	}
	return &current.Hook{
		Version: decoded.Version,
		Hook:    decoded.Hook,
		When:    current.When(decoded.When),
		Stages:  decoded.Stages,
	}, nil
}

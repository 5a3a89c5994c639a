// Package hook defines hook files in the format of version 0.1.0.
package hook

import (
	current "libhooks/hooks/1.0.0"
	"libhooks/internal/native"
	"libhooks/internal/wire"
)

// Version is the version of the hook format of this package.
const Version = "0.1.0"

// Hook is a hook file. Some fields have two names, and only one of the two may be set.
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

// Read decodes a hook file as version 0.1.0, even if it names another version, and converts it to
// version 1.0.0. It does not validate the hook. One true condition is enough (When.Or).
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

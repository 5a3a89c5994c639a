// Package wire is the JSON that hooks have between Go and libhooks.so: that of a hook file of version 1.0.0, and "or" beside
// it, which the exported types leave out of theirs.
package wire

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
)

// Hook has the fields of the exported type, and Or has a name in JSON.
type Hook struct {
	Version string     `json:"version"`
	Hook    rspec.Hook `json:"hook"`
	When    When       `json:"when"`
	Stages  []string   `json:"stages"`
}

// When has the fields of the exported type in its order, so that one converts into the other.
type When struct {
	Always        *bool             `json:"always,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
	Commands      []string          `json:"commands,omitempty"`
	HasBindMounts *bool             `json:"hasBindMounts,omitempty"`
	Or            bool              `json:"or,omitempty"`
}

// Listed is an entry of the library's list of hooks.
type Listed struct {
	Name            string   `json:"name"`
	Path            string   `json:"path"`
	PathHex         string   `json:"path_hex"`
	Hook            Hook     `json:"hook"`
	Injected        []string `json:"injected"`
	ExtensionStages []string `json:"extensionStages"`
}

// ExactPath is the path with the bytes that it has; Path shows those that are no UTF-8 as U+FFFD.
func (l *Listed) ExactPath() string {
	if exact, err := hex.DecodeString(l.PathHex); err == nil && len(exact) > 0 {
		return string(exact)
	}
	return l.Path
}

// Decode reads what the library wrote. An error is a bug, in one of the two.
func Decode[T any](text []byte) (value T, err error) {
	if err := json.Unmarshal(text, &value); err != nil {
		return value, fmt.Errorf("libhooks: %w", err)
	}
	return value, nil
}

// Encode writes what the library reads: a Hook (nil is "null") or a When. It has nothing in it that could fail.
func Encode[T Hook | When](value *T) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic("libhooks: " + err.Error())
	}
	return string(text)
}

// Package wire encodes and decodes the data that Go and libhooks.so exchange. Hooks are JSON in the
// form of a hook file of version 1.0.0, with an additional "or", which the exported types omit from
// their JSON. Containers are flat requests.
package wire

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"

	rspec "github.com/opencontainers/runtime-spec/specs-go"

	"libhooks"
)

// Hook has the fields of the exported type, and a JSON name for Or.
type Hook struct {
	Version string        `json:"version"`
	Hook    rspec.Hook    `json:"hook"`
	When    libhooks.When `json:"when"`
	Stages  []string      `json:"stages"`
}

// IsUTF8 reports whether all strings of a hook are valid UTF-8, as JSON requires.
func (h *Hook) IsUTF8() bool {
	all := slices.Concat(
		[]string{h.Version, h.Hook.Path},
		h.Hook.Args,
		h.Hook.Env,
		h.When.Commands,
		h.Stages,
	)
	for key, value := range h.When.Annotations {
		all = append(all, key, value)
	}
	return !slices.ContainsFunc(all, func(one string) bool { return !utf8.ValidString(one) })
}

// Listed is an entry of the library's list of hooks.
type Listed struct {
	Path
	Hook            Hook     `json:"hook"`
	Injected        []string `json:"injected"`
	ExtensionStages []string `json:"extensionStages"`
}

// Path is a path in the library's JSON. A path that is not UTF-8 is also given in hexadecimal
// digits.
type Path struct {
	Text string `json:"path"`
	Hex  string `json:"path_hex"`
}

// Exact returns the path as the byte string that the system uses.
func (p Path) Exact() string {
	if exact, err := hex.DecodeString(p.Hex); err == nil && len(exact) > 0 {
		return string(exact)
	}
	return p.Text
}

// Decode decodes JSON that the library wrote. An error is a bug in the library or in this package.
func Decode[T any](text []byte) (value T, err error) {
	if err := json.Unmarshal(text, &value); err != nil {
		return value, fmt.Errorf("libhooks: %w", err)
	}
	return value, nil
}

// Encode encodes JSON for the library: a Hook (nil becomes "null"), a When, or an entry of
// config.hooks.
func Encode[T Hook | libhooks.When | rspec.Hook](value *T) string {
	return encode(value)
}

// encode encodes values of types for which json.Marshal cannot fail.
func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic("libhooks: " + err.Error())
	}
	return string(text)
}

// Package wire is what goes between Go and libhooks.so: hooks as the JSON of a hook file of version
// 1.0.0, with "or" beside it, which the exported types leave out of theirs; containers as flat
// requests.
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

// Hook has the fields of the exported type, and Or has a name in JSON.
type Hook struct {
	Version string        `json:"version"`
	Hook    rspec.Hook    `json:"hook"`
	When    libhooks.When `json:"when"`
	Stages  []string      `json:"stages"`
}

// IsText says whether all strings of a hook are UTF-8, as JSON has it.
func (h *Hook) IsText() bool {
	texts := slices.Concat(
		[]string{h.Version, h.Hook.Path},
		h.Hook.Args,
		h.Hook.Env,
		h.When.Commands,
		h.Stages,
	)
	for key, value := range h.When.Annotations {
		texts = append(texts, key, value)
	}
	return !slices.ContainsFunc(texts, func(text string) bool { return !utf8.ValidString(text) })
}

// Listed is an entry of the library's list of hooks.
type Listed struct {
	Path
	Hook            Hook     `json:"hook"`
	Injected        []string `json:"injected"`
	ExtensionStages []string `json:"extensionStages"`
}

// Path is a path in the library's JSON, which is text: one that is no UTF-8 is there in hexadecimal
// digits, too.
type Path struct {
	Text string `json:"path"`
	Hex  string `json:"path_hex"`
}

// Exact is the path with the bytes that it has.
func (p Path) Exact() string {
	if exact, err := hex.DecodeString(p.Hex); err == nil && len(exact) > 0 {
		return string(exact)
	}
	return p.Text
}

// Decode reads what the library wrote. An error is a bug, in one of the two.
func Decode[T any](text []byte) (value T, err error) {
	if err := json.Unmarshal(text, &value); err != nil {
		return value, fmt.Errorf("libhooks: %w", err)
	}
	return value, nil
}

// Encode writes what the library reads: a Hook (nil is "null"), a When, or an entry of a config.
func Encode[T Hook | libhooks.When | rspec.Hook](value *T) string {
	return encode(value)
}

// encode writes what has nothing in it that could fail.
func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic("libhooks: " + err.Error())
	}
	return string(text)
}

package libhooks

import rspec "github.com/opencontainers/runtime-spec/specs-go"

// Listing is the hooks in the order of injection, and what masks what.
type Listing struct {
	// Generation is which set of hooks it is, as Explanation.Generation.
	Generation uint64
	// Hooks are the hooks, in the order of injection.
	Hooks []ListedHook
	// Masked are the hooks that files of later directories mask.
	Masked []MaskedHook
}

// ListedHook is a hook and where it comes from. It shares no memory with any other.
type ListedHook struct {
	// Name is the name of its file, Path the file.
	Name, Path string
	// Masks are the files of earlier directories that it masks.
	Masks []string
	// Hook is what is run.
	Hook rspec.Hook
	// When says which containers it is for.
	When When
	// Stages are its stages, as its file has them.
	Stages []string
	// Injected are the members of the config's hooks that it is added to, in the order of Stages:
	// one that is there twice, twice.
	Injected []string
	// ExtensionStages are the stages at which the caller runs it.
	ExtensionStages []string
}

// MaskedHook is a hook that a file of a later directory masks.
type MaskedHook struct {
	// Path is its file, By the file that masks it.
	Path, By string
}

// When are conditions. It converts into the When of hooks/1.0.0, and has a name in JSON for Or,
// too.
type When struct {
	Always        *bool             `json:"always,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
	Commands      []string          `json:"commands,omitempty"`
	HasBindMounts *bool             `json:"hasBindMounts,omitempty"`
	// Or says that one condition that holds is enough, as in hooks of version 0.1.0.
	Or bool `json:"or,omitempty"`
}

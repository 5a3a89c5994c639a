package libhooks

import rspec "github.com/opencontainers/runtime-spec/specs-go"

// Listing is the list of hooks in the order of injection, with the masked hooks.
type Listing struct {
	// Generation is the generation number of the set of hooks, as in Explanation.
	Generation uint64
	// Hooks are the hooks, in the order of injection.
	Hooks []ListedHook
	// Masked are the hooks that are masked by files in later directories.
	Masked []MaskedHook
}

// ListedHook is a hook and its origin. It shares no memory with any other hook.
type ListedHook struct {
	// Name is the name of the hook file, Path its path.
	Name, Path string
	// Masks are the files in earlier directories that the hook file masks.
	Masks []string
	// Hook is the hook in the form of the OCI runtime specification.
	Hook rspec.Hook
	// When selects the containers that the hook matches.
	When When
	// Stages are the stages of the hook, as written in its file.
	Stages []string
	// Injected are the members of config.hooks that the hook is added to, in the order of Stages. A
	// stage listed twice appears twice.
	Injected []string
	// ExtensionStages are the stages at which the caller must run the hook.
	ExtensionStages []string
}

// MaskedHook is a hook that is masked by a file in a later directory.
type MaskedHook struct {
	// Path is the file of the hook, By the file that masks it.
	Path, By string
}

// When holds the conditions of a hook. It converts to the When of package hooks/1.0.0, but it also
// has a JSON name for Or.
type When struct {
	Always        *bool             `json:"always,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
	Commands      []string          `json:"commands,omitempty"`
	HasBindMounts *bool             `json:"hasBindMounts,omitempty"`
	// Or makes one true condition enough, as in hooks of version 0.1.0. Otherwise all must be true.
	Or bool `json:"or,omitempty"`
}

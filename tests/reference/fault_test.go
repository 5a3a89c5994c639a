package reference

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	current "go.podman.io/common/pkg/hooks/1.0.0"
)

// plantedFaults are possible mistakes of an implementation. The comparison must find each of them.
var plantedFaults = []model{
	{
		name: "containers always have bind mounts",
		when: func(_ *current.When, _ *rspec.Spec, hasBindMounts *bool) { *hasBindMounts = true },
	},
	{
		name:  "hooks are sorted by the bytes of their names",
		order: func(name string) string { return name },
	},
	{
		name: "names are converted to lower case as in Rust",
		order: func(name string) string {
			return strings.ReplaceAll(strings.ToLower(name), "i.json", "i\u0307.json")
		},
	},
	{
		name:   "the first of two equal keys is used",
		decode: rewritten(func(key string, seen map[string]bool) bool { return !seen[key] }),
	},
	{
		name: "keys are case-sensitive",
		decode: rewritten(
			func(key string, _ map[string]bool) bool { return slices.Contains(known, key) },
		),
	},
	{
		name: "missing stages are an empty list",
		decode: func(hook *current.Hook, _ []byte, _ func([]byte) (*current.Hook, error)) {
			if hook.Stages == nil {
				hook.Stages = []string{}
			}
		},
	},
	{name: "a file of an earlier directory masks", earlier: true},
	{name: "every problem is tolerated", refuse: func(error) bool { return false }},
	{name: "a missing executable is an error", refuse: func(err error) bool {
		var path *os.PathError
		return !errors.Is(err, os.ErrNotExist) || errors.As(err, &path) && path.Op == "faccessat"
	}},
	{
		name: "ENOTDIR is tolerated",
		refuse: func(err error) bool {
			return !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR)
		},
	},
	{name: "errors wrap nothing", fail: func(err error) error { return errors.New(err.Error()) }},
	{
		name: "names are not quoted",
		fail: func(err error) error {
			return reworded{strings.ReplaceAll(err.Error(), "\\n", "\n"), err}
		},
	},
	{name: "extension stages are also injected", both: true},
	{name: "prestart is a separate stage", prestart: true},
	{name: "hooks injected before an error remain", halfDone: true},
	{
		name: "without a process no command matches",
		when: func(when *current.When, config *rspec.Spec, _ *bool) {
			if config.Process == nil && len(when.Commands) > 0 && !when.Or {
				*when = current.When{}
			}
		},
	},
	{
		name: "patterns must match the whole command",
		when: func(when *current.When, _ *rspec.Spec, _ *bool) {
			var commands []string
			for _, command := range when.Commands {
				commands = append(commands, "^(?:"+command+")$")
			}
			when.Commands = commands
		},
	},
	{
		name: "keys of annotations are ignored",
		when: func(when *current.When, _ *rspec.Spec, _ *bool) {
			annotations := map[string]string{}
			for _, value := range when.Annotations {
				annotations[".*"] = value
			}
			when.Annotations = annotations
		},
	},
	{
		name: "hasBindMounts: false also disables or",
		when: func(when *current.When, _ *rspec.Spec, _ *bool) {
			if when.HasBindMounts != nil && !*when.HasBindMounts {
				when.Or = false
			}
		},
	},
}

// rewritten reads a file again with only those of its outermost keys for which keep returns true.
func rewritten(
	keep func(key string, seen map[string]bool) bool,
) func(*current.Hook, []byte, func([]byte) (*current.Hook, error)) {
	return func(hook *current.Hook, content []byte, read func([]byte) (*current.Hook, error)) {
		decoder := json.NewDecoder(bytes.NewReader(content))
		decoder.Token()
		seen, out := map[string]bool{}, []byte("{")
		for decoder.More() {
			key, _ := decoder.Token()
			var value json.RawMessage
			name, ok := key.(string)
			if decoder.Decode(&value) != nil || !ok {
				return
			}
			if keep(name, seen) {
				if len(out) > 1 {
					out = append(out, ',')
				}
				quoted, _ := json.Marshal(name)
				out = append(append(append(out, quoted...), ':'), value...)
			}
			seen[name] = true
		}
		if changed, err := read(append(out, '}')); err == nil {
			*hook = *changed
		}
	}
}

// TestPlantedFaults checks that the comparison can fail: it finds each fault, and the model without
// a fault passes.
func TestPlantedFaults(t *testing.T) {
	prepare(t)
	const seed, most = 20261124, 2000
	ignore := func(*comparison) {}
	none := model{name: "no fault"}.implementation()
	if _, failures := differential(t, none, seed, most, 1, ignore); len(failures) > 0 {
		t.Fatalf("without a fault: tree %d: %s", failures[0].tree.Index, failures[0].differences[0])
	}
	for _, fault := range plantedFaults {
		happened, failures := differential(t, fault.implementation(), seed, most, 1, ignore)
		if len(failures) == 0 {
			t.Errorf("not found in %d trees: %s", most, fault.name)
			continue
		}
		first, _, _ := strings.Cut(failures[0].differences[0], ":")
		t.Logf(
			"found in tree %4d of %4d: %s (%.40s)",
			failures[0].tree.Index,
			happened["trees"],
			fault.name,
			first,
		)
	}
}

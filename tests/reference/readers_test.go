package reference

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	current "go.podman.io/common/pkg/hooks/1.0.0"
)

// TestReaders sets the same readers on both sides, and compares them. It does not run in parallel,
// since Readers is global.
func TestReaders(t *testing.T) {
	prepare(t)
	always := true
	constant := func(content []byte) (*current.Hook, error) {
		return &current.Hook{
			Version: current.Version,
			Hook:    rspec.Hook{Path: "/bin/sh", Args: []string{"sh", fmt.Sprint(len(content))}},
			When:    current.When{Always: &always, Or: true, Commands: []string{"^none$"}},
			Stages:  []string{"prestart"},
		}, nil
	}
	changes := []struct {
		name, version string
		read          func(content []byte) (*current.Hook, error)
	}{
		{"a new version", "9.9.9", constant},
		{"1.0.0 replaced", "1.0.0", constant},
		{"0.1.0 replaced", "0.1.0", current.Read},
		{"no version replaced", "", constant},
		{"1.0.0 deleted", "1.0.0", nil},
		{"0.1.0 deleted", "0.1.0", nil},
		{"no version deleted", "", nil},
		{
			"a reader that fails",
			"9.9.9",
			func([]byte) (*current.Hook, error) {
				return nil, errors.New("is not for us: 100%s")
			},
		},
		{
			"a reader that returns a hook and an error",
			"1.0.0",
			func([]byte) (*current.Hook, error) {
				hook, _ := constant(nil)
				return hook, errors.New("late")
			},
		},
		{"a reader of nil", "1.0.0", func([]byte) (*current.Hook, error) { return nil, nil }},
		{
			"a reader of hooks that are not valid",
			"9.9.9",
			func(content []byte) (*current.Hook, error) {
				hook, err := constant(content)
				hook.Version = "9.9.9"
				return hook, err
			},
		},
		{
			"a reader that uses its argument in the hook",
			"9.9.9",
			func(content []byte) (*current.Hook, error) {
				hook, err := constant(content)
				hook.Hook.Env, hook.Stages = []string{string(bytes.ToUpper(content))}, nil
				return hook, err
			},
		},
		{
			"a reader that reads another version",
			"9.9.9",
			func(content []byte) (*current.Hook, error) {
				var file map[string]json.RawMessage
				if err := json.Unmarshal(content, &file); err != nil {
					return nil, err
				}
				file["version"] = []byte(`"1.0.0"`)
				content, err := json.Marshal(file)
				if err != nil {
					return nil, err
				}
				return current.Read(content)
			},
		},
	}
	for _, change := range changes {
		t.Run(change.name, func(t *testing.T) {
			for _, side := range []implementation{reference(), libhooks()} {
				defer side.setReader(change.version, change.read)()
			}
			asked := 0
			for index := range uint64(300) {
				tree := generate(uint64(len(change.name)), index)
				for d := range tree.Directories {
					for e := range tree.Directories[d].Entries {
						entry := &tree.Directories[d].Entries[e]
						if index%2 == 0 && bytes.Contains(entry.Content, []byte(`"1.0.0"`)) {
							entry.Content = bytes.ReplaceAll(
								entry.Content,
								[]byte(`"1.0.0"`),
								[]byte(`"9.9.9"`),
							)
						}
						if bytes.Contains(entry.Content, []byte(`"`+change.version+`"`)) {
							asked++
						}
					}
				}
				c := compare(t, libhooks(), tree, filepath.Join(t.TempDir(), "tree"))
				for _, difference := range c.differences {
					t.Errorf("tree %d: %.2000s", index, difference)
				}
			}
			if asked < 50 {
				t.Errorf("only %d files are of version %q", asked, change.version)
			}
		})
	}
}

package reference

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
)

// tree is one case: hook directories, and containers to match. It can be saved as JSON and
// repeated. Strings that need not be UTF-8 are in base64 there.
type tree struct {
	Seed, Index uint64
	Directories []directory
	// Store holds the targets of symbolic links.
	Store      []entry
	Stages     [][]byte
	Containers []container
}

type directory struct {
	// Path is the argument of the implementations: relative to the root of the tree if Inside,
	// otherwise unchanged.
	Path   string
	Inside bool
	// Made is the name below the root under which Kind is created; "" if another directory creates
	// it, or if it does not exist.
	Made    string
	Kind    kind
	Target  string
	Entries []entry
}

type entry struct {
	Name    []byte
	Kind    kind
	Content []byte
	Target  []byte
}

type kind string

const (
	isFile      kind = "file"
	isLink      kind = "link"
	isDirectory kind = "directory"
)

type container struct {
	Process       bool
	Args          [][]byte
	Annotations   [][2][]byte
	HasBindMounts bool
	// Hooks: the config already has hooks.
	Hooks bool
}

func (t *tree) stages() []string { return toStrings(t.Stages) }

// paths returns the directories in the form that the implementations get.
func (t *tree) paths(root string) (paths []string) {
	for _, d := range t.Directories {
		if d.Inside {
			d.Path = root + "/" + d.Path
		}
		paths = append(paths, d.Path)
	}
	return paths
}

func (t *tree) write(root string) error {
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	if err := writeEntries(filepath.Join(root, "store"), t.Store); err != nil {
		return err
	}
	for _, d := range t.Directories {
		if d.Made == "" {
			continue
		}
		path := filepath.Join(root, d.Made)
		if d.Kind == isDirectory {
			if err := writeEntries(path, d.Entries); err != nil {
				return err
			}
		} else if err := (entry{Kind: d.Kind, Target: []byte(d.Target)}).write(path); err != nil {
			return err
		}
	}
	return nil
}

func writeEntries(path string, entries []entry) error {
	if err := os.Mkdir(path, 0o755); err != nil {
		return err
	}
	for _, e := range entries {
		if err := e.write(path + "/" + string(e.Name)); err != nil {
			return err
		}
	}
	return nil
}

func (e entry) write(path string) error {
	switch e.Kind {
	case isLink:
		return os.Symlink(string(e.Target), path)
	case isDirectory:
		return os.Mkdir(path, 0o755)
	default:
		return os.WriteFile(path, e.Content, 0o644)
	}
}

// config returns a new config each time, since implementations change it.
func (c container) config() *rspec.Spec {
	config := &rspec.Spec{
		Version:     "1.0.2",
		Hostname:    "host",
		Annotations: map[string]string{"of": "the config"},
	}
	if c.Process {
		config.Process = &rspec.Process{Cwd: "/", Args: toStrings(c.Args)}
	}
	if c.Hooks {
		timeout := 7
		there := rspec.Hook{Path: "/bin/there", Args: []string{"there", ""}, Timeout: &timeout}
		config.Hooks = &rspec.Hooks{
			Prestart:      []rspec.Hook{there},
			CreateRuntime: []rspec.Hook{there, there},
			Poststop:      []rspec.Hook{there},
		}
	}
	return config
}

func (c container) annotations() map[string]string {
	if c.Annotations == nil {
		return nil
	}
	annotations := map[string]string{}
	for _, pair := range c.Annotations {
		annotations[string(pair[0])] = string(pair[1])
	}
	return annotations
}

func toStrings(bytes [][]byte) (converted []string) {
	for _, b := range bytes {
		converted = append(converted, string(b))
	}
	return converted
}

// save writes the case to a file, so that it can be repeated.
func (t *tree) save(path string) error {
	content, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(content, '\n'), 0o644)
}

func loadTree(path string) (*tree, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t := new(tree)
	return t, json.Unmarshal(content, t)
}

// TestTreesAreReproducible checks that a seed and an index always generate the same tree, and that
// a saved tree is the original one.
func TestTreesAreReproducible(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tree.json")
	for index := range uint64(500) {
		one := generate(7, index)
		if again := generate(7, index); !reflect.DeepEqual(one, again) {
			t.Fatalf("tree %d is different the second time", index)
		}
		if err := one.save(path); err != nil {
			t.Fatal(err)
		}
		kept, err := loadTree(path)
		if err != nil || show(kept) != show(one) {
			t.Fatalf("tree %d differs from its saved copy: %v", index, err)
		}
	}
}

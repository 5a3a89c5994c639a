package hooks

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"libhooks"
	current "libhooks/hooks/1.0.0"
)

// image makes a root in which a hook file is an absolute link, and its program is only there.
func image(t *testing.T) string {
	root := filepath.Join(t.TempDir(), "image")
	for _, directory := range []string{"etc/hooks.d", "opt"} {
		if err := os.MkdirAll(filepath.Join(root, directory), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(root, "opt/hook"), "")
	write(t, filepath.Join(root, "opt/real"), `{"version": "1.0.0", "hook": {"path": "/opt/hook"},
		"when": {"always": true}, "stages": ["poststop"]}`)
	if err := os.Symlink("/opt/real", filepath.Join(root, "etc/hooks.d/a.json")); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestInRoot(t *testing.T) {
	root := image(t)
	manager, err := NewInRoot(context.Background(), root, []string{"/etc/hooks.d"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := manager.List()
	if err != nil || len(list.Hooks) != 1 || list.Hooks[0].Path != "/etc/hooks.d/a.json" {
		t.Fatalf("%+v, %v", list, err)
	}
	hook, err := ReadInRoot(root, "etc/hooks.d/a.json", nil)
	if err != nil || hook.Hook.Path != "/opt/hook" {
		t.Fatalf("%+v, %v", hook, err)
	}
	hooks := map[string]*current.Hook{}
	if err := ReadDirInRoot(root, "/etc/hooks.d", nil, hooks); err != nil || hooks["a.json"] == nil {
		t.Fatalf("%v, %v", hooks, err)
	}
}

func TestRootThatCannotBeOpened(t *testing.T) {
	root := filepath.Join(t.TempDir(), "missing")
	_, err := NewInRoot(context.Background(), root, nil, nil)
	_, readErr := ReadInRoot(root, "/a.json", nil)
	dirErr := ReadDirInRoot(root, "/", nil, map[string]*current.Hook{})
	for _, err := range []error{err, readErr, dirErr} {
		var failure *libhooks.Error
		if !errors.As(err, &failure) || failure.Path != root || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v", err)
		}
	}
	if _, err := NewInRoot(context.Background(), "a\x00b", nil, nil); err == nil {
		t.Error("a NUL is accepted")
	}
}

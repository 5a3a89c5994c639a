package hooks

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"

	old "libhooks/hooks/0.1.0"
	current "libhooks/hooks/1.0.0"
)

// with sets a reader until the test ends; nil deletes it.
func with(t *testing.T, version string, read reader) {
	before, ok := Readers[version]
	t.Cleanup(func() {
		delete(Readers, version)
		if ok {
			Readers[version] = before
		}
	})
	if read == nil {
		delete(Readers, version)
		return
	}
	Readers[version] = read
}

// hookFile writes a hook file of this version, and returns its directory and its path.
func hookFile(t *testing.T, version string) (directory, path string) {
	directory = t.TempDir()
	path = filepath.Join(directory, "a.json")
	write(t, path, `{"version": "`+version+`", "content": "\u0000`+"\xff"+`"}`)
	return directory, path
}

func TestReaderOfANewVersion(t *testing.T) {
	var seen []byte
	timeout := 0
	hook := &current.Hook{
		Version: current.Version,
		Hook:    rspec.Hook{Path: "/bin/sh", Args: []string{"<a&b>", "\u2028"}, Timeout: &timeout},
		When:    current.When{Annotations: map[string]string{"a": "b", "c": "d"}, Or: true},
		Stages:  []string{"poststop"},
	}
	with(t, "9.9.9", func(content []byte) (*current.Hook, error) {
		seen = content
		return hook, nil
	})
	directory, path := hookFile(t, "9.9.9")
	got, err := Read(path, nil)
	if err != nil || string(text(t, got)) != string(text(t, hook)) || !got.When.Or {
		t.Fatalf("%+v, %v", got, err)
	}
	if want := `{"version": "9.9.9", "content": "\u0000` + "\xff" + `"}`; string(seen) != want {
		t.Errorf("the reader saw %q", seen)
	}
	m, err := New(context.Background(), []string{directory}, nil)
	if err != nil {
		t.Fatal(err)
	}
	config := &rspec.Spec{}
	if _, err := m.Hooks(config, map[string]string{"c": "d"}, false); err != nil ||
		len(config.Hooks.Poststop) != 1 {
		t.Fatal(config.Hooks, err)
	}
	if args := config.Hooks.Poststop[0].Args; args[0] != "<a&b>" || args[1] != "\u2028" {
		t.Errorf("%q", args)
	}
	hook.Stages = []string{"prestart"}
	m.reload()
	config = &rspec.Spec{}
	if _, err := m.Hooks(config, map[string]string{"c": "d"}, false); err != nil ||
		len(config.Hooks.CreateRuntime) != 1 {
		t.Error(config.Hooks, err)
	}
}

func TestReadersThatFail(t *testing.T) {
	_, path := hookFile(t, "9.9.9")
	prefix := `parsing hook "` + path + `": `
	for _, c := range []struct {
		name string
		read reader
		want string
	}{
		{"error", func([]byte) (*current.Hook, error) {
			return nil, errors.New("no, \xff")
		}, prefix + "9.9.9: no, \ufffd"},
		{"NUL", func([]byte) (*current.Hook, error) {
			return nil, errors.New("a\x00b")
		}, prefix + `9.9.9: a\0b`},
		{"not UTF-8", func([]byte) (*current.Hook, error) {
			hook := rspec.Hook{Path: "/bin/sh", Args: []string{"\xff"}}
			return &current.Hook{Version: "1.0.0", Hook: hook, Stages: []string{}}, nil
		}, prefix + "9.9.9: the reader's hook is not UTF-8"},
		{"nil", func([]byte) (*current.Hook, error) { return nil, nil }, "nil hook"},
		{"not valid", func([]byte) (*current.Hook, error) {
			return &current.Hook{}, nil
		}, `unexpected hook version "" (expecting 1.0.0)`},
		{"none", nil, prefix + `unrecognized hook version: "9.9.9"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			with(t, "9.9.9", c.read)
			if _, err := Read(path, nil); err == nil || err.Error() != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestReadersThatAreReplaced(t *testing.T) {
	with(t, "1.0.0", func([]byte) (*current.Hook, error) { return nil, errors.New("mine") })
	with(t, "0.1.0", nil)
	for version, want := range map[string]string{
		"1.0.0": "1.0.0: mine",
		"0.1.0": `unrecognized hook version: "0.1.0"`,
	} {
		_, path := hookFile(t, version)
		if _, err := Read(path, nil); err == nil || !strings.HasSuffix(err.Error(), `": `+want) {
			t.Errorf("%s: %v", version, err)
		}
	}
	// The reader of the empty version remains, and can be used for another version.
	with(t, "0.0.1", old.Read)
	for version, want := range map[string]string{
		"":      ": missing required property: hook",
		"0.0.1": "0.0.1: missing required property: hook",
	} {
		_, path := hookFile(t, version)
		if _, err := Read(path, nil); err == nil || !strings.HasSuffix(err.Error(), `": `+want) {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// faultyLog panics for each line.
type faultyLog struct{}

func (faultyLog) Levels() []logrus.Level   { return logrus.AllLevels }
func (faultyLog) Fire(*logrus.Entry) error { panic("the log") }

// A panic of a reader leaves the function that called the reader, and breaks nothing.
func TestReaderThatPanics(t *testing.T) {
	logrus.SetOutput(discard{})
	defer logrus.SetOutput(os.Stderr)
	directory, path := hookFile(t, "9.9.9")
	with(t, "9.9.9", func([]byte) (*current.Hook, error) { return &current.Hook{}, nil })
	empty := t.TempDir()
	m, err := New(context.Background(), []string{empty}, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(empty, "a.json"), `{"version": "9.9.9"}`)
	with(t, "9.9.9", func([]byte) (*current.Hook, error) { panic("oh no") })
	for name, call := range map[string]func(){
		"Read":    func() { _, _ = Read(path, nil) },
		"ReadDir": func() { _ = ReadDir(directory, nil, map[string]*current.Hook{}) },
		"New":     func() { _, _ = New(context.Background(), []string{directory}, nil) },
		"reload":  m.reload,
	} {
		func() {
			defer func() {
				if value := recover(); value != "oh no" {
					t.Errorf("%s: %v", name, value)
				}
			}()
			call()
		}()
	}
	// The same holds if the log, which receives the panic, panics itself.
	hooks := logrus.StandardLogger().
		ReplaceHooks(logrus.LevelHooks{logrus.ErrorLevel: {faultyLog{}}})
	defer logrus.StandardLogger().ReplaceHooks(hooks)
	before := len(descriptors(t))
	for range 10 {
		func() {
			defer func() {
				if value := recover(); value != "oh no" {
					t.Errorf("with a faulty log: %v", value)
				}
			}()
			_, _ = New(context.Background(), []string{directory}, nil)
		}()
	}
	if after := len(descriptors(t)); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
	delete(Readers, "9.9.9")
	if _, err := Read(path, nil); err == nil ||
		!strings.Contains(err.Error(), "unrecognized hook version") {
		t.Error(err)
	}
}

package hooks

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"

	"libhooks"
	current "libhooks/hooks/1.0.0"
)

const always = `{"version": "1.0.0", "hook": {"path": "/bin/sh", "args": ["sh", "-c", "true"], "env": ["A=b"], "timeout": 3},
	"when": {"always": true}, "stages": ["prestart", "poststop", "precreate"]}`

// manager returns a manager of one directory with these files.
func manager(t testing.TB, files map[string]string) (*Manager, string) {
	t.Helper()
	directory := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m, err := New(context.Background(), []string{directory}, []string{"precreate"})
	if err != nil {
		t.Fatal(err)
	}
	return m, directory
}

// reload reads the directories again, like a Monitor.
func (m *Manager) reload() {
	if err := m.native.Reload(); err != nil {
		panic(err)
	}
	m.adopt()
}

func TestNilAndZeroManager(t *testing.T) {
	for _, m := range []*Manager{nil, {}} {
		config := &rspec.Spec{}
		extension, err := m.Hooks(config, nil, true)
		if extension != nil || err != nil || config.Hooks != nil {
			t.Errorf("%v, %v, %v", extension, err, config.Hooks)
		}
		ctx, cancel := context.WithCancel(context.Background())
		sync := make(chan error, 2)
		go m.Monitor(ctx, sync)
		if err := <-sync; err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-sync; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if _, open := <-sync; open {
			t.Error("a third send")
		}
	}
}

func TestNilConfig(t *testing.T) {
	m, _ := manager(t, map[string]string{"a.json": always})
	if _, err := m.Hooks(nil, nil, false); err == nil || err.Error() != "config is nil" {
		t.Error(err)
	}
	when := current.When{Commands: []string{"sh"}, Always: new(bool)}
	*when.Always = true
	if match, err := when.Match(nil, nil, false); !match || err != nil {
		t.Error(match, err)
	}
	if match, err := (*current.When)(nil).Match(nil, nil, false); match || err != nil {
		t.Error(match, err)
	}
}

// The hooks of two containers share no memory.
func TestNothingIsShared(t *testing.T) {
	m, _ := manager(t, map[string]string{"a.json": always})
	var configs [2]rspec.Spec
	var extensions [2]map[string][]rspec.Hook
	for i := range configs {
		var err error
		if extensions[i], err = m.Hooks(&configs[i], nil, false); err != nil {
			t.Fatal(err)
		}
	}
	timeout := 3
	want := []rspec.Hook{
		{
			Path:    "/bin/sh",
			Args:    []string{"sh", "-c", "true"},
			Env:     []string{"A=b"},
			Timeout: &timeout,
		},
	}
	injected := func(i int) [][]rspec.Hook {
		hooks := configs[i].Hooks
		return [][]rspec.Hook{hooks.CreateRuntime, hooks.Poststop, extensions[i]["precreate"]}
	}
	for _, hooks := range injected(0) {
		if !reflect.DeepEqual(hooks, want) {
			t.Fatalf("%v", hooks)
		}
		hooks[0].Args[0], hooks[0].Env[0], *hooks[0].Timeout = "changed", "changed", 99
		_ = append(hooks[0].Args, "more")
	}
	for _, hooks := range injected(1) {
		if !reflect.DeepEqual(hooks, want) {
			t.Errorf("%v", hooks)
		}
	}
}

func TestMoreHooksThanRoom(t *testing.T) {
	files := map[string]string{}
	for i := range 200 {
		files[string(rune('a'+i%26))+strings.Repeat("x", i)+".json"] = always
	}
	m, _ := manager(t, files)
	config := &rspec.Spec{}
	extension, err := m.Hooks(config, map[string]string{"large": strings.Repeat("v", 1<<20)}, false)
	if err != nil || len(config.Hooks.CreateRuntime) != 200 || len(extension["precreate"]) != 200 {
		t.Errorf("%d, %d, %v", len(config.Hooks.CreateRuntime), len(extension["precreate"]), err)
	}
}

func TestBytesThatAreNotUTF8(t *testing.T) {
	hook := func(key, value string) string {
		return `{"version": "1.0.0", "hook": {"path": "/bin/sh"}, "when": {"annotations": {"` + key + `": "` + value + `"}}, "stages": ["poststop"]}`
	}
	m, _ := manager(t, map[string]string{
		// Go's patterns treat each byte that is not UTF-8 as one U+FFFD.
		"bytes.json": hook(`^a.b$`, `^\\x{FFFD}\\x{FFFD}$`),
		"text.json":  hook(`^a\\x{DC}b$`, `.`),
	})
	config := &rspec.Spec{Process: &rspec.Process{Args: []string{"\xff"}}}
	if _, err := m.Hooks(config, map[string]string{"a\xffb": "\xed\xa0"}, false); err != nil {
		t.Fatal(err)
	}
	if config.Hooks == nil || len(config.Hooks.Poststop) != 1 {
		t.Errorf("%v", config.Hooks)
	}
	config = &rspec.Spec{}
	if _, err := m.Hooks(config, map[string]string{"a\x00b": "\x00"}, false); err != nil ||
		config.Hooks != nil {
		t.Error(config.Hooks, err)
	}
}

func TestInvalidArguments(t *testing.T) {
	ctx := context.Background()
	var failure *libhooks.Error
	_, err := New(ctx, []string{"a\x00b"}, nil)
	if !errors.Is(err, syscall.EINVAL) || err.Error() != "open a\x00b: invalid argument" ||
		!errors.As(err, &failure) {
		t.Error(err)
	}
	// The manager keeps its own copy of the caller's slice.
	directories := []string{t.TempDir()}
	m, err := New(ctx, directories, nil)
	if err != nil {
		t.Fatal(err)
	}
	directories[0] = "changed"
	if lines := record(logrus.DebugLevel, func() { monitorOnce(m) }); contains(
		lines,
		`debug monitoring "changed" for hooks`,
	) {
		t.Errorf("%q", lines)
	}
	if _, err := Read("a\x00b.json", nil); !errors.Is(err, syscall.EINVAL) {
		t.Error(err)
	}
	for _, stage := range []string{"a\x00b", "\xff"} {
		var failure *libhooks.Error
		if _, err := New(ctx, nil, []string{stage}); !errors.As(err, &failure) ||
			failure.Code != "invalid-argument" {
			t.Error(err)
		}
		if err := (&current.Hook{}).Validate([]string{stage}); !errors.As(err, &failure) ||
			failure.Code != "invalid-argument" {
			t.Error(err)
		}
	}
}

// monitorOnce starts and ends a monitor.
func monitorOnce(m *Manager) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	sync := make(chan error, 2)
	m.Monitor(ctx, sync)
}

func TestErrors(t *testing.T) {
	directory := t.TempDir()
	path := func(name string) string { return filepath.Join(directory, name) }
	write(t, path("missing.json"), strings.Replace(always, "/bin/sh", "/no/such", 1))
	write(t, path("through.json"), strings.Replace(always, "/bin/sh", "/bin/sh/x", 1))
	write(t, path("stage.json"), always)
	write(
		t,
		path("pattern.json"),
		`{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"commands":["a(b"]},"stages":["poststop"]}`,
	)
	write(t, path("broken.json"), "{\n  \"version\": 1}")
	if err := os.Symlink("loop.json", path("loop.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path("folder.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, code, text string
		is               []error
	}{
		{"absent.json", "unreadable-file", "open PATH: no such file or directory", []error{os.ErrNotExist, fs.ErrNotExist, syscall.ENOENT}},
		{"loop.json", "unreadable-file", "open PATH: too many levels of symbolic links", []error{syscall.ELOOP}},
		{"folder.json", "unreadable-file", "read PATH: is a directory", []error{syscall.EISDIR}},
		{"missing.json", "missing-executable", "faccessat /no/such: no such file or directory", []error{os.ErrNotExist, syscall.ENOENT}},
		{"through.json", "unreachable-executable", "faccessat /bin/sh/x: not a directory", []error{syscall.ENOTDIR}},
		{"stage.json", "unknown-stage", `unknown stage "precreate"`, nil},
		{"pattern.json", "invalid-command", "invalid command \"a(b\": error parsing regexp: missing closing ): `a(b`", nil},
		{"broken.json", "json-type", `parsing hook "PATH": version check: version must be a string, found a number`, nil},
	} {
		_, err := Read(path(c.name), nil)
		var failure *libhooks.Error
		if !errors.As(err, &failure) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if want := strings.ReplaceAll(c.text, "PATH", path(c.name)); err.Error() != want ||
			failure.Code != c.code {
			t.Errorf("%s: %s %q, want %s %q", c.name, failure.Code, err, c.code, want)
		}
		for _, target := range c.is {
			if !errors.Is(err, target) {
				t.Errorf("%s: is not %v", c.name, target)
			}
		}
		var pathError *fs.PathError
		if errors.As(err, &pathError) != (c.is != nil) || errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %#v", c.name, err)
		}
		if failure.Path != path(c.name) {
			t.Errorf("%s: path %q", c.name, failure.Path)
		}
	}
	_, err := Read(path("broken.json"), nil)
	var failure *libhooks.Error
	if !errors.As(err, &failure) || failure.Line != 2 || failure.Column != 14 {
		t.Errorf("%+v", failure)
	}
	if _, err := Read(path("x.yaml"), nil); err != ErrNoJSONSuffix {
		t.Error(err)
	}
	_, err = New(context.Background(), []string{directory}, nil)
	if !errors.As(err, &failure) || len(failure.Diagnostics) < 7 {
		t.Errorf("%+v", failure)
	}
	if err := ReadDir(path("nowhere"), nil, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// Read returns an invalid hook together with its error, like Podman's package.
func TestReadReturnsInvalidHooks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	write(t, path, always)
	hook, err := Read(path, nil)
	if err == nil || hook == nil || hook.Hook.Path != "/bin/sh" {
		t.Error(hook, err)
	}
}

func TestNamesThatAreNotUTF8(t *testing.T) {
	directory := t.TempDir()
	for _, name := range []string{"\xff.json", "\xfe.json"} {
		write(t, filepath.Join(directory, name), always)
	}
	hooks := map[string]*current.Hook{}
	if err := ReadDir(directory, []string{"precreate"}, hooks); err != nil ||
		hooks["\xff.json"] == nil ||
		hooks["\xfe.json"] == nil {
		t.Error(hooks, err)
	}
}

// recorder keeps the log lines.
type recorder struct {
	mutex sync.Mutex
	lines []string
}

func (r *recorder) Levels() []logrus.Level { return logrus.AllLevels }

func (r *recorder) Fire(entry *logrus.Entry) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.lines = append(r.lines, entry.Level.String()+" "+entry.Message)
	return nil
}

// record returns the lines that are logged at this level while body runs.
func record(level logrus.Level, body func()) []string {
	logger := logrus.StandardLogger()
	out, before := logger.Out, logger.GetLevel()
	recorder := &recorder{}
	hooks := logger.ReplaceHooks(logrus.LevelHooks{})
	logrus.AddHook(recorder)
	logrus.SetLevel(level)
	logrus.SetOutput(discard{})
	defer func() {
		logger.ReplaceHooks(hooks)
		logrus.SetLevel(before)
		logrus.SetOutput(out)
	}()
	body()
	return recorder.lines
}

type discard struct{}

func (discard) Write(data []byte) (int, error) { return len(data), nil }

func TestLog(t *testing.T) {
	never := strings.Replace(always, `"always": true`, `"always": false`, 1)
	directory := t.TempDir()
	write(t, filepath.Join(directory, "a.json"), always)
	write(t, filepath.Join(directory, "b.json"), never)
	var m *Manager
	run := func() {
		var err error
		if m, err = New(context.Background(), []string{directory}, []string{"precreate"}); err != nil {
			t.Fatal(err)
		}
		if _, err = m.Hooks(&rspec.Spec{}, nil, false); err != nil {
			t.Fatal(err)
		}
	}
	// At the usual level nothing is logged, as in Podman's package, even though b.json never
	// matches.
	if lines := record(logrus.InfoLevel, run); len(lines) != 0 {
		t.Errorf("%q", lines)
	}
	lines := record(logrus.DebugLevel, run)
	for _, want := range []string{
		"debug reading hooks from " + directory,
		"debug added hook " + directory + "/a.json",
		"debug added hook " + directory + "/b.json",
		"debug hook a.json matched; adding to stages [prestart poststop precreate]",
		"debug hook b.json did not match",
	} {
		if !contains(lines, want) {
			t.Errorf("%q is not among %q", want, lines)
		}
	}
	// A tolerated problem is logged only at the debug level.
	write(t, filepath.Join(directory, "b.json"), strings.Replace(always, "/bin/sh", "/no/such", 1))
	if lines := record(logrus.InfoLevel, run); len(lines) != 0 {
		t.Errorf("%q", lines)
	}
	failed := "error Failed loading hooks for " + directory + `/b.json: parsing hook "` +
		directory + `/b.json": version check: `
	for content, want := range map[string]string{
		"{":  failed + "unexpected end of JSON input",
		"{]": failed + "expected a key in double quotes, found ']'",
	} {
		write(t, filepath.Join(directory, "b.json"), content)
		lines = record(logrus.ErrorLevel, m.reload)
		if len(lines) != 1 || lines[0] != want {
			t.Errorf("%s: %q", content, lines)
		}
	}
	// A known problem is not logged again.
	if lines := record(logrus.ErrorLevel, m.reload); len(lines) != 0 {
		t.Errorf("%q", lines)
	}
}

func contains(lines []string, want string) bool {
	for _, line := range lines {
		if line == want {
			return true
		}
	}
	return false
}

// Goroutines match hooks, reload, and make managers that become garbage, all at once.
func TestGoroutines(t *testing.T) {
	m, directory := manager(t, map[string]string{"a.json": always})
	var group sync.WaitGroup
	for i := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for j := range 200 {
				switch {
				case i == 0:
					m.reload()
				case i == 1 && j%10 == 0:
					directories, stages := []string{directory}, []string{"precreate"}
					if _, err := New(context.Background(), directories, stages); err != nil {
						t.Error(err)
					}
					runtime.GC()
				default:
					config := &rspec.Spec{}
					extension, err := m.Hooks(config, nil, false)
					if err != nil || len(config.Hooks.Poststop) != 1 ||
						len(extension["precreate"]) != 1 {
						t.Error(config.Hooks, extension, err)
					}
				}
			}
		}()
	}
	group.Wait()
}

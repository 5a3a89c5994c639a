package hooks

import (
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"

	"github.com/sirupsen/logrus"

	"libhooks"
	old "libhooks/hooks/0.1.0"
	current "libhooks/hooks/1.0.0"
	"libhooks/internal/native"
	"libhooks/internal/wire"
)

type reader func(content []byte) (*current.Hook, error)

var (
	// ErrNoJSONSuffix is the error for a file whose name does not end in ".json". It is not wrapped
	// in a *libhooks.Error.
	ErrNoJSONSuffix = errors.New("hook filename does not end in '.json'")

	// Readers maps a hook file's version to the function that parses it. Changes take effect at the
	// next load. The map must not be changed while hooks are loaded or while a Monitor runs.
	//
	// A reader is called from inside libhooks.so. It may panic, but must not end its goroutine
	// (runtime.Goexit, and therefore testing.T.FailNow): that leaks the resources of the call. The
	// hook that it returns is copied, and must be UTF-8.
	Readers = map[string]reader{
		current.Version: current.Read,
		old.Version:     old.Read,
		"":              old.Read,
	}
)

// own holds the readers that libhooks.so implements itself.
var own = map[string]uintptr{
	current.Version: pointerOf(current.Read),
	old.Version:     pointerOf(old.Read),
	"":              pointerOf(old.Read),
}

// Read reads a hook file and validates it. It also returns a hook that is not valid, together with
// the error.
func Read(path string, extensionStages []string) (*current.Hook, error) {
	return read(nil, path, extensionStages)
}

// ReadInRoot does what Read does, but resolves the path, symlinks and the hook's program inside a
// root, as NewInRoot does.
func ReadInRoot(root, path string, extensionStages []string) (*current.Hook, error) {
	return read(&root, path, extensionStages)
}

func read(root *string, path string, extensionStages []string) (*current.Hook, error) {
	if strings.IndexByte(path, 0) >= 0 && !strings.HasSuffix(path, ".json") {
		// The name is checked before the path, and the library would see a shorter name.
		return nil, ErrNoJSONSuffix
	}
	text, err := native.ReadFile(root, path, extensionStages, callbacks(nil))
	var failure *libhooks.Error
	if errors.As(err, &failure) && failure.Code == "no-json-suffix" {
		return nil, ErrNoJSONSuffix
	}
	if text == nil {
		return nil, err
	}
	hook, decodeErr := wire.Decode[*wire.Hook](text)
	if decodeErr != nil {
		return nil, decodeErr
	}
	return hookOf(hook), err
}

// ReadDir reads the hook files in a directory and validates them. It adds the valid hooks to hooks
// by file name, replacing existing entries, and returns one error for all other files. The
// directory must exist.
func ReadDir(path string, extensionStages []string, hooks map[string]*current.Hook) error {
	return readDir(nil, path, extensionStages, hooks)
}

// ReadDirInRoot does what ReadDir does, but resolves the path, symlinks and the hooks' programs
// inside a root, as NewInRoot does.
func ReadDirInRoot(
	root, path string,
	extensionStages []string,
	hooks map[string]*current.Hook,
) error {
	return readDir(&root, path, extensionStages, hooks)
}

func readDir(
	root *string,
	path string,
	extensionStages []string,
	hooks map[string]*current.Hook,
) error {
	text, err := native.ReadDir(root, path, extensionStages, callbacks(nil))
	if text == nil {
		return err
	}
	list, decodeErr := wire.Decode[struct{ Hooks []wire.Listed }](text)
	if decodeErr != nil {
		return decodeErr
	}
	for i := range list.Hooks {
		listed := &list.Hooks[i]
		hooks[filepath.Base(listed.Exact())] = hookOf(&listed.Hook)
	}
	return err
}

func hookOf(hook *wire.Hook) *current.Hook {
	if hook == nil {
		return nil
	}
	return &current.Hook{
		Version: hook.Version,
		Hook:    hook.Hook,
		When:    current.When(hook.When),
		Stages:  hook.Stages,
	}
}

// callbacks returns the functions that the library calls while it loads hooks. loaded says whether
// this is a reload; nil means never.
func callbacks(loaded *atomic.Bool) *native.Callbacks {
	level := native.LogWarning
	if logrus.IsLevelEnabled(logrus.DebugLevel) {
		level = native.LogDebug
	}
	log := func(level native.Level, message string, data []byte) {
		var about struct{ Path, Code string }
		// The JSON comes from the library. Without it the message is still useful.
		_ = json.Unmarshal(data, &about)
		fields := logrus.Fields{"path": about.Path, "code": about.Code}
		switch {
		case about.Code == "":
			// A step of the work, with the same message as in Podman's package.
			logrus.Debug(message)
		case about.Code == "watch-refused":
			// The problem is in the system, not in a hook file, and its administrator must fix it.
			logrus.WithFields(fields).Warn(message)
		case level == native.LogError && loaded != nil && loaded.Load():
			// Other calls return this as an error, but a reload in a monitor has no caller.
			logrus.Errorf("Failed loading hooks for %s: %s", about.Path, message)
		default:
			// Podman's package does not log these, so they appear only at the debug level.
			logrus.WithFields(fields).Debug(message)
		}
	}
	return &native.Callbacks{Log: log, LogLevel: level, Read: answer, Asks: asks}
}

// readers returns the current readers.
func readers() map[string]uintptr {
	pointers := make(map[string]uintptr, len(Readers))
	for version, reader := range Readers {
		pointers[version] = pointerOf(reader)
	}
	return pointers
}

// asks reports whether Readers differs from the library's own readers.
func asks() bool {
	return !maps.Equal(readers(), own)
}

// answer is the library's reader callback. It uses Readers.
func answer(version string, content []byte) (native.Reading, string) {
	reader, ok := Readers[version]
	if !ok {
		return native.ReadUnrecognized, ""
	}
	if pointer, ok := own[version]; ok && pointer == pointerOf(reader) {
		return native.ReadDefault, ""
	}
	// The content belongs to the library, and the reader may keep its copy.
	hook, err := reader(append([]byte(nil), content...))
	if err != nil {
		return native.ReadFailed, err.Error()
	}
	if hook == nil {
		return native.ReadHook, wire.Encode[wire.Hook](nil)
	}
	read := &wire.Hook{
		Version: hook.Version,
		Hook:    hook.Hook,
		When:    libhooks.When(hook.When),
		Stages:  hook.Stages,
	}
	if !read.IsUTF8() {
		// JSON would change the strings, and so the command that is run.
		return native.ReadFailed, "the reader's hook is not UTF-8"
	}
	return native.ReadHook, wire.Encode(read)
}

// pointerOf returns a function's address, since Go cannot compare functions.
func pointerOf(reader reader) uintptr {
	return reflect.ValueOf(reader).Pointer()
}

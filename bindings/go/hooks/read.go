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
	// ErrNoJSONSuffix is the error, as it is, of a file whose name does not end in ".json".
	ErrNoJSONSuffix = errors.New("hook filename does not end in '.json'")

	// Readers are who reads hook files, by the version that these say. One that is put in, replaced
	// or deleted counts from the next load on. It must not be changed while hooks are loaded, nor
	// while a Monitor runs.
	//
	// A reader is called from within libhooks.so. It may panic, but must not end its goroutine
	// (runtime.Goexit, and so testing.T.FailNow): that leaks what the call holds. The hook that it
	// returns is copied, and must be UTF-8.
	Readers = map[string]reader{
		current.Version: current.Read,
		old.Version:     old.Read,
		"":              old.Read,
	}
)

// own are the readers that libhooks.so has itself.
var own = map[string]uintptr{
	current.Version: pointerOf(current.Read),
	old.Version:     pointerOf(old.Read),
	"":              pointerOf(old.Read),
}

// Read reads a hook file and validates it. A hook that is not valid is returned, too, beside the
// error.
func Read(path string, extensionStages []string) (*current.Hook, error) {
	if strings.IndexByte(path, 0) >= 0 && !strings.HasSuffix(path, ".json") {
		// The name is wrong before the path is, and the library would see another one.
		return nil, ErrNoJSONSuffix
	}
	text, err := native.ReadFile(path, extensionStages, callbacks(nil))
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

// ReadDir reads the hook files of a directory and validates them. It adds the good ones to hooks,
// by file name, in place of those that are there, and returns one error about all others. The
// directory must exist.
func ReadDir(path string, extensionStages []string, hooks map[string]*current.Hook) error {
	text, err := native.ReadDir(path, extensionStages, callbacks(nil))
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

// callbacks are what the library asks of Go while it loads hooks. loaded says whether this is a
// reload; nil: never.
func callbacks(loaded *atomic.Bool) *native.Callbacks {
	level := native.LogWarning
	if logrus.IsLevelEnabled(logrus.DebugLevel) {
		level = native.LogDebug
	}
	log := func(level native.Level, message string, data []byte) {
		var about struct{ Path, Code string }
		// The library's own JSON; without it the message still says what there is to say.
		_ = json.Unmarshal(data, &about)
		fields := logrus.Fields{"path": about.Path, "code": about.Code}
		switch {
		case about.Code == "":
			// What is being done, in the reference's words.
			logrus.Debug(message)
		case about.Code == "watch-refused":
			// Not of a hook file, but of the system, for who runs it to put right.
			logrus.WithFields(fields).Warn(message)
		case level == native.LogError && loaded != nil && loaded.Load():
			// A call that fails returns what it lost; a reload has nobody to return it to.
			logrus.Errorf("Failed loading hooks for %s: %s", about.Path, message)
		default:
			// The reference says nothing of these, so who does not ask for them is not bothered.
			logrus.WithFields(fields).Debug(message)
		}
	}
	return &native.Callbacks{Log: log, LogLevel: level, Read: read, Asks: asks}
}

// readers are who reads now.
func readers() map[string]uintptr {
	pointers := make(map[string]uintptr, len(Readers))
	for version, reader := range Readers {
		pointers[version] = pointerOf(reader)
	}
	return pointers
}

// asks says whether a reader is not the library's own, or one of those is not there.
func asks() bool {
	return !maps.Equal(readers(), own)
}

// read answers the library from Readers.
func read(version string, content []byte) (native.Reading, string) {
	reader, ok := Readers[version]
	if !ok {
		return native.ReadUnrecognized, ""
	}
	if pointer, ok := own[version]; ok && pointer == pointerOf(reader) {
		return native.ReadDefault, ""
	}
	// The content is the library's, and the reader may keep it.
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
	if !read.IsText() {
		// JSON would change what is run.
		return native.ReadFailed, "the reader's hook is not UTF-8"
	}
	return native.ReadHook, wire.Encode(read)
}

// pointerOf tells functions apart, which Go does not compare.
func pointerOf(reader reader) uintptr {
	return reflect.ValueOf(reader).Pointer()
}

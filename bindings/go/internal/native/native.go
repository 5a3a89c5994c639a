// Package native calls libhooks.so and is the only package that uses C. Every function converts its
// arguments, calls the library, and converts the results. All errors are of type *libhooks.Error.
package native

/*
#include <stdint.h>
#include <stdlib.h>
#include "library.h"

// These functions do not call back and do not keep their arguments, so the arguments may stay on
// Go's stack.
#cgo noescape hooks_snapshot_match
#cgo nocallback hooks_snapshot_match
#cgo noescape hooks_snapshot_hook
#cgo nocallback hooks_snapshot_hook
#cgo noescape hooks_decode
#cgo nocallback hooks_decode
#cgo noescape hooks_validate
#cgo nocallback hooks_validate
#cgo noescape hooks_when_match_request
#cgo nocallback hooks_when_match_request

extern void libhooks_go_log (uintptr_t, int, char *, char *);
extern int libhooks_go_read (uintptr_t, char *, void *, size_t, char **);

static void
on_log (void *handle, int level, const char *message, const char *fields)
{
  libhooks_go_log ((uintptr_t) handle, level, (char *) message, (char *) fields);
}

// Whether to call Go for each file. Entering Go only to learn that the library must read the file
// takes longer than reading it.
static int asks;

static void
set_asks (int value)
{
  __atomic_store_n (&asks, value, __ATOMIC_RELAXED);
}

static int
on_read (void *handle, const char *version, const void *content, size_t length, char **answer)
{
  if (!__atomic_load_n (&asks, __ATOMIC_RELAXED))
    return HOOKS_READER_DEFAULT;
  return libhooks_go_read ((uintptr_t) handle, (char *) version, (void *) content, length, answer);
}

// A handle is a number that C passes as a pointer.
static void
set_log (hooks_options_t *options, uintptr_t handle, int level)
{
  hooks_options_set_log (options, on_log, (void *) handle);
  hooks_options_set_log_level (options, level);
}

static void
set_reader (hooks_options_t *options, uintptr_t handle)
{
  hooks_options_set_reader (options, on_read, (void *) handle);
}
*/
import "C"

import (
	"io/fs"
	"runtime"
	"runtime/cgo"
	"strings"
	"sync"
	"syscall"
	"unicode/utf8"
	"unsafe"

	"libhooks"
)

// Manager is a hooks_manager_t. It is freed when it becomes garbage.
type Manager struct {
	pointer   *C.hooks_manager_t
	callbacks *Callbacks
	// Concurrent reloads could not determine whose callback panicked.
	reloading sync.Mutex
}

// Snapshot is a hooks_snapshot_t. It is freed when it becomes garbage, and does not need its
// manager.
type Snapshot struct {
	pointer *C.hooks_snapshot_t
	// Go does not count a pointer to an incomplete C type as a pointer. A value without pointers
	// shares an allocation with other small values, and the cleanup would run only once all of them
	// are garbage.
	_ unsafe.Pointer
}

// NewManager calls hooks_manager_new. root is nil for the root of the process. The callbacks are
// used for the lifetime of the manager.
func NewManager(
	root *string,
	directories, stages []string,
	callbacks *Callbacks,
) (*Manager, error) {
	if err := checkRoot(root); err != nil {
		return nil, err
	}
	for _, directory := range directories {
		if err := checkPath(directory); err != nil {
			return nil, err
		}
	}
	cStages, err := stageList(stages)
	if err != nil {
		return nil, err
	}
	defer cStages.free()
	cDirectories := newStringList(directories)
	defer cDirectories.free()
	options, handle := newOptions(root, callbacks)
	defer C.hooks_options_free(options)

	manager := &Manager{callbacks: callbacks}
	var failure *C.hooks_error_t
	status := C.hooks_manager_new(
		cDirectories.first,
		cDirectories.count,
		cStages.first,
		cStages.count,
		options,
		&manager.pointer,
		&failure,
	)
	if status != C.HOOKS_STATUS_OK {
		handle.Delete()
		err := take(failure)
		callbacks.rethrow()
		return nil, err
	}
	// The library calls back only from inside its functions, and releases the callbacks with the
	// manager.
	runtime.AddCleanup(manager, func(pointer *C.hooks_manager_t) {
		C.hooks_manager_free(pointer)
		handle.Delete()
	}, manager.pointer)
	callbacks.rethrow()
	return manager, nil
}

// Reload calls hooks_manager_reload.
func (m *Manager) Reload() error {
	defer runtime.KeepAlive(m)
	m.reloading.Lock()
	defer m.reloading.Unlock()
	m.callbacks.load()
	var failure *C.hooks_error_t
	C.hooks_manager_reload(m.pointer, &failure)
	err := take(failure)
	m.callbacks.rethrow()
	return err
}

// Snapshot calls hooks_manager_snapshot.
func (m *Manager) Snapshot() *Snapshot {
	defer runtime.KeepAlive(m)
	snapshot := &Snapshot{pointer: C.hooks_manager_snapshot(m.pointer)}
	runtime.AddCleanup(
		snapshot,
		func(pointer *C.hooks_snapshot_t) { C.hooks_snapshot_free(pointer) },
		snapshot.pointer,
	)
	return snapshot
}

// Generation calls hooks_snapshot_generation.
func (s *Snapshot) Generation() uint64 {
	defer runtime.KeepAlive(s)
	return uint64(C.hooks_snapshot_generation(s.pointer))
}

// Len calls hooks_snapshot_len.
func (s *Snapshot) Len() int {
	defer runtime.KeepAlive(s)
	return int(C.hooks_snapshot_len(s.pointer))
}

// Hook calls hooks_snapshot_hook.
func (s *Snapshot) Hook(index int) ([]byte, error) {
	defer runtime.KeepAlive(s)
	var text *C.char
	var failure *C.hooks_error_t
	if C.hooks_snapshot_hook(s.pointer, C.size_t(index), &text, &failure) != C.HOOKS_STATUS_OK {
		return nil, take(failure)
	}
	return takeString(text), nil
}

// Match calls hooks_snapshot_match. It writes at most len(indexes) indexes, and returns the number
// of matching hooks.
func (s *Snapshot) Match(request []byte, hasBindMounts bool, indexes []uint32) (int, error) {
	defer runtime.KeepAlive(s)
	var count C.size_t
	var failure *C.hooks_error_t
	status := C.hooks_snapshot_match(
		s.pointer,
		unsafe.Pointer(unsafe.SliceData(request)),
		C.size_t(len(request)),
		cBool(hasBindMounts),
		(*C.uint32_t)(unsafe.SliceData(indexes)),
		C.size_t(len(indexes)),
		&count,
		&failure,
	)
	if status != C.HOOKS_STATUS_OK {
		return 0, take(failure)
	}
	return int(count), nil
}

// ReadFile calls hooks_read_file_with_options. It also returns a hook that is not valid, together
// with the error.
func ReadFile(root *string, path string, stages []string, callbacks *Callbacks) ([]byte, error) {
	return load(root, path, false, stages, callbacks)
}

// ReadDir calls hooks_read_dir_with_options. It also returns the list if there is an error, unless
// an argument is invalid.
func ReadDir(root *string, path string, stages []string, callbacks *Callbacks) ([]byte, error) {
	return load(root, path, true, stages, callbacks)
}

func load(
	root *string,
	path string,
	isDir bool,
	stages []string,
	callbacks *Callbacks,
) ([]byte, error) {
	if err := checkRoot(root); err != nil {
		return nil, err
	}
	if err := checkPath(path); err != nil {
		return nil, err
	}
	cStages, err := stageList(stages)
	if err != nil {
		return nil, err
	}
	defer cStages.free()
	cPath := C.CString(path)
	defer C.free(unsafe.Pointer(cPath))
	options, handle := newOptions(root, callbacks)
	defer handle.Delete()
	defer C.hooks_options_free(options)

	var text *C.char
	var failure *C.hooks_error_t
	if isDir {
		C.hooks_read_dir_with_options(
			cPath, cStages.first, cStages.count, options, &text, &failure)
	} else {
		C.hooks_read_file_with_options(
			cPath, cStages.first, cStages.count, options, &text, &failure)
	}
	result := takeString(text)
	err = take(failure)
	callbacks.rethrow()
	return result, err
}

// Decode calls hooks_decode.
func Decode(content []byte, version string) ([]byte, error) {
	text := notNil(content)
	cVersion := C.CString(version)
	defer C.free(unsafe.Pointer(cVersion))
	var hook *C.char
	var failure *C.hooks_error_t
	C.hooks_decode(unsafe.Pointer(&text[0]), C.size_t(len(content)), cVersion, &hook, &failure)
	return takeString(hook), take(failure)
}

// Validate calls hooks_validate.
func Validate(hook string, stages []string) error {
	cStages, err := stageList(stages)
	if err != nil {
		return err
	}
	defer cStages.free()
	cHook := C.CString(hook)
	defer C.free(unsafe.Pointer(cHook))
	var failure *C.hooks_error_t
	C.hooks_validate(cHook, cStages.first, cStages.count, &failure)
	return take(failure)
}

// WhenMatch calls hooks_when_match_request.
func WhenMatch(when string, request []byte, hasBindMounts bool) (bool, error) {
	cWhen := C.CString(when)
	defer C.free(unsafe.Pointer(cWhen))
	var match C.bool
	var failure *C.hooks_error_t
	C.hooks_when_match_request(
		cWhen,
		unsafe.Pointer(unsafe.SliceData(request)),
		C.size_t(len(request)),
		cBool(hasBindMounts),
		&match,
		&failure,
	)
	return bool(match), take(failure)
}

// load must be called before hooks are loaded.
func (c *Callbacks) load() {
	C.set_asks(cBool(c.Asks != nil && c.Asks()))
}

// newOptions returns options with this root and these callbacks. If the root cannot be opened, the
// functions that take the options fail with that error. The handle must exist as long as an object
// made with the options can call them.
func newOptions(root *string, callbacks *Callbacks) (*C.hooks_options_t, cgo.Handle) {
	options := C.hooks_options_new()
	if root != nil {
		cRoot := C.CString(*root)
		defer C.free(unsafe.Pointer(cRoot))
		C.hooks_options_set_root(options, cRoot)
	}
	handle := cgo.NewHandle(callbacks)
	if callbacks.Log != nil {
		C.set_log(options, C.uintptr_t(handle), C.int(callbacks.LogLevel))
	}
	callbacks.load()
	if callbacks.Read != nil {
		C.set_reader(options, C.uintptr_t(handle))
	}
	return options, handle
}

// take converts an error of the library, and frees it. It returns nil for NULL.
func take(failure *C.hooks_error_t) error {
	if failure == nil {
		return nil
	}
	defer C.hooks_error_free(failure)
	return parseError([]byte(C.GoString(C.hooks_error_json(failure))))
}

// takeString converts a string of the library, and frees it. It returns nil for NULL.
func takeString(text *C.char) []byte {
	if text == nil {
		return nil
	}
	defer C.hooks_string_free(text)
	return []byte(C.GoString(text))
}

// notNil returns text, or one byte of its own if text is empty: C needs a pointer that is not NULL.
// Pass &text[0], so that cgo looks for pointers only in these bytes, and not in the object that
// contains them.
func notNil(text []byte) []byte {
	if len(text) == 0 {
		return make([]byte, 1)
	}
	return text
}

// stringList is an array of strings in C memory.
type stringList struct {
	first **C.char
	count C.size_t
}

// newStringList clears the memory before it writes pointers to it, as the rules of cgo require. The
// garbage collector reads the values that are overwritten, and crashes if one looks like a pointer
// to a Go object that is gone ("found pointer to free object").
func newStringList(values []string) stringList {
	if len(values) == 0 {
		return stringList{}
	}
	list := stringList{
		(**C.char)(C.calloc(C.size_t(len(values)), C.size_t(unsafe.Sizeof((*C.char)(nil))))),
		C.size_t(len(values)),
	}
	for i, value := range values {
		list.strings()[i] = C.CString(value)
	}
	return list
}

func (l stringList) strings() []*C.char {
	return unsafe.Slice(l.first, int(l.count))
}

func (l stringList) free() {
	for _, value := range l.strings() {
		C.free(unsafe.Pointer(value))
	}
	C.free(unsafe.Pointer(l.first))
}

// stageList converts extension stages. It rejects a stage that is not UTF-8, since no hook file
// could name it, and a stage with a NUL, since C cannot represent it.
func stageList(stages []string) (stringList, error) {
	for _, stage := range stages {
		if strings.IndexByte(stage, 0) >= 0 || !utf8.ValidString(stage) {
			return stringList{}, Invalid(
				"extensionStages: " + stage + " contains a NUL or is not UTF-8",
			)
		}
	}
	return newStringList(stages), nil
}

// checkPath rejects a path with a NUL, which C would truncate. The error is the one that the system
// reports.
func checkPath(path string) error {
	if strings.IndexByte(path, 0) >= 0 {
		system := &fs.PathError{Op: "open", Path: path, Err: syscall.EINVAL}
		return &libhooks.Error{
			Kind:    "io",
			Code:    "unreadable-file",
			Message: system.Error(),
			Errno:   syscall.EINVAL,
			Path:    path,
			System:  system,
		}
	}
	return nil
}

// checkRoot does the same for a root, which may be nil.
func checkRoot(root *string) error {
	if root == nil {
		return nil
	}
	return checkPath(*root)
}

// Invalid returns the error for an invalid argument.
func Invalid(message string) *libhooks.Error {
	return &libhooks.Error{Kind: "invalid-argument", Code: "invalid-argument", Message: message}
}

func cBool(value bool) C.int {
	if value {
		return 1
	}
	return 0
}

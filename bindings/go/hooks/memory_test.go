//go:build !race && !asan

// The race detector and the address sanitizer use additional memory.

package hooks

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"

	old "libhooks/hooks/0.1.0"
	current "libhooks/hooks/1.0.0"
)

// resident collects garbage and returns the resident memory of the process in kB.
func resident(t *testing.T) int {
	// Memory that a cleanup releases is garbage only in the next collection.
	for range 3 {
		runtime.GC()
	}
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		var size int
		if _, err := fmt.Sscanf(string(line), "VmRSS: %d kB", &size); err == nil {
			return size
		}
	}
	t.Fatal("no VmRSS in /proc/self/status")
	return 0
}

// grow makes 100,000 calls with a reload after every 250, each with a changed hook. It returns the
// growth of the memory in kB since the first 1,000 calls.
func grow(t *testing.T, afterReload func(*Manager)) int {
	files := map[string]string{}
	for i := range 50 {
		files[fmt.Sprintf("%02d.json", i)] = strings.Replace(
			always,
			`"always": true`,
			fmt.Sprintf(`"annotations": {"^key-%d$": "^v+$"}`, i),
			1,
		)
	}
	m, directory := manager(t, files)
	before := 0
	for i := range 100_000 {
		if i == 1000 {
			before = resident(t)
		}
		if i%250 == 0 {
			write(
				t,
				filepath.Join(directory, "00.json"),
				strings.Replace(
					always,
					`"always": true`,
					fmt.Sprintf(`"always": true, "commands": ["^%d$"]`, i),
					1,
				),
			)
			m.reload()
			afterReload(m)
		}
		config := &rspec.Spec{Process: &rspec.Process{Args: []string{"/bin/sh"}}}
		annotations := map[string]string{fmt.Sprintf("key-%d", i%50): "vvv"}
		if _, err := m.Hooks(config, annotations, false); err != nil {
			t.Fatal(err)
		}
	}
	after := resident(t)
	t.Logf("%d kB after 1,000 calls, %d kB after 100,000", before, after)
	return after - before
}

// TestMemoryOfEachFunction calls every function with valid and invalid arguments, and checks that
// the library leaks nothing.
func TestMemoryOfEachFunction(t *testing.T) {
	logrus.SetOutput(discard{})
	defer logrus.SetOutput(os.Stderr)
	directory := t.TempDir()
	path := func(name string) string { return filepath.Join(directory, name) }
	// The strings are long, so that a leak is visible.
	long := strings.Repeat("x", 50_000)
	write(t, path("good.json"), strings.Replace(always, `"true"`, `"`+long+`"`, 1))
	bad := `{"version": "` + long + `"}`
	for _, name := range []string{"bad", "error", "panic"} {
		if err := os.Mkdir(path(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, path("bad/bad.json"), bad)
	write(t, path("error/error.json"), `{"version": "error"}`)
	write(t, path("panic/panic.json"), `{"version": "panic"}`)
	with(t, "error", func([]byte) (*current.Hook, error) { return nil, errors.New(long) })
	with(t, "panic", func([]byte) (*current.Hook, error) { panic(long) })
	// A stage has at most 255 bytes.
	stages := []string{"precreate", long[:255]}
	hook, err := Read(path("good.json"), stages)
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(t.Context(), []string{directory}, stages)
	if err != nil {
		t.Fatal(err)
	}
	annotations := map[string]string{"a": long}
	spec := &rspec.Spec{Process: &rspec.Process{}}
	commands := current.When{Commands: []string{long}}
	round := func() {
		for _, directory := range []string{directory, path("bad"), path("error"), path("nowhere")} {
			_, _ = New(t.Context(), []string{directory, directory}, stages)
			_ = ReadDir(directory, stages, map[string]*current.Hook{})
		}
		for _, name := range []string{"good.json", "bad/bad.json", "error/error.json", "nowhere.json"} {
			_, _ = Read(path(name), stages)
		}
		for _, content := range []string{always, bad, "", "null"} {
			_, _ = current.Read([]byte(content))
			_, _ = old.Read([]byte(content))
		}
		_ = hook.Validate(stages)
		_ = hook.Validate(nil)
		_, _ = hook.When.Match(spec, annotations, true)
		_, _ = commands.Match(spec, annotations, true)
		_, _ = m.Hooks(&rspec.Spec{}, annotations, true)
		_, _ = m.Explain(spec, annotations, true)
		_, _ = m.Explain(spec, map[string]string{"\xfe": long, "\xff": long}, true)
		_, _ = m.List()
		_, _ = m.Diagnostics()
		m.reload()
		for _, call := range []func(){
			func() { _, _ = Read(path("panic/panic.json"), stages) },
			func() { _ = ReadDir(path("panic"), stages, nil) },
			func() { _, _ = New(t.Context(), []string{path("panic")}, stages) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				call()
			}()
		}
	}
	before := 0
	for i := range 500 {
		if i == 100 {
			before = resident(t)
		}
		round()
	}
	after := resident(t)
	t.Logf("%d kB after 100 rounds, %d kB after 500", before, after)
	if after-before > 4096 {
		t.Errorf("grown by %d kB: 400 strings of 50 kB are 20,000", after-before)
	}
}

func TestMemory(t *testing.T) {
	if grown := grow(t, func(*Manager) {}); grown > 2048 {
		t.Errorf("grown by %d kB", grown)
	}
	// The control experiment keeps everything that is loaded.
	var kept []*Manager
	grown := grow(t, func(m *Manager) {
		again, err := New(t.Context(), m.directories, []string{"precreate"})
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, again)
	})
	if grown <= 2048 {
		t.Errorf("the test does not detect a leak: grown by %d kB", grown)
	}
	runtime.KeepAlive(kept)
}

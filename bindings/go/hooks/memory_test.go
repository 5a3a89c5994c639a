//go:build !race

// The race detector has memory of its own.

package hooks

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
)

// resident is how much memory the process has, in kB, once what is garbage is gone.
func resident(t *testing.T) int {
	// What cleanups free is garbage only after the first of them.
	for range 3 {
		runtime.GC()
	}
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for line := range bytes.Lines(status) {
		var size int
		if _, err := fmt.Sscanf(string(line), "VmRSS: %d kB", &size); err == nil {
			return size
		}
	}
	t.Skip("no VmRSS in /proc/self/status")
	return 0
}

// grow makes 100,000 calls with a reload after every 250th, each of which finds another hook, and returns by how many
// kB the memory has grown since the first thousand.
func grow(t *testing.T, afterReload func(*Manager)) int {
	files := map[string]string{}
	for i := range 50 {
		files[fmt.Sprintf("%02d.json", i)] = strings.Replace(always, `"always": true`, fmt.Sprintf(`"annotations": {"^key-%d$": "^v+$"}`, i), 1)
	}
	m, directory := manager(t, files)
	before := 0
	for i := range 100_000 {
		if i == 1000 {
			before = resident(t)
		}
		if i%250 == 0 {
			write(t, filepath.Join(directory, "00.json"), strings.Replace(always, `"always": true`, fmt.Sprintf(`"always": true, "commands": ["^%d$"]`, i), 1))
			m.reload()
			afterReload(m)
		}
		config := &rspec.Spec{Process: &rspec.Process{Args: []string{"/bin/sh"}}}
		if _, err := m.Hooks(config, map[string]string{fmt.Sprintf("key-%d", i%50): "vvv"}, false); err != nil {
			t.Fatal(err)
		}
	}
	after := resident(t)
	t.Logf("%d kB after 1,000 calls, %d kB after 100,000", before, after)
	return after - before
}

func TestMemory(t *testing.T) {
	if grown := grow(t, func(*Manager) {}); grown > 2048 {
		t.Errorf("grown by %d kB", grown)
	}
	// The control: the same, but whatever is loaded stays.
	var kept []*Manager
	grown := grow(t, func(m *Manager) {
		again, err := New(t.Context(), m.directories, []string{"precreate"})
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, again)
	})
	if grown <= 2048 {
		t.Errorf("the test does not see what is kept: grown by %d kB", grown)
	}
	runtime.KeepAlive(kept)
}

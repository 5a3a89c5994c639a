package reference

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const swapped = "testdata/swap/main.go"

// swapFiles are the files in the hook directories of the program.
var swapFiles = map[string]string{
	"all/always.json":   `{"version": "1.0.0", "hook": {"path": "/bin/sh", "args": ["a"], "env": ["A=1"], "timeout": 3}, "when": {"always": true}, "stages": ["prestart", "precreate"]}`,
	"all/old.json":      `{"hook": "/bin/sh", "arguments": ["b"], "stage": ["poststop"], "cmds": ["sh"], "annotation": ["b", "c"], "hasbindmounts": false}`,
	"all/swap.json":     `{"version": "swap", "hook": "/bin/sh", "arguments": [], "stages": ["poststart"], "cmd": ["sh"]}`,
	"all/swap-bad.json": `{"version": "swap", "hook": "/bin/sh"}`,
	"all/missing.json":  `{"version": "1.0.0", "hook": {"path": "/nonexistent"}, "when": {}, "stages": []}`,
	"all/stage.json":    `{"version": "1.0.0", "hook": {"path": "/bin/sh"}, "when": {"commands": []}, "stages": ["\u00e9"]}`,
	"all/ends.json":     `{"version": "1.0.0"`,
	"all/none.txt":      ``,
	"good/always.json":  `{"version": "1.0.0", "hook": {"path": "/bin/sh", "args": ["good"], "timeout": 0}, "when": {"annotations": {"^a$": "b"}}, "stages": ["createRuntime", "poststop"]}`,
	"good/B.json":       `{"version": "1.0.0", "hook": {"path": "/bin/sh"}, "when": {"commands": ["^/bin/sh$"], "hasBindMounts": true}, "stages": ["poststart", "startContainer", "createContainer"]}`,
	"good/c.json":       `{"version": "swap", "hook": "/bin/sh", "stages": ["poststop"], "cmds": ["sh"]}`,
	"watched/README":    ``,
}

// TestImportSwap runs one program with the packages of each side; it must print the same.
func TestImportSwap(t *testing.T) {
	source, err := os.ReadFile(swapped)
	if err != nil {
		t.Fatal(err)
	}
	usesAll(t, string(source))
	directory := t.TempDir()
	theirs := runSwap(t, filepath.Join(directory, "theirs"))
	ourSource := strings.ReplaceAll(string(source), theirModule+"hooks", ourModule+"hooks")
	ourFile := filepath.Join(directory, "main.go")
	if err := os.WriteFile(ourFile, []byte(ourSource), 0o644); err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(swapped)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: ourFile}})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile := filepath.Join(directory, "overlay.json")
	if err := os.WriteFile(overlayFile, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	ours := runSwap(t, filepath.Join(directory, "ours"), "-overlay", overlayFile)
	theirLines, ourLines := strings.Split(theirs, "\n"), strings.Split(ours, "\n")
	t.Logf("%d lines", len(theirLines))
	if len(theirLines) < 100 {
		t.Errorf("only %d lines: %s", len(theirLines), theirs)
	}
	for i := range max(len(theirLines), len(ourLines)) {
		line := func(lines []string) string {
			if i < len(lines) {
				return lines[i]
			}
			return "nothing"
		}
		if line(theirLines) != line(ourLines) {
			t.Errorf("line %d:\nwant %s\ngot  %s", i+1, line(theirLines), line(ourLines))
		}
	}
}

// usesAll fails if the program does not use everything that the reference exports.
func usesAll(t *testing.T, source string) {
	packages := loadPackages(t)
	for name, path := range map[string]string{
		"hooks":   "hooks",
		"current": "hooks/1.0.0",
		"old":     "hooks/0.1.0",
		"exec":    "hooks/exec",
	} {
		for exported := range exported(packages(theirModule + path)) {
			if !strings.Contains(source, name+"."+exported) {
				t.Errorf("%s does not use %s.%s", swapped, path, exported)
			}
		}
	}
}

// runSwap builds the program and runs it in a new directory with the files.
func runSwap(t *testing.T, directory string, flags ...string) string {
	program := directory + ".program"
	build := exec.Command(
		"go",
		append(append([]string{"build", "-o", program}, flags...), "./"+filepath.Dir(swapped))...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, out)
	}
	for name, content := range swapFiles {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.Command(program)
	run.Dir = directory
	var errors strings.Builder
	run.Stderr = &errors
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", program, err, out, errors.String())
	}
	return string(out)
}

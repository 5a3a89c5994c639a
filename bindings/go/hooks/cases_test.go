package hooks

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
)

// What the reference answered, replayed: 600 sets of hook files with five containers each. The table is the one of all
// surfaces; tests/cases.rs is Rust's side.
func TestCases(t *testing.T) {
	type request struct {
		Config        string
		Annotations   map[string]string
		HasBindMounts bool
	}
	type answer struct {
		Error               *string
		Hooks               json.RawMessage
		ExtensionStageHooks json.RawMessage
	}
	table, err := os.Open("../../../tests/data/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	lines := bufio.NewScanner(table)
	lines.Buffer(nil, 1<<24)
	cases, refused, answers := 0, 0, 0
	for ; lines.Scan(); cases++ {
		var c struct {
			Dirs     []map[string][]byte
			Stages   []string
			NewError *string `json:"new_error"`
			Requests []request
			Answers  []answer
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		root := t.TempDir()
		var directories []string
		for i, files := range c.Dirs {
			directory := filepath.Join(root, strconv.Itoa(i))
			if err := os.Mkdir(directory, 0o755); err != nil {
				t.Fatal(err)
			}
			for name, content := range files {
				write(t, filepath.Join(directory, name), string(content))
			}
			directories = append(directories, directory)
		}
		manager, err := New(context.Background(), directories, c.Stages)
		if (err != nil) != (c.NewError != nil) {
			t.Fatalf("case %d: New: %v", cases, err)
		}
		if err != nil {
			refused++
			continue
		}
		for i, request := range c.Requests {
			answers++
			want := c.Answers[i]
			var config rspec.Spec
			if err := json.Unmarshal([]byte(request.Config), &config); err != nil {
				t.Fatal(err)
			}
			extension, err := manager.Hooks(&config, request.Annotations, request.HasBindMounts)
			switch {
			case want.Error != nil:
				if err == nil || err.Error() != *want.Error {
					t.Errorf("case %d: %v, want %s", cases, err, *want.Error)
				}
				continue
			case err != nil:
				t.Errorf("case %d: %v", cases, err)
				continue
			}
			if !same(t, config.Hooks, want.Hooks) {
				t.Errorf("case %d: hooks %s, want %s", cases, text(t, config.Hooks), want.Hooks)
			}
			if !same(t, extension, want.ExtensionStageHooks) {
				t.Errorf("case %d: extension stage hooks %s, want %s", cases, text(t, extension), want.ExtensionStageHooks)
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d cases (%d of them refused), %d answers agree with the reference", cases, refused, answers)
	if cases != 600 {
		t.Errorf("%d cases, want 600", cases)
	}
}

func text(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// same tells whether both are the same JSON.
func same(t *testing.T, got any, want json.RawMessage) bool {
	t.Helper()
	var a, b any
	if err := json.Unmarshal(text(t, got), &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(bytes.TrimSpace(want), &b); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(a, b)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

package hooks

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"

	"libhooks"
)

// TestCases replays the results of Podman's package: 600 sets of hook files with five containers
// each. All languages use this table; tests/it/cases.rs is the test in Rust.
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
			wantHooks, wantExtension := explained(
				t,
				manager,
				request.Config,
				request.Annotations,
				request.HasBindMounts,
				want.Error,
			)
			extension, err := manager.Hooks(&config, request.Annotations, request.HasBindMounts)
			if err == nil &&
				!(same(t, wantHooks, text(t, config.Hooks)) &&
					same(t, wantExtension, text(t, extension))) {
				t.Errorf(
					"case %d: Hooks returned %s and %s, but Explain implies %s and %s",
					cases,
					text(t, config.Hooks),
					text(t, extension),
					text(t, wantHooks),
					text(t, wantExtension),
				)
			}
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
				t.Errorf(
					"case %d: extension stage hooks %s, want %s",
					cases,
					text(t, extension),
					want.ExtensionStageHooks,
				)
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	t.Logf(
		"%d cases (%d of them refused), %d answers agree with the reference",
		cases,
		refused,
		answers,
	)
	if cases != 600 {
		t.Errorf("%d cases, want 600", cases)
	}
}

// explained computes the result of Hooks from Explain and List. It also checks that each verdict
// follows from the results of its conditions.
func explained(
	t *testing.T,
	m *Manager,
	text string,
	annotations map[string]string,
	hasBindMounts bool,
	wantError *string,
) (*rspec.Hooks, map[string][]rspec.Hook) {
	t.Helper()
	var config rspec.Spec
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	explanation, err := m.Explain(&config, annotations, hasBindMounts)
	if err != nil {
		t.Fatal(err)
	}
	listing, err := m.List()
	if err != nil {
		t.Fatal(err)
	}
	if wantError == nil {
		wantError = new(string)
	}
	if explanation.Error != *wantError {
		t.Errorf("explained: %q, want %q", explanation.Error, *wantError)
	}
	if len(listing.Hooks) != len(explanation.Hooks) ||
		!reflect.DeepEqual(listing.Masked, explanation.Masked) {
		t.Fatalf("%+v and %+v are not the same hooks", listing, explanation)
	}
	var extension map[string][]rspec.Hook
	for i := range listing.Hooks {
		listed, verdict := &listing.Hooks[i], &explanation.Hooks[i]
		if listed.Path != verdict.Path || listed.Name != verdict.Name ||
			!slices.Equal(listed.Stages, verdict.Stages) {
			t.Errorf("List has %+v, but Explain has %+v", listed, verdict)
		}
		if want := impliedVerdict(verdict); verdict.Verdict != want {
			t.Errorf("%+v: its conditions imply %s", verdict, want)
		}
		if verdict.Matches() {
			hook := &hook{
				hook:            listed.Hook,
				injected:        listed.Injected,
				extensionStages: listed.ExtensionStages,
			}
			extension = hook.inject(&config, extension)
		}
	}
	return config.Hooks, extension
}

// impliedVerdict returns the verdict that follows from the results of a hook's conditions.
func impliedVerdict(verdict *libhooks.HookVerdict) string {
	held, failed := false, false
	for _, condition := range verdict.Conditions {
		switch {
		case condition.AfterVerdict:
		case condition.Outcome == "error":
			return "error"
		default:
			held = held || condition.Outcome == "holds"
			failed = failed || condition.Outcome == "fails"
		}
	}
	if held && (verdict.AnyOf || !failed) {
		return "match"
	}
	return "no-match"
}

func text(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// same reports whether both are the same JSON value.
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

// place writes a file elsewhere and renames it to path, so that no reader sees it incomplete.
func place(t *testing.T, path, content string) {
	t.Helper()
	elsewhere := filepath.Join(t.TempDir(), filepath.Base(path))
	write(t, elsewhere, content)
	if err := os.Rename(elsewhere, path); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

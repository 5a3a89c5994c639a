package hook_test

import (
	"errors"
	"reflect"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"

	"libhooks"
	old "libhooks/hooks/0.1.0"
	hook "libhooks/hooks/1.0.0"
)

// These tests have one hook of each kind; tests/reference compares thousands.

func TestRead(t *testing.T) {
	yes, no, timeout := true, false, -1
	for _, c := range []struct {
		content string
		want    *hook.Hook
	}{
		{`null`, nil},
		{`{}`, &hook.Hook{}},
		{`{"version": "7", "stages": []}`, &hook.Hook{Version: "7", Stages: []string{}}},
		{`{"hook": {"path": "a", "args": ["b"], "env": ["c"], "timeout": -1}, "stages": null,
			"when": {"always": true, "hasBindMounts": false, "annotations": {"d": "e"},
				"commands": ["f"], "or": true}}`,
			&hook.Hook{
				Hook: rspec.Hook{
					Path: "a", Args: []string{"b"}, Env: []string{"c"}, Timeout: &timeout,
				},
				When: hook.When{
					Always:        &yes,
					HasBindMounts: &no,
					Annotations:   map[string]string{"d": "e"},
					Commands:      []string{"f"},
				},
			}},
	} {
		if got, err := hook.Read([]byte(c.content)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", c.content, got, err)
		}
	}
	for _, content := range []string{"", "[]", `{"stages": "x"}`, "{} {}"} {
		got, err := hook.Read([]byte(content))
		var failure *libhooks.Error
		if got != nil || !errors.As(err, &failure) || failure.Kind != "json" || failure.Line != 1 {
			t.Errorf("%s: %+v, %v", content, got, err)
		}
	}
}

type request struct {
	next    *request
	content [2]byte
}

// pooled forces its object onto the heap.
var pooled *request

// The bytes may be in an object that contains pointers. cgo must not treat these as pointers passed
// to C.
func TestReadOfBytesAmongPointers(t *testing.T) {
	pooled = &request{new(request), [2]byte{'{', '}'}}
	if got, err := hook.Read(pooled.content[:]); err != nil ||
		!reflect.DeepEqual(got, &hook.Hook{}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestReadOfVersion010(t *testing.T) {
	got, err := old.Read(
		[]byte(
			`{"hook": "a", "arguments": ["b"], "stage": ["c"], "cmd": ["d"], "annotation": ["e", "f"]}`,
		),
	)
	want := &hook.Hook{
		Version: "1.0.0",
		Hook:    rspec.Hook{Path: "a", Args: []string{"a", "b"}},
		When: hook.When{
			Annotations: map[string]string{".*": "e|f"},
			Commands:    []string{"d"},
			Or:          true,
		},
		Stages: []string{"c"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for content, want := range map[string]string{
		`null`:        "missing required property: hook",
		`{"hook":""}`: "missing required property: stages",
	} {
		if got, err := old.Read([]byte(content)); got != nil || err == nil || err.Error() != want {
			t.Errorf("%s: %+v, %v", content, got, err)
		}
	}
}

func TestValidate(t *testing.T) {
	valid := func() *hook.Hook {
		return &hook.Hook{
			Version: "1.0.0",
			Hook:    rspec.Hook{Path: "/bin/sh"},
			Stages:  []string{"precreate"},
		}
	}
	if err := valid().Validate([]string{"precreate"}); err != nil {
		t.Error(err)
	}
	pathless, stageless := valid(), valid()
	pathless.Hook.Path, stageless.Stages = "", nil
	for want, hook := range map[string]*hook.Hook{
		"nil hook": nil,
		`unexpected hook version "" (expecting 1.0.0)`: {},
		"missing required property: hook.path":         pathless,
		"missing required property: stages":            stageless,
		`unknown stage "precreate"`:                    valid(),
	} {
		if err := hook.Validate(nil); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestMatch(t *testing.T) {
	yes := true
	config := &rspec.Spec{Process: &rspec.Process{Args: []string{"/bin/sh"}}}
	annotations := map[string]string{"a": "b"}
	for _, c := range []struct {
		when hook.When
		want bool
	}{
		{hook.When{}, false},
		{hook.When{Always: &yes}, true},
		{hook.When{Always: &yes, HasBindMounts: &yes}, false},
		{hook.When{Always: &yes, HasBindMounts: &yes, Or: true}, true},
		{hook.When{Annotations: map[string]string{"a": "^b$"}, Commands: []string{"sh$"}}, true},
		{hook.When{Annotations: map[string]string{"a": "^c$"}, Commands: []string{"sh$"}}, false},
		{hook.When{Annotations: map[string]string{"a": "^c$"}, Commands: []string{"sh$"}, Or: true}, true},
	} {
		if got, err := c.when.Match(config, annotations, false); err != nil || got != c.want {
			t.Errorf("%+v: %v, %v", c.when, got, err)
		}
	}
	when := hook.When{Commands: []string{"("}}
	if _, err := when.Match(config, nil, false); err == nil ||
		err.Error() != "command: error parsing regexp: missing closing ): `(`" {
		t.Error(err)
	}
	if _, err := when.Match(&rspec.Spec{Process: &rspec.Process{}}, nil, false); err == nil ||
		err.Error() != "process.args must have at least one entry" {
		t.Error(err)
	}
}

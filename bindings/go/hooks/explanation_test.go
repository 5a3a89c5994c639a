package hooks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"

	"libhooks"
	current "libhooks/hooks/1.0.0"
)

// when returns a hook file with these conditions.
func when(conditions string) string {
	return strings.Replace(always, `"always": true`, conditions, 1)
}

// command returns the config of a container that runs this command.
func command(command string) *rspec.Spec {
	return &rspec.Spec{Process: &rspec.Process{Args: []string{command, "more"}}}
}

// explain returns the verdict of the only hook, which has these conditions.
func explain(
	t *testing.T,
	conditions string,
	config *rspec.Spec,
	annotations map[string]string,
	hasBindMounts bool,
) libhooks.HookVerdict {
	t.Helper()
	m, _ := manager(t, map[string]string{"a.json": when(conditions)})
	explanation, err := m.Explain(config, annotations, hasBindMounts)
	if err != nil || len(explanation.Hooks) != 1 {
		t.Fatal(explanation, err)
	}
	return explanation.Hooks[0]
}

func TestExplainEachKindOfCondition(t *testing.T) {
	annotations := map[string]string{"debug": "on", "x": "y"}
	for _, c := range []struct {
		conditions string
		config     *rspec.Spec
		verdict    string
		want       libhooks.Condition
	}{
		{`"always": false`, &rspec.Spec{}, "no-match", libhooks.Condition{
			Kind: "always", Outcome: "fails", Always: &libhooks.AlwaysCondition{},
		}},
		{`"hasBindMounts": true`, &rspec.Spec{}, "match", libhooks.Condition{
			Kind: "has-bind-mounts", Outcome: "holds",
			HasBindMounts: &libhooks.HasBindMountsCondition{Value: true, Container: true},
		}},
		{`"annotations": {"^debug$": "^(on|all)$"}`, &rspec.Spec{}, "match", libhooks.Condition{
			Kind: "annotation", Outcome: "holds",
			Annotation: &libhooks.AnnotationCondition{
				KeyPattern: "^debug$", ValuePattern: "^(on|all)$", Tried: 2,
				Matched: &libhooks.Annotation{Key: "debug", Value: "on"},
			},
		}},
		{`"annotations": {"^debug$": "^far$"}`, &rspec.Spec{}, "no-match", libhooks.Condition{
			Kind: "annotation", Outcome: "fails",
			Annotation: &libhooks.AnnotationCondition{
				KeyPattern: "^debug$", ValuePattern: "^far$", Tried: 2,
				Nearest: &libhooks.Annotation{Key: "debug", Value: "on"},
			},
		}},
		{`"commands": ["^far$", "sh$"]`, command("/bin/sh"), "match", libhooks.Condition{
			Kind: "commands", Outcome: "holds",
			Commands: &libhooks.CommandsCondition{
				Patterns: []string{"^far$", "sh$"}, Command: "/bin/sh", Matched: "sh$",
			},
		}},
		{`"commands": ["sh$"]`, &rspec.Spec{}, "no-match", libhooks.Condition{
			Kind: "commands", Outcome: "ignored",
			Commands: &libhooks.CommandsCondition{Patterns: []string{"sh$"}},
		}},
		{`"commands": ["sh$"]`, &rspec.Spec{Process: &rspec.Process{}}, "error", libhooks.Condition{
			Kind: "commands", Outcome: "error", Error: "process.args must have at least one entry",
			Commands: &libhooks.CommandsCondition{Patterns: []string{"sh$"}},
		}},
	} {
		verdict := explain(t, c.conditions, c.config, annotations, true)
		if verdict.Verdict != c.verdict || verdict.Matches() != (c.verdict == "match") ||
			verdict.Error != c.want.Error {
			t.Errorf("%s: %+v", c.conditions, verdict)
		}
		if verdict.Name != "a.json" || verdict.AnyOf ||
			!reflect.DeepEqual(verdict.Stages, []string{"prestart", "poststop", "precreate"}) {
			t.Errorf("%s: %+v", c.conditions, verdict)
		}
		got := verdict.Conditions[0]
		if got.Line != 2 || got.Column <= len(`	"when": {`) {
			t.Errorf("%s: at %d:%d", c.conditions, got.Line, got.Column)
		}
		if got.Line, got.Column = 0, 0; len(verdict.Conditions) != 1 ||
			!reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %s, want %s", c.conditions, text(t, got), text(t, c.want))
		}
	}
}

func TestExplainContinuesAfterVerdict(t *testing.T) {
	m, _ := manager(
		t,
		map[string]string{
			"a.json": `{"hook": "/bin/sh", "stages": ["poststop"], "cmds": ["^/bin/sh$"], "hasbindmounts": true}`,
		},
	)
	explanation, err := m.Explain(command("SH"), nil, true)
	if err != nil {
		t.Fatal(err)
	}
	verdict := explanation.Hooks[0]
	if !verdict.AnyOf || !verdict.Matches() || len(verdict.Conditions) != 2 ||
		verdict.Conditions[0].AfterVerdict ||
		!verdict.Conditions[1].AfterVerdict {
		t.Errorf("%s", text(t, verdict))
	}
}

func TestNearMisses(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		obstacles     []string
		part          string
	}{
		{"^sh$", "SH", []string{"case"}, ""},
		{"^sh$", "sh ", []string{"whitespace-in-text"}, ""},
		{"^sh $", "sh", []string{"whitespace-in-pattern"}, ""},
		{"^sh$", "/bin/sh", []string{"start"}, "sh"},
		{"^/bin/sh$", "/bin/sh -c", []string{"end"}, "/bin/sh"},
		{"^sh$", "/bin/sh -c", []string{"start", "end"}, "sh"},
		{"^debug$", "debgu", []string{"spelling"}, ""},
	} {
		ofCommand := explain(
			t,
			fmt.Sprintf(`"commands": ["^far$", %q]`, c.pattern),
			command(c.text),
			nil,
			false,
		)
		ofKey := explain(
			t,
			fmt.Sprintf(`"annotations": {%q: "."}`, c.pattern),
			&rspec.Spec{},
			map[string]string{c.text: "x"},
			false,
		)
		ofValue := explain(
			t,
			fmt.Sprintf(`"annotations": {"^k$": %q}`, c.pattern),
			&rspec.Spec{},
			map[string]string{"k": c.text},
			false,
		)
		if nearest := ofValue.Conditions[0].Annotation.Nearest; nearest == nil ||
			nearest.Value != c.text {
			t.Errorf("%q: %+v", c.text, nearest)
		}
		for _, miss := range []*libhooks.NearMiss{
			ofCommand.Conditions[0].Commands.NearMiss,
			ofKey.Conditions[0].Annotation.NearMiss,
			ofValue.Conditions[0].Annotation.NearMiss,
		} {
			if miss == nil || miss.Message == "" {
				t.Errorf("%q: %+v", c.text, miss)
				continue
			}
			want := libhooks.NearMiss{
				Pattern:   c.pattern,
				Text:      c.text,
				Obstacles: c.obstacles,
				Part:      c.part,
				Message:   miss.Message,
			}
			if !reflect.DeepEqual(*miss, want) {
				t.Errorf("got %+v, want %+v", *miss, want)
			}
		}
	}
}

func TestPatternOfOtherWord(t *testing.T) {
	args := []string{"/docker-entrypoint.sh", "nginx", "-g", "daemon off;"}
	for _, c := range []struct {
		pattern, text, obstacle string
		word                    int
	}{
		{"^nginx$", "nginx", "other-word", 1},
		{"^-g$", "-g", "other-word", 2},
		{"nginx -g", strings.Join(args, " "), "command-line", 0},
	} {
		conditions := fmt.Sprintf(`"commands": [%q]`, c.pattern)
		config := &rspec.Spec{Process: &rspec.Process{Args: args}}
		miss := explain(t, conditions, config, nil, false).Conditions[0].Commands.NearMiss
		if miss == nil || !strings.Contains(miss.Message, "only the first word") {
			t.Errorf("%q: %+v", c.pattern, miss)
			continue
		}
		want := libhooks.NearMiss{
			Pattern:   c.pattern,
			Text:      c.text,
			Obstacles: []string{c.obstacle},
			Word:      c.word,
			Message:   miss.Message,
		}
		if !reflect.DeepEqual(*miss, want) {
			t.Errorf("got %+v, want %+v", *miss, want)
		}
	}
}

func TestNearMissesOfKeys(t *testing.T) {
	annotations := map[string]string{}
	for number := range 12 {
		annotations[fmt.Sprintf("io.example.key-%d", number)] = ""
	}
	for _, c := range []struct {
		pattern, obstacle string
	}{
		{`^io\\\\.example`, "doubled-backslash"},
		{"^io.exmaple.key-1$", "spelling"},
		{"^far$", ""},
	} {
		conditions := fmt.Sprintf(`"annotations": {"%s": "."}`, c.pattern)
		got := explain(t, conditions, &rspec.Spec{}, annotations, false).Conditions[0].Annotation
		obstacle := ""
		if got.NearMiss != nil {
			obstacle = strings.Join(got.NearMiss.Obstacles, " ")
		}
		if obstacle != c.obstacle || got.Tried != 12 || len(got.Keys) != 10 {
			t.Errorf("%s: %s, want %s", c.pattern, text(t, got), c.obstacle)
			continue
		}
		if _, ok := annotations[got.Keys[9]]; !ok {
			t.Errorf("%q", got.Keys)
		}
	}
	got := explain(t, `"annotations": {"key-1$": "."}`, &rspec.Spec{}, annotations, false)
	if got.Conditions[0].Annotation.Keys != nil {
		t.Errorf("%s", text(t, got))
	}
}

func TestDiagnosticsOfHookThatMatches(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	write(t, program, "")
	hook := strings.Replace(always, "/bin/sh", program, 1)
	m, root := manager(t, map[string]string{
		"a.json": hook, "b.json": strings.Replace(hook, "true}", "false}", 1),
	})
	explanation, err := m.Explain(&rspec.Spec{}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	// There may be others, about the directory of the test.
	var found *libhooks.Diagnostic
	for index, diagnostic := range explanation.Hooks[0].Diagnostics {
		if diagnostic.Code == "not-executable" {
			found = &explanation.Hooks[0].Diagnostics[index]
		}
	}
	if found == nil || found.Severity != "warning" || found.Line != 1 ||
		found.Path != filepath.Join(root, "a.json") || found.Hint == "" {
		t.Errorf("%s", text(t, explanation.Hooks[0]))
	}
	if explanation.Hooks[1].Diagnostics != nil {
		t.Errorf("%s", text(t, explanation.Hooks[1]))
	}
}

// layers returns a manager of two directories with these files. The names of files start with the
// directory.
func layers(t *testing.T, files map[string]string) (m *Manager, root string) {
	t.Helper()
	root = t.TempDir()
	var directories []string
	for _, name := range []string{"below", "above"} {
		directories = append(directories, filepath.Join(root, name))
		if err := os.Mkdir(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range files {
		write(t, filepath.Join(root, name), content)
	}
	m, err := New(context.Background(), directories, []string{"precreate"})
	if err != nil {
		t.Fatal(err)
	}
	return m, root
}

func TestMaskedAndBrokenFiles(t *testing.T) {
	m, root := layers(
		t,
		map[string]string{
			"below/a.json": always,
			"above/a.json": when(`"commands": ["sh"]`),
			"below/b.json": always,
		},
	)
	bad := filepath.Join(root, "above/b.json")
	write(t, bad, "{\n")
	m.reload()
	explanation, err := m.Explain(&rspec.Spec{}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	listing, err := m.List()
	if err != nil {
		t.Fatal(err)
	}
	diagnostics, err := m.Diagnostics()
	if err != nil {
		t.Fatal(err)
	}
	below, above := filepath.Join(root, "below/a.json"), filepath.Join(root, "above/a.json")
	masked := []libhooks.MaskedHook{{Path: below, By: above}}
	if !reflect.DeepEqual(explanation.Masked, masked) ||
		!reflect.DeepEqual(listing.Masked, masked) {
		t.Errorf("%+v, %+v", explanation.Masked, listing.Masked)
	}
	if explanation.Generation != 2 || listing.Generation != 2 || len(explanation.Hooks) != 2 ||
		explanation.Hooks[0].Path != above {
		t.Errorf("%+v", explanation)
	}
	timeout := 3
	want := libhooks.ListedHook{
		Name: "a.json", Path: above, Masks: []string{below},
		Hook: rspec.Hook{
			Path:    "/bin/sh",
			Args:    []string{"sh", "-c", "true"},
			Env:     []string{"A=b"},
			Timeout: &timeout,
		},
		When:     libhooks.When{Commands: []string{"sh"}},
		Stages:   []string{"prestart", "poststop", "precreate"},
		Injected: []string{"createRuntime", "poststop"}, ExtensionStages: []string{"precreate"},
	}
	if !reflect.DeepEqual(listing.Hooks[0], want) {
		t.Errorf("got %s, want %s", text(t, listing.Hooks[0]), text(t, want))
	}
	conditions := current.When(listing.Hooks[0].When)
	if match, err := conditions.Match(command("sh"), nil, false); !match || err != nil {
		t.Error(match, err)
	}
	codes := map[string]libhooks.Diagnostic{}
	for _, diagnostic := range diagnostics {
		codes[diagnostic.Code] = diagnostic
	}
	broken := codes["json-unexpected-end"]
	if broken.Severity != "error" || broken.Path != bad || broken.Line != 2 ||
		broken.Message == "" {
		t.Errorf("%+v", diagnostics)
	}
	if instead := codes["override-ineffective"]; instead.Severity != "warning" ||
		instead.Path != bad ||
		instead.Hint == "" {
		t.Errorf("%+v", diagnostics)
	}
	if len(explanation.WithoutHook) != 2 {
		t.Errorf("%+v", explanation.WithoutHook)
	}
	for _, diagnostic := range explanation.WithoutHook {
		if diagnostic != codes[diagnostic.Code] {
			t.Errorf("%+v", diagnostic)
		}
	}
}

// Diagnostics includes problems that New tolerates.
func TestDiagnosticsOfMissingExecutable(t *testing.T) {
	modern := strings.Replace(always, `"prestart", `, "", 1)
	m, _ := manager(
		t,
		map[string]string{"a.json": strings.Replace(modern, "/bin/sh", "/no/such", 1)},
	)
	diagnostics, err := m.Diagnostics()
	if err != nil || len(diagnostics) != 1 || diagnostics[0].Code != "missing-executable" ||
		diagnostics[0].Errno == 0 {
		t.Errorf("%+v, %v", diagnostics, err)
	}
	m, _ = manager(t, map[string]string{"a.json": modern})
	if diagnostics, err := m.Diagnostics(); err != nil || diagnostics != nil {
		t.Errorf("%+v, %v", diagnostics, err)
	}
}

// Diagnostics includes likely mistakes, with hints.
func TestDiagnosticsOfLikelyMistakes(t *testing.T) {
	mistaken := `{"version": "1.0.0", "hook": {"path": "/bin/sh", "args": ["-c", "true"]},
		"when": {"always": true, "images": ["x"]}, "stages": ["createContainer"]}`
	m, _ := manager(t, map[string]string{"a.json": mistaken})
	diagnostics, err := m.Diagnostics()
	if err != nil {
		t.Fatal(err)
	}
	hints := map[string]string{}
	for _, diagnostic := range diagnostics {
		hints[diagnostic.Code] = diagnostic.Hint
	}
	for code, hint := range map[string]string{
		"args-without-name":              `["sh","-c","true"]`,
		"inherits-container-environment": `"env": ["PATH=`,
		"unknown-condition":              "there is no such condition",
	} {
		if !strings.Contains(hints[code], hint) {
			t.Errorf("%s: %q", code, hints[code])
		}
	}
}

func TestExplainBytesThatAreNotUTF8(t *testing.T) {
	m, root := layers(
		t,
		map[string]string{
			"below/\xff.json": always,
			"above/\xff.json": when(
				`"annotations": {"^a.b$": "^\\x{FFFD}$"}, "commands": ["^\\x{FFFD}$"]`,
			),
		},
	)
	config, annotations := command("\xfe"), map[string]string{"a\xffb": "\xed"}
	explanation, err := m.Explain(config, annotations, false)
	if err != nil {
		t.Fatal(err)
	}
	verdict := explanation.Hooks[0]
	if verdict.Name != "\xff.json" || verdict.Path != root+"/above/\xff.json" ||
		!verdict.Matches() {
		t.Errorf("%+v", verdict)
	}
	if matched := verdict.Conditions[0].Annotation.Matched; matched == nil ||
		*matched != (libhooks.Annotation{Key: "a\ufffdb", Value: "\ufffd"}) {
		t.Errorf("%+v", matched)
	}
	if verdict.Conditions[1].Commands.Command != "\ufffd" {
		t.Errorf("%+v", verdict.Conditions[1].Commands)
	}
	if _, err := m.Hooks(config, annotations, false); err != nil || config.Hooks == nil {
		t.Error("Hooks and Explain differ:", err)
	}
	masked := []libhooks.MaskedHook{
		{Path: root + "/below/\xff.json", By: root + "/above/\xff.json"},
	}
	listing, err := m.List()
	if err != nil || !reflect.DeepEqual(listing.Masked, masked) ||
		listing.Hooks[0].Masks[0] != masked[0].Path ||
		listing.Hooks[0].Name != "\xff.json" {
		t.Errorf("%+v, %v", listing, err)
	}
	var failure *libhooks.Error
	if _, err := m.Explain(config, map[string]string{"\xfe": "", "\xff": ""}, false); !errors.As(
		err,
		&failure,
	) ||
		failure.Code != "duplicate-key" {
		t.Errorf("%v", err)
	}
	// A NUL is a normal character, and does not end the string.
	annotations = map[string]string{"a\x00<b": "\x00"}
	if explanation, err = m.Explain(command("\x00\""), annotations, false); err != nil {
		t.Fatal(err)
	}
	if command := explanation.Hooks[0].Conditions[1].Commands.Command; command != "\x00\"" {
		t.Errorf("%q", command)
	}
}

// Like Hooks, Explain ignores all members of a config that conditions do not use.
func TestExplainIgnoresSameMembersAsHooks(t *testing.T) {
	config := &rspec.Spec{
		Annotations: map[string]string{"debug": "on"},
		Mounts:      []rspec.Mount{{Type: "bind"}},
	}
	for _, annotations := range []map[string]string{nil, {}} {
		verdict := explain(
			t,
			`"annotations": {"debug": "on"}, "hasBindMounts": true`,
			config,
			annotations,
			false,
		)
		if verdict.Matches() || verdict.Conditions[0].Outcome != "fails" ||
			verdict.Conditions[1].Annotation.Tried != 0 {
			t.Errorf("%s", text(t, verdict))
		}
	}
}

func TestExplainHooksOfReaders(t *testing.T) {
	hook, timeout := current.Hook{
		Version: "1.0.0",
		When:    current.When{Commands: []string{"^sh$"}, Or: true},
		Stages:  []string{"poststop"},
	}, 1
	hook.Hook = rspec.Hook{Path: "/bin/sh", Timeout: &timeout}
	with(t, "ours", func([]byte) (*current.Hook, error) { return &hook, nil })
	m, _ := manager(t, map[string]string{"a.json": `{"version": "ours"}`})
	explanation, err := m.Explain(command("SH"), nil, false)
	if err != nil {
		t.Fatal(err)
	}
	condition := explanation.Hooks[0].Conditions[0]
	if !explanation.Hooks[0].AnyOf || condition.Line != 0 || condition.Column != 0 ||
		condition.Commands.NearMiss == nil {
		t.Errorf("%s", text(t, explanation))
	}
	listing, err := m.List()
	if err != nil || !reflect.DeepEqual(current.When(listing.Hooks[0].When), hook.When) ||
		!reflect.DeepEqual(listing.Hooks[0].Hook, hook.Hook) {
		t.Errorf("%s, %v", text(t, listing), err)
	}
}

func TestExplainWithoutManager(t *testing.T) {
	for _, m := range []*Manager{nil, {}} {
		explanation, err := m.Explain(nil, nil, false)
		if err != nil || !reflect.DeepEqual(*explanation, libhooks.Explanation{}) {
			t.Errorf("%+v, %v", explanation, err)
		}
		listing, err := m.List()
		if err != nil || !reflect.DeepEqual(*listing, libhooks.Listing{}) {
			t.Errorf("%+v, %v", listing, err)
		}
		if diagnostics, err := m.Diagnostics(); diagnostics != nil || err != nil {
			t.Errorf("%+v, %v", diagnostics, err)
		}
	}
	m, _ := manager(t, map[string]string{"a.json": always})
	var failure *libhooks.Error
	if explanation, err := m.Explain(nil, nil, false); explanation != nil || err == nil ||
		err.Error() != "config is nil" ||
		!errors.As(err, &failure) {
		t.Errorf("%+v, %v", explanation, err)
	}
}

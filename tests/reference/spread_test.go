package reference

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	current "go.podman.io/common/pkg/hooks/1.0.0"
)

// errorKinds are the kinds of errors in docs/spec.md, each with a pattern for its messages. The
// first pattern that matches decides.
var errorKinds = []struct {
	name  string
	match *regexp.Regexp
}{
	{"ends early", regexp.MustCompile(`unexpected end of JSON input$`)},
	{"version check", regexp.MustCompile(`^parsing hook "[^:]*": version check: `)},
	{
		"unrecognized version",
		regexp.MustCompile(`^parsing hook "[^:]*": unrecognized hook version: "`),
	},
	{"no hook", regexp.MustCompile(`: missing required property: hook$`)},
	{
		"no stages in 0.1.0",
		regexp.MustCompile(`^parsing hook "[^:]*": (0\.1\.0)?: missing required property: stages$`),
	},
	{"stage and stages", regexp.MustCompile(`: cannot set both 'stage' and 'stages'$`)},
	{"cmd and cmds", regexp.MustCompile(`: cannot set both 'cmd' and 'cmds'$`)},
	{
		"annotation and annotations",
		regexp.MustCompile(`: cannot set both 'annotation' and 'annotations'$`),
	},
	{"JSON of 1.0.0", regexp.MustCompile(`^parsing hook "[^:]*": 1\.0\.0: `)},
	{"JSON of 0.1.0", regexp.MustCompile(`^parsing hook "[^:]*": (0\.1\.0)?: `)},
	{"nil hook", regexp.MustCompile(`^nil hook$`)},
	{
		"unexpected version",
		regexp.MustCompile(`^unexpected hook version ".*" \(expecting 1\.0\.0\)$`),
	},
	{"no hook.path", regexp.MustCompile(`^missing required property: hook\.path$`)},
	{"executable: ENOENT", regexp.MustCompile(`(?s)^faccessat .*: no such file or directory$`)},
	{"executable: ENOTDIR", regexp.MustCompile(`(?s)^faccessat .*: not a directory$`)},
	{
		"executable: ELOOP",
		regexp.MustCompile(`(?s)^faccessat .*: too many levels of symbolic links$`),
	},
	{"executable: ENAMETOOLONG", regexp.MustCompile(`(?s)^faccessat .*: file name too long$`)},
	{"executable: EINVAL", regexp.MustCompile(`(?s)^faccessat .*: invalid argument$`)},
	{"annotation key", regexp.MustCompile(`^invalid annotation key ".*": error parsing regexp: `)},
	{
		"annotation value",
		regexp.MustCompile(`^invalid annotation value ".*": error parsing regexp: `),
	},
	{"command", regexp.MustCompile(`^invalid command ".*": error parsing regexp: `)},
	{"no stages", regexp.MustCompile(`^missing required property: stages$`)},
	{"unknown stage", regexp.MustCompile(`^unknown stage "`)},
	{"open fails", regexp.MustCompile(`(?s)^open .*: `)},
	{"read fails", regexp.MustCompile(`(?s)^read .*: is a directory$`)},
	{
		"no process.args",
		regexp.MustCompile(`^matching hook ".*": process\.args must have at least one entry$`),
	},
}

// matchErrors are the errors of Match for hooks that were not validated.
var matchErrors = []string{
	"annotation key: ",
	"annotation value: ",
	"command: ",
	"process.args must",
}

func (c *comparison) countMatch(err error) {
	for _, start := range matchErrors {
		if err != nil && strings.HasPrefix(err.Error(), start) {
			c.happened["error of Match: "+start]++
		}
	}
}

var conditions = []string{
	"always true",
	"always false",
	"hasBindMounts true",
	"hasBindMounts false",
	"annotations",
	"commands",
	"none",
}

// count counts an error of the reference by its kind.
func (c *comparison) count(err error) {
	if err == nil {
		return
	}
	for _, kind := range errorKinds {
		if kind.match.MatchString(err.Error()) {
			c.happened["error: "+kind.name]++
			return
		}
	}
	c.happened["error of no kind, as: "+err.Error()]++
}

// seeVerdict counts the result of the evaluation of a valid hook.
func (c *comparison) seeVerdict(verdict answer) {
	c.happened["evaluations"]++
	if verdict.value == true {
		c.happened["evaluations that match"]++
	}
}

// seeConditions counts the conditions that were evaluated.
func (c *comparison) seeConditions(when *current.When) {
	any, none := " of all", true
	if when.Or {
		any = " of any"
	}
	given := func(is bool, name string) {
		if is {
			none = false
			c.happened["condition: "+name+any]++
		}
	}
	given(when.Always != nil, fmt.Sprintf("always %t", when.Always != nil && *when.Always))
	given(
		when.HasBindMounts != nil,
		fmt.Sprintf("hasBindMounts %t", when.HasBindMounts != nil && *when.HasBindMounts),
	)
	given(len(when.Annotations) > 0, "annotations")
	given(len(when.Commands) > 0, "commands")
	given(none, "none")
}

// seeFile counts the error of a file, or the unusual features of its hook.
func (c *comparison) seeFile(path string, content []byte, hook *current.Hook, err error) {
	c.count(err)
	keys := keysOf(content)
	if err == nil {
		name := path[strings.LastIndexByte(path, '/'):]
		c.happened["name:"+name]++
		if keys.twice {
			c.happened["tree: a duplicate key"]++
		}
		if keys.folded {
			c.happened["tree: a folded key"]++
		}
		if keys.synonym && hook.When.Or {
			c.happened["tree: a synonym of 0.1.0"]++
		}
		for _, stage := range c.tree.stages() {
			if slices.Contains(hook.Stages, stage) {
				c.happened["tree: a hook of an extension stage"]++
			}
		}
	}
}

// remarkable holds the unusual features of a file's keys.
type remarkable struct{ twice, folded, synonym bool }

var known = []string{
	"version",
	"hook",
	"when",
	"stages",
	"path",
	"args",
	"env",
	"timeout",
	"always",
	"annotations",
	"commands",
	"hasBindMounts",
	"arguments",
	"stage",
	"cmds",
	"cmd",
	"annotation",
	"hasbindmounts",
}

// keysOf examines the keys of a JSON file. Like encoding/json, it ignores the case of keys.
func keysOf(content []byte) (found remarkable) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	var value func() error
	value = func() error {
		token, err := decoder.Token()
		delimiter, _ := token.(json.Delim)
		if err != nil || delimiter == 0 {
			return err
		}
		seen := map[string]bool{}
		for decoder.More() {
			if delimiter == '{' {
				token, err := decoder.Token()
				if err != nil {
					return err
				}
				key := token.(string)
				at := slices.IndexFunc(
					known,
					func(name string) bool { return strings.EqualFold(name, key) },
				)
				if at >= 0 && !slices.Contains(known, key) {
					found.folded = true
					key = known[at]
				}
				found.twice = found.twice || seen[key]
				found.synonym = found.synonym ||
					slices.Contains([]string{"stage", "cmd", "annotation"}, key)
				seen[key] = true
			}
			if err := value(); err != nil {
				return err
			}
		}
		_, err = decoder.Token()
		return err
	}
	if value() != nil {
		return remarkable{}
	}
	return found
}

// summary converts the counts of one tree into counts of trees.
func (c *comparison) summary() map[string]int {
	all := map[string]int{"trees": 1}
	for what, count := range c.happened {
		switch {
		case strings.HasPrefix(what, "name:"):
			if count > 1 {
				all["tree: a masked file"] = 1
			}
		case strings.HasPrefix(what, "tree: "):
			all[what] = 1
		default:
			all[what] = count
		}
	}
	for _, directory := range c.tree.Directories {
		if slices.ContainsFunc(directory.Entries, func(e entry) bool { return e.Kind == isLink }) {
			all["tree: a link"] = 1
		}
	}
	return all
}

// assertSpread fails if the trees were not varied enough for a meaningful comparison.
func assertSpread(t *testing.T, happened map[string]int) {
	for _, what := range slices.Sorted(maps.Keys(happened)) {
		t.Logf("%8d %s", happened[what], what)
	}
	share := func(what string, of string, least, most int) {
		if percent := 100 * happened[what] / max(happened[of], 1); percent < least ||
			percent > most {
			t.Errorf("%s: %d %% of %s, want %d to %d", what, percent, of, least, most)
		}
	}
	share("New succeeds", "trees", 40, 80)
	share("evaluations that match", "evaluations", 20, 80)
	share("tree: a masked file", "trees", 30, 100)
	for _, what := range []string{
		"a hook of an extension stage",
		"injected into extension stages",
		"a link",
		"a synonym of 0.1.0",
		"a duplicate key",
		"a folded key",
	} {
		share("tree: "+what, "trees", 20, 100)
	}
	least := 500 * happened["trees"] / 20_000
	enough := func(what string) {
		if happened[what] < least {
			t.Errorf("%s: %d times, want %d", what, happened[what], least)
		}
	}
	for _, kind := range errorKinds {
		enough("error: " + kind.name)
	}
	for _, start := range matchErrors {
		enough("error of Match: " + start)
	}
	for _, what := range conditions {
		enough("condition: " + what + " of any")
		enough("condition: " + what + " of all")
	}
	for what := range happened {
		if strings.HasPrefix(what, "error of no kind") {
			t.Errorf("%s: %d times", what, happened[what])
		}
	}
}

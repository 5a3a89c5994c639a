package reference

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"unicode/utf8"

	current "go.podman.io/common/pkg/hooks/1.0.0"
)

// comparison calls the reference and another implementation with the same arguments, on one tree.
type comparison struct {
	theirs, ours implementation
	tree         *tree
	root         string
	// happened counts the results of the reference and the allowed differences.
	happened map[string]int
	// differences are those that no rule allows.
	differences []string
	// jsonTexts maps the reference's messages for invalid JSON and wrong types to ours.
	jsonTexts map[string]string
	// randomText: the message of a file's error depends on the order of a map.
	randomText bool
	// ties: some names are equal in lower case.
	ties bool
}

// answer is the result of a call; values are compared with reflect.DeepEqual.
type answer struct {
	value any
	err   error
}

// repeats is the maximum number of calls of the reference if its results are random. Go starts to
// iterate over a small map at one of eight positions. So an order of two names may occur once in
// eight calls, and twice in a row once in 64. With this many repeats no test fails by chance, and
// few are needed.
const repeats = 5000

// check compares the results of a call. If the result of the reference is random, as the rule says,
// ours must be one of its results.
func (c *comparison) check(what, rule string, theirs func() answer, ours answer) answer {
	want := theirs()
	first := c.difference(want, ours)
	if first == "" {
		return want
	}
	if rule != "" {
		for range repeats {
			if want := theirs(); c.difference(want, ours) == "" {
				c.allow(rule)
				return want
			}
		}
	}
	c.differences = append(c.differences, what+": "+first)
	return want
}

func (c *comparison) difference(want, got answer) string {
	if (want.err == nil) != (got.err == nil) {
		return fmt.Sprintf("error: want %v, got %v", want.err, got.err)
	}
	if want.err != nil {
		text := c.inOurWords(want.err.Error())
		if text != got.err.Error() && !utf8.ValidString(text) && asUTF8(text) == got.err.Error() {
			c.allow(textIsUTF8)
		} else if text != got.err.Error() {
			return fmt.Sprintf("error:\nwant %q\ngot  %q", text, got.err)
		}
		if want, got := wraps(want.err), wraps(got.err); want != got {
			return fmt.Sprintf("wrapped errors: want %s, got %s", want, got)
		}
	}
	if !reflect.DeepEqual(want.value, got.value) {
		return fmt.Sprintf("value:\nwant %s\ngot  %s", show(want.value), show(got.value))
	}
	return ""
}

// wraps lists what errors.Is and errors.As find in an error.
func wraps(err error) string {
	var found []string
	for _, target := range []error{
		fs.ErrNotExist,
		fs.ErrPermission,
		fs.ErrExist,
		fs.ErrInvalid,
		syscall.ENOENT,
		syscall.ENOTDIR,
		syscall.ELOOP,
		syscall.ENAMETOOLONG,
		syscall.EISDIR,
		syscall.EINVAL,
		syscall.EACCES,
	} {
		if errors.Is(err, target) {
			found = append(found, fmt.Sprintf("%q", target))
		}
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		found = append(found, fmt.Sprintf("PathError(%s %q)", path.Op, path.Path))
	}
	return fmt.Sprint(found)
}

func show(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf("%#v", value)
	}
	return string(text)
}

// compareAll makes all comparisons for a tree.
func (c *comparison) compareAll() {
	seen := map[string]bool{}
	for _, path := range c.tree.paths(c.root) {
		c.compareDirectory(path, seen[path])
		seen[path] = true
	}
	c.ties = c.tied()
	c.compareManagers()
}

func (c *comparison) compareDirectory(path string, again bool) {
	files, _ := os.ReadDir(path)
	for _, file := range files {
		if !again {
			c.compareFile(filepath.Join(path, file.Name()))
		}
	}
	stages := c.tree.stages()
	theirs := c.check(
		"ReadDir "+path,
		c.textRule(),
		func() answer { return hooksAnswer(c.theirs.readDir(path, stages)) },
		hooksAnswer(c.ours.readDir(path, stages)),
	)
	if theirs.err != nil && len(files) == 0 {
		c.count(theirs.err)
	}
}

// compareFile compares all functions that take one file.
func (c *comparison) compareFile(path string) {
	stages := c.tree.stages()
	hook, err := c.ours.read(path, stages)
	theirHook, theirErr := c.theirs.read(path, stages)
	content, unreadable := os.ReadFile(path)
	rule := ""
	if unreadable == nil {
		for _, read := range []func([]byte) (*current.Hook, error){
			c.theirs.readCurrent,
			c.theirs.readOld,
		} {
			if theirErr != nil && err != nil {
				// A reader's error is only in the message; that of the version check is wrapped.
				_, readErr := read(content)
				c.knowJSON(theirErr.Error(), jsonErrorText(readErr), err)
				c.knowJSON(theirErr.Error(), jsonErrorText(theirErr), err)
			}
		}
		decoded := c.compareContent(content)
		if decoded != nil && invalidAnnotations(decoded) > 1 {
			rule, c.randomText = invalidOrder, true
		}
	}
	if (err == c.ours.noSuffix) != (theirErr == c.theirs.noSuffix) {
		c.differences = append(
			c.differences,
			fmt.Sprintf("Read %s: ErrNoJSONSuffix: %v, %v", path, theirErr, err),
		)
	}
	c.check(
		"Read "+path,
		rule,
		func() answer { return hookAnswer(c.theirs.read(path, stages)) },
		hookAnswer(hook, err),
	)
	if strings.HasSuffix(path, ".json") {
		c.seeFile(path, content, theirHook, theirErr)
	}
}

// compareContent compares the Read functions of both versions, and the functions that take their
// hook. It returns one of these hooks.
func (c *comparison) compareContent(content []byte) (decoded *current.Hook) {
	for _, version := range []struct {
		name         string
		theirs, ours func(content []byte) (*current.Hook, error)
	}{
		{"0.1.0", c.theirs.readOld, c.ours.readOld},
		{"1.0.0", c.theirs.readCurrent, c.ours.readCurrent},
	} {
		hook, err := version.ours(content)
		_, theirErr := version.theirs(content)
		if text := jsonErrorText(theirErr); text != "" {
			one := &comparison{
				theirs:    c.theirs,
				happened:  c.happened,
				jsonTexts: map[string]string{},
			}
			one.knowJSON(text, text, err)
			one.check(
				version.name+" Read",
				"",
				func() answer { return hookAnswer(version.theirs(content)) },
				hookAnswer(hook, err),
			)
			c.differences = append(c.differences, one.differences...)
			continue
		}
		theirs := c.check(
			version.name+" Read",
			"",
			func() answer { return hookAnswer(version.theirs(content)) },
			hookAnswer(hook, err),
		)
		if theirs.err == nil {
			hook, _ := version.theirs(content)
			c.compareHook(hook)
			decoded = hook
		}
	}
	return decoded
}

// compareHook validates a decoded hook, and matches its conditions, which may be invalid.
func (c *comparison) compareHook(hook *current.Hook) {
	rule := ""
	if hook != nil && invalidAnnotations(hook) > 1 {
		rule = invalidOrder
	}
	theirs := c.check(
		"Validate "+show(hook),
		rule,
		func() answer { return answer{nil, c.theirs.validate(hook, c.tree.stages())} },
		answer{nil, c.ours.validate(hook, c.tree.stages())},
	)
	c.count(theirs.err)
	valid := theirs.err == nil
	if hook == nil {
		return
	}
	rule = ""
	if len(hook.When.Annotations) > 1 && invalidAnnotations(hook) > 0 {
		rule = annotationOrder
	}
	other := hook.When
	other.Or = !other.Or
	for _, container := range c.tree.Containers {
		verdict := c.compareMatch(&hook.When, container, rule)
		otherVerdict := c.compareMatch(&other, container, rule)
		if valid {
			c.seeVerdict(verdict)
			c.seeConditions(&hook.When)
			c.seeConditions(&other)
		} else {
			c.countMatch(otherVerdict.err)
			c.countMatch(verdict.err)
		}
	}
}

func (c *comparison) compareMatch(when *current.When, container container, rule string) answer {
	config, annotations := container.config(), container.annotations()
	match, err := c.ours.match(when, config, annotations, container.HasBindMounts)
	return c.check("Match "+show(when)+" "+show(container), rule, func() answer {
		match, err := c.theirs.match(when, config, annotations, container.HasBindMounts)
		return answer{match, err}
	}, answer{match, err})
}

func (c *comparison) compareManagers() {
	paths, stages := c.tree.paths(c.root), c.tree.stages()
	ours, err := c.ours.new(paths, stages)
	theirs := c.check("New", c.textRule(), func() answer {
		_, err := c.theirs.new(paths, stages)
		return answer{nil, err}
	}, answer{nil, err})
	if theirs.err != nil || err != nil {
		return
	}
	c.happened["New succeeds"]++
	manager, _ := c.theirs.new(paths, stages)
	ordered, _ := model{}.implementation().new(paths, stages)
	extended := false
	for number, container := range c.tree.Containers {
		what := fmt.Sprintf("Hooks of container %d", number)
		calls := 1 + number/4 // for the last container, Hooks is called again on its result
		want := func() answer { return c.undone(inject(manager, container, calls), container) }
		if c.ties {
			// The model has the order that ours must have. The reference may have it.
			byBytes := inject(ordered, container, calls)
			c.check(what+", ordered by bytes", caseTie, want, byBytes)
			want = func() answer { return byBytes }
		}
		theirs := c.check(what, "", want, inject(ours, container, calls))
		c.count(theirs.err)
		extended = extended || theirs.value.(injected).ExtensionHooks != nil
	}
	if extended {
		c.happened["tree: injected into extension stages"]++
	}
}

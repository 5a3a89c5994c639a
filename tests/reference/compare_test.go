package reference

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"unicode/utf8"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	current "go.podman.io/common/pkg/hooks/1.0.0"
)

// comparison asks the reference and another implementation the same, of one tree.
type comparison struct {
	theirs, ours implementation
	tree         *tree
	root         string
	// happened counts what the reference did, and which differences were allowed.
	happened map[string]int
	// differences are those that no rule allows.
	differences []string
	// jsonTexts are our texts for the reference's, of files that are no JSON or not of the right types.
	jsonTexts map[string]string
	// randomText: the text of a file's error depends on the order of a map.
	randomText bool
	// ties: names are equal in lower case.
	ties bool
}

// answer is what a call gave; values are compared by reflect.DeepEqual.
type answer struct {
	value any
	err   error
}

// The differences that are meant to be, each by a name: docs/parity.md says why.
const (
	// The texts of JSON errors.
	jsonText = "json-text"
	// Match, given several annotations of which one is no pattern: the reference tries them in random order.
	annotationOrder = "annotation-order"
	// Several annotations that are no patterns: the reference names any of them.
	invalidOrder = "invalid-order"
	// Names that are equal in lower case: the reference's hooks are in random order.
	caseTie = "case-tie"
	// What the reference has injected when it fails.
	halfDone = "half-done"
	// Validate and Match, given what is not UTF-8.
	memoryIsUTF8 = "memory-is-utf8"
	// The texts of errors that name a file whose name is not UTF-8.
	textIsUTF8 = "text-is-utf8"
)

// repeats is how often the reference is asked again where its answers are random.
const repeats = 500

// check compares a call's answers. Where the reference answers by chance, as the rule says, ours must be one of its answers.
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

func (c *comparison) allow(rule string) { c.happened["allowed: "+rule]++ }

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
			return fmt.Sprintf("what the error wraps: want %s, got %s", want, got)
		}
	}
	if !reflect.DeepEqual(want.value, got.value) {
		return fmt.Sprintf("value:\nwant %s\ngot  %s", show(want.value), show(got.value))
	}
	return ""
}

// asUTF8 is a text with U+FFFD for each byte that is not UTF-8.
func asUTF8(text string) string { return string([]rune(text)) }

// inOurWords is a text of the reference with the JSON errors that we were seen to give instead of its own.
func (c *comparison) inOurWords(text string) string {
	for theirs, ours := range c.jsonTexts {
		text = strings.Replace(text, theirs, ours, 1)
	}
	return text
}

// wraps is what errors.Is and errors.As find in an error.
func wraps(err error) string {
	var found []string
	for _, target := range []error{fs.ErrNotExist, fs.ErrPermission, fs.ErrExist, fs.ErrInvalid, syscall.ENOENT, syscall.ENOTDIR, syscall.ELOOP,
		syscall.ENAMETOOLONG, syscall.EISDIR, syscall.EINVAL, syscall.EACCES} {
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

// knowJSON makes our words for the reference's JSON error those that are expected from here on, if they may differ: only
// the last part may, and input that ends early has the same words. Where that ends inside of a literal, an escape or a number, the
// reference finds a blank that is not there.
func (c *comparison) knowJSON(text, jsonError string, ours error) {
	const end = "unexpected end of JSON input"
	before, found := strings.CutSuffix(text, jsonError)
	if c.jsonTexts[text] != "" || jsonError == "" || jsonError == end || !found || ours == nil || ours.Error() == text {
		return
	}
	if after, found := strings.CutPrefix(ours.Error(), before); found && after != "" && (after != end || strings.HasPrefix(jsonError, "invalid character ' ' ")) {
		c.jsonTexts[text] = ours.Error()
		c.allow(jsonText)
	}
}

// jsonErrorText is the text of what encoding/json found wrong, if that is what the error wraps.
func jsonErrorText(err error) string {
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return syntax.Error()
	case errors.As(err, &wrongType):
		return wrongType.Error()
	}
	return ""
}

// compareAll asks all there is to ask of a tree.
func (c *comparison) compareAll() {
	seen := map[string]bool{}
	for _, path := range c.tree.paths(c.root) {
		c.compareDirectory(path, seen[path])
		seen[path] = true
	}
	c.ties = c.tied()
	c.compareManagers()
}

// tied tells whether files of any of the directories have names that are equal in lower case.
func (c *comparison) tied() bool {
	lower := map[string]string{}
	for _, path := range c.tree.paths(c.root) {
		files, _ := os.ReadDir(path)
		for _, file := range files {
			key := strings.ToLower(file.Name())
			if other, ok := lower[key]; ok && other != file.Name() && strings.HasSuffix(key, ".json") {
				return true
			}
			lower[key] = file.Name()
		}
	}
	return false
}

func (c *comparison) compareDirectory(path string, again bool) {
	files, _ := os.ReadDir(path)
	for _, file := range files {
		if !again {
			c.compareFile(filepath.Join(path, file.Name()))
		}
	}
	hooks, err := c.ours.readDir(path, c.tree.stages())
	theirs := c.check("ReadDir "+path, c.randomRule(), func() answer {
		hooks, err := c.theirs.readDir(path, c.tree.stages())
		return answer{normalAll(hooks), err}
	}, answer{normalAll(hooks), err})
	if theirs.err != nil && len(files) == 0 {
		c.count(theirs.err)
	}
}

func (c *comparison) randomRule() string {
	if c.randomText {
		return invalidOrder
	}
	return ""
}

// compareFile asks all functions that take one file.
func (c *comparison) compareFile(path string) {
	stages := c.tree.stages()
	hook, err := c.ours.read(path, stages)
	content, unreadable := os.ReadFile(path)
	theirHook, theirErr := c.theirs.read(path, stages)
	rule := ""
	if unreadable == nil {
		for _, read := range []func([]byte) (*current.Hook, error){c.theirs.readCurrent, c.theirs.readOld} {
			if theirErr != nil && err != nil {
				// A reader's error is there as text only, unlike the version check's.
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
		c.differences = append(c.differences, fmt.Sprintf("Read %s: ErrNoJSONSuffix: %v, %v", path, theirErr, err))
	}
	c.check("Read "+path, rule, func() answer {
		hook, err := c.theirs.read(path, stages)
		return answer{normal(hook), err}
	}, answer{normal(hook), err})
	if strings.HasSuffix(path, ".json") {
		c.seeFile(path, content, theirHook, theirErr)
	}
}

// compareContent asks both versions' Read, and what takes the hook that they give. The result is that hook, whichever it is.
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
			one := &comparison{theirs: c.theirs, happened: c.happened, jsonTexts: map[string]string{}}
			one.knowJSON(text, text, err)
			one.check(version.name+" Read", "", func() answer {
				hook, err := version.theirs(content)
				return answer{normal(hook), err}
			}, answer{normal(hook), err})
			c.differences = append(c.differences, one.differences...)
			continue
		}
		theirs := c.check(version.name+" Read", "", func() answer {
			hook, err := version.theirs(content)
			return answer{normal(hook), err}
		}, answer{normal(hook), err})
		if theirs.err == nil {
			hook, _ := version.theirs(content)
			c.compareHook(hook)
			decoded = hook
		}
	}
	return decoded
}

// compareHook validates a hook that was decoded, and matches its conditions, which may be invalid.
func (c *comparison) compareHook(hook *current.Hook) {
	rule := ""
	if hook != nil && invalidAnnotations(hook) > 1 {
		rule = invalidOrder
	}
	theirs := c.check("Validate "+show(hook), rule, func() answer { return answer{nil, c.theirs.validate(hook, c.tree.stages())} },
		answer{nil, c.ours.validate(hook, c.tree.stages())})
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

// invalidAnnotations counts the pairs that are not two patterns.
func invalidAnnotations(hook *current.Hook) (count int) {
	for key, value := range hook.When.Annotations {
		_, keyErr := regexp.Compile(key)
		_, valueErr := regexp.Compile(value)
		if keyErr != nil || valueErr != nil {
			count++
		}
	}
	return count
}

// injected is what Hooks did.
type injected struct {
	Config         *rspec.Spec
	ExtensionHooks map[string][]rspec.Hook
}

func (c *comparison) compareManagers() {
	paths, stages := c.tree.paths(c.root), c.tree.stages()
	ours, err := c.ours.new(paths, stages)
	theirs := c.check("New", c.randomRule(), func() answer {
		_, err := c.theirs.new(paths, stages)
		return answer{nil, err}
	}, answer{nil, err})
	if theirs.err != nil || err != nil {
		return
	}
	c.happened["New succeeds"]++
	manager, _ := c.theirs.new(paths, stages)
	rule := ""
	if c.ties {
		rule = caseTie
	}
	extended := false
	for number, container := range c.tree.Containers {
		calls := 1 + number/4 // the last is called again on what it gave
		theirs := c.check(fmt.Sprintf("Hooks of container %d", number), rule, func() answer {
			return c.undone(inject(manager, container, calls), container)
		}, inject(ours, container, calls))
		c.count(theirs.err)
		extended = extended || theirs.value.(injected).ExtensionHooks != nil
	}
	if extended {
		c.happened["tree: injected into extension stages"]++
	}
}

// inject injects into a new config, that many times.
func inject(m manager, container container, calls int) answer {
	config := container.config()
	var extensionHooks map[string][]rspec.Hook
	for range calls {
		hooks, err := m.Hooks(config, container.annotations(), container.HasBindMounts)
		if hooks != nil && extensionHooks == nil {
			extensionHooks = map[string][]rspec.Hook{}
		}
		for stage, hooks := range hooks {
			extensionHooks[stage] = append(extensionHooks[stage], normalHooks(hooks)...)
		}
		if err != nil {
			return answer{injected{normalConfig(config), extensionHooks}, err}
		}
	}
	return answer{injected{normalConfig(config), extensionHooks}, nil}
}

// undone is the reference's answer as ours should be: on an error nothing has been injected.
func (c *comparison) undone(a answer, container container) answer {
	nothing := injected{normalConfig(container.config()), nil}
	if a.err != nil && !reflect.DeepEqual(a.value, nothing) {
		c.allow(halfDone)
		a.value = nothing
	}
	return a
}

func normalConfig(config *rspec.Spec) *rspec.Spec {
	if h := config.Hooks; h != nil {
		for _, hooks := range []*[]rspec.Hook{&h.Prestart, &h.CreateRuntime, &h.CreateContainer, &h.StartContainer, &h.Poststart, &h.Poststop} {
			*hooks = normalHooks(*hooks)
		}
	}
	return config
}

// normal is a hook without the difference of nil and empty, but in its stages.
func normal(hook *current.Hook) *current.Hook {
	if hook == nil {
		return nil
	}
	n := *hook
	n.Hook = normalHook(n.Hook)
	if len(n.When.Annotations) == 0 {
		n.When.Annotations = nil
	}
	if len(n.When.Commands) == 0 {
		n.When.Commands = nil
	}
	return &n
}

func normalAll(hooks map[string]*current.Hook) map[string]*current.Hook {
	all := map[string]*current.Hook{}
	for name, hook := range hooks {
		all[name] = normal(hook)
	}
	return all
}

func normalHook(hook rspec.Hook) rspec.Hook {
	if len(hook.Args) == 0 {
		hook.Args = nil
	}
	if len(hook.Env) == 0 {
		hook.Env = nil
	}
	return hook
}

func normalHooks(hooks []rspec.Hook) (normal []rspec.Hook) {
	for _, hook := range hooks {
		normal = append(normal, normalHook(hook))
	}
	return normal
}

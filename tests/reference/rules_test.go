package reference

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"regexp"
	"strings"

	current "go.podman.io/common/pkg/hooks/1.0.0"
)

// The names of the intended differences; docs/parity.md explains them.
const (
	// The messages of JSON errors.
	jsonText = "json-text"
	// Match with several annotations, one of them with an invalid pattern: the reference evaluates
	// them in random order.
	annotationOrder = "annotation-order"
	// Several annotations with invalid patterns: the reference reports any of them.
	invalidOrder = "invalid-order"
	// Names that are equal in lower case: the reference's hooks are in random order.
	caseTie = "case-tie"
	// Hooks that the reference has injected before it fails.
	halfDone = "half-done"
	// Validate and Match with strings that are not UTF-8.
	memoryIsUTF8 = "memory-is-utf8"
	// The messages of errors for a file whose name is not UTF-8.
	textIsUTF8 = "text-is-utf8"
)

// allow counts a difference that a rule allows.
func (c *comparison) allow(rule string) { c.happened["allowed: "+rule]++ }

// knowJSON makes our message for the reference's JSON error the expected one from here on, if it
// may differ. Only the last part may differ, and truncated input has the same message. If the input
// ends inside a literal, an escape or a number, the reference reports a space that is not there.
func (c *comparison) knowJSON(text, jsonError string, ours error) {
	const end = "unexpected end of JSON input"
	before, found := strings.CutSuffix(text, jsonError)
	if c.jsonTexts[text] != "" || jsonError == "" || jsonError == end || !found || ours == nil ||
		ours.Error() == text {
		return
	}
	if after, found := strings.CutPrefix(ours.Error(), before); found && after != "" &&
		(after != end || strings.HasPrefix(jsonError, "invalid character ' ' ")) {
		c.jsonTexts[text] = ours.Error()
		c.allow(jsonText)
	}
}

// jsonErrorText returns the message of the wrapped error of encoding/json, or "".
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

// inOurWords replaces the JSON errors in a message of the reference by ours.
func (c *comparison) inOurWords(text string) string {
	for theirs, ours := range c.jsonTexts {
		text = strings.Replace(text, theirs, ours, 1)
	}
	return text
}

// asUTF8 returns a string with U+FFFD for each byte that is not UTF-8.
func asUTF8(text string) string { return string([]rune(text)) }

// tied reports whether files in the directories have names that are equal in lower case.
func (c *comparison) tied() bool {
	lower := map[string]string{}
	for _, path := range c.tree.paths(c.root) {
		files, _ := os.ReadDir(path)
		for _, file := range files {
			key := strings.ToLower(file.Name())
			if other, ok := lower[key]; ok && other != file.Name() &&
				strings.HasSuffix(key, ".json") {
				return true
			}
			lower[key] = file.Name()
		}
	}
	return false
}

// textRule returns the rule for messages that list all problems of a directory.
func (c *comparison) textRule() string {
	if c.randomText {
		return invalidOrder
	}
	return ""
}

// invalidAnnotations counts the annotations with an invalid pattern.
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

// undone returns the result that ours must have instead of the reference's: after an error nothing
// has been injected.
func (c *comparison) undone(a answer, container container) answer {
	nothing := injected{normalConfig(container.config()), nil}
	if a.err != nil && !reflect.DeepEqual(a.value, nothing) {
		c.allow(halfDone)
		a.value = nothing
	}
	return a
}

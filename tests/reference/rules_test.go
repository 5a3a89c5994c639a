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

// allow counts a difference that a rule allows.
func (c *comparison) allow(rule string) { c.happened["allowed: "+rule]++ }

// knowJSON makes our words for the reference's JSON error those that are expected from here on, if they may differ: only
// the last part may, and input that ends early has the same words. Where that ends inside of a literal, an escape or a
// number, the reference finds a blank that is not there.
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

// inOurWords is a text of the reference with the JSON errors that we were seen to give instead of its own.
func (c *comparison) inOurWords(text string) string {
	for theirs, ours := range c.jsonTexts {
		text = strings.Replace(text, theirs, ours, 1)
	}
	return text
}

// asUTF8 is a text with U+FFFD for each byte that is not UTF-8.
func asUTF8(text string) string { return string([]rune(text)) }

// tied tells whether files of any of the directories have names that are equal in lower case.
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

// textRule is the rule for texts that name all problems of a directory.
func (c *comparison) textRule() string {
	if c.randomText {
		return invalidOrder
	}
	return ""
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

// undone is the reference's answer as ours should be: on an error nothing has been injected.
func (c *comparison) undone(a answer, container container) answer {
	nothing := injected{normalConfig(container.config()), nil}
	if a.err != nil && !reflect.DeepEqual(a.value, nothing) {
		c.allow(halfDone)
		a.value = nothing
	}
	return a
}

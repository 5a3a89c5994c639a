package reference

import "strings"

// The inputs of patterns: keys and values of annotations, and commands.
var (
	keys = []string{
		"io.podman.annotations.a",
		"io.kubernetes.cri-o.b",
		"a",
		"A b",
		"é.κ",
		"",
		"ſk\u212a",
		"k\xff",
		"x\ny",
	}
	values = []string{
		"true",
		"false",
		"a.b",
		"",
		"sh",
		"Straße",
		"\xff\xfe",
		"two\nlines",
		"1234",
	}
	commands = []string{
		"/bin/sh",
		"/usr/bin/bash",
		"sh",
		"/pause",
		"",
		"Ünï",
		"\xff",
		"a\nb",
		"/bin/true",
	}
)

var wholePatterns = []string{
	".*",
	".*",
	".+",
	"",
	"^.*$",
	"sh$",
	"^/bin/(ba)?sh$",
	"^(/usr)?/bin/",
	"^true$",
	"^io\\.podman\\..*",
	"^a$",
	"kubernetes",
	"true|false",
}

// pieces are parts of patterns that can be combined in any order.
var pieces = []string{
	"a",
	"b",
	".",
	".*",
	"^",
	"$",
	"\\w+",
	"[a-c]",
	"[^x]",
	"(b|sh)",
	"(?:u)?",
	"(?i:SH)",
	"\\pL",
	"\\p{Greek}",
	"\\P{Lu}",
	"é",
	"\\.",
	"\\x2e",
	"\\x{e9}",
	"\\Qa.b\\E",
	"(?s:.)",
	"\\b",
	"\\B",
	"\\d*?",
	"x{0,2}",
	"[[:alpha:]]",
	"[[:^digit:]-]",
	"[\\d\\-]",
	"\\z",
	"\\A",
	"(?m:^b$)",
	"(?U:a+)",
	"\\101",
	"[\\pN_]",
	"(?i)",
	"\\t?",
	"/",
	"sh",
	"(?P<n>)|",
	"\\D",
	"\\s*",
	"(|a)",
	"a{1000}?|",
	"{",
	"}",
	"]",
	"\u212a",
}

// faults are parts that make a pattern invalid.
var faults = []string{
	"(",
	")",
	"[",
	"a**",
	"x{2}{3}",
	"\\8",
	"(?=a)",
	"(?<=a)",
	"(?!a)",
	"a{1001}",
	"a{2,1}",
	"\\p{Foo}",
	"\\pX",
	"(?P<n>",
	"(?P<n>a)(?P<n>b)",
	"(?P<>a)",
	"(?P=n)",
	"[b-a]",
	"[a",
	"[[:foo:]]",
	"|*",
	"(?i",
	"(?z)",
	"(?>a)",
	"\\Z",
	"\\C",
	"\\G",
	"\\h",
	"\\x{110000}",
	"\\xg",
	"(?#a)",
	"(?<n",
	"(a{500}){500}",
	"\\",
	"(?i-",
	"[\\8]",
	"\\u0041",
	"é**",
}

func pattern(r random) string {
	if r.percent(60) {
		return pick(r, wholePatterns...)
	}
	var b strings.Builder
	for range 1 + r.IntN(3) {
		b.WriteString(pick(r, pieces...))
	}
	return b.String()
}

func invalidPattern(r random) string {
	fault := pick(r, faults...)
	switch r.IntN(3) {
	case 0:
		return fault
	case 1:
		return pattern(r) + fault
	default:
		return fault + pattern(r)
	}
}

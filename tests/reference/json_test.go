package reference

import (
	"fmt"
	"strings"
)

// writer generates unusual JSON: in any order, with duplicate, folded and unknown keys, and odd
// escapes.
type writer struct {
	random
	// twice is the percentage of duplicate keys, and fold the percentage of keys that are only
	// found by case folding.
	twice, fold int
	// wrong is the percentage of values that are replaced by a value of any type.
	wrong int
}

// member is a key with a generator of its values. A duplicate key gets a new value.
type member struct {
	key   string
	value func() string
}

func (w *writer) object(members ...member) string {
	var texts []string
	for _, m := range members {
		texts = append(texts, w.member(m.key, m.value()))
		if w.percent(w.twice) {
			value := "null"
			if w.percent(75) {
				value = m.value()
			}
			at := w.IntN(len(texts) + 1)
			texts = append(texts[:at], append([]string{w.member(m.key, value)}, texts[at:]...)...)
		}
	}
	if w.percent(6) {
		texts = append(
			texts,
			w.member(
				pick(w.random, "comment", "whens", "_", "", "Versi\u00f6n", "hookſs"),
				w.any(),
			),
		)
	}
	if w.percent(50) {
		w.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	}
	return "{" + strings.Join(texts, ","+w.space()) + w.space() + "}"
}

func (w *writer) member(key, value string) string {
	if w.percent(w.fold) {
		key = w.folded(key)
	}
	if w.percent(w.wrong) {
		value = w.any()
	}
	return w.text(key) + w.space() + ":" + w.space() + value
}

// folded returns another spelling of a key that is equal after case folding.
func (w *writer) folded(key string) string {
	switch w.IntN(4) {
	case 0:
		return strings.ToUpper(key)
	case 1:
		first := min(1, len(key))
		return strings.ToUpper(key[:first]) + key[first:]
	case 2:
		return strings.ReplaceAll(key, "s", "ſ")
	default:
		return strings.ReplaceAll(strings.ToUpper(key), "K", "\u212a")
	}
}

func (w *writer) space() string {
	return pick(w.random, "", "", "", " ", " ", "\n  ", "\t", "\r\n")
}

// text quotes a string and escapes parts of it. It does not change bytes that are not UTF-8.
func (w *writer) text(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b.WriteString("\\" + string(rune(c)))
		case c < ' ' || c < 0x80 && w.percent(1):
			fmt.Fprintf(&b, pick(w.random, "\\u%04x", "\\u%04X"), c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// loose returns any quoted string, including half surrogate pairs and bytes that are not UTF-8.
func (w *writer) loose() string {
	return pick(
		w.random,
		`"a"`,
		`"sh"`,
		`"-c"`,
		`"A=1"`,
		`"é κ"`,
		`""`,
		`"\ud83d\ude00"`,
		`"\ud800"`,
		`"\udc00x"`,
		`"\ud800\ud800"`,
		"\"\xff\"",
		"\"a\xc3\"",
		"\"\xed\xa0\x80\"",
		`"\u0000"`,
		`"\/\b\f\n"`,
		`"\u003cb\u003e&"`,
		"\"\u2028\"",
	)
}

func (w *writer) array(chance int, value func() string) string {
	var texts []string
	for range w.below(chance) {
		texts = append(texts, value())
	}
	return "[" + w.space() + strings.Join(texts, ","+w.space()) + "]"
}

// below returns 0 with this chance in percent, otherwise 1, 2 or 3; 1 is the most frequent.
func (w *writer) below(chance int) int {
	if w.percent(chance) {
		return 0
	}
	return pick(w.random, 1, 1, 1, 2, 2, 3)
}

func (w *writer) texts(nothing, null int, values ...string) string {
	return w.array(nothing, func() string {
		if w.percent(null) {
			return "null"
		}
		return w.text(pick(w.random, values...))
	})
}

// any returns a value of any type.
func (w *writer) any() string {
	switch w.IntN(10) {
	case 0:
		return w.array(20, w.any)
	case 1:
		return "{" + w.text("a") + ":" + w.any() + "}"
	case 2:
		return w.loose()
	default:
		return pick(
			w.random,
			"null",
			"true",
			"false",
			"0",
			"3",
			"-1.5e3",
			`"3"`,
			"[]",
			"{}",
			"[[]]",
			`{"":null}`,
			"1e400",
			"18446744073709551616",
		)
	}
}

// mutated changes some bytes of a string.
func (w *writer) mutated(text string) string {
	b := []byte(text)
	for range 1 + w.IntN(3) {
		if len(b) == 0 {
			break
		}
		at := w.IntN(len(b))
		switch w.IntN(4) {
		case 0:
			b[at] ^= 1 << w.IntN(8)
		case 1:
			b[at] = pick(w.random, []byte("{}[]\",:0-\\ \x00\xff")...)
		case 2:
			b = append(b[:at], b[at+1:]...)
		default:
			b = append(
				b[:at],
				append([]byte{pick(w.random, []byte("{}[]\",:e.1\\n\xff")...)}, b[at:]...)...)
		}
	}
	return string(b)
}

package reference

import (
	"fmt"
	"strings"
)

// writer writes JSON as people, programs and attackers do: any order, keys twice, folded, unknown, odd escapes.
type writer struct {
	random
	// twice is how many keys of a hundred come twice, and fold how many are spelt so that only folding finds them.
	twice, fold int
	// wrong is how many values of a hundred are replaced by any other.
	wrong int
}

// member is a key with what writes values for it: another one where the key comes twice.
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
	return "{" + strings.Join(texts, ","+w.blank()) + w.blank() + "}"
}

func (w *writer) member(key, value string) string {
	if w.percent(w.fold) {
		key = w.folded(key)
	}
	if w.percent(w.wrong) {
		value = w.any()
	}
	return w.text(key) + w.blank() + ":" + w.blank() + value
}

// folded is another spelling of a key, which folding takes for the same.
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

func (w *writer) blank() string {
	return pick(w.random, "", "", "", " ", " ", "\n  ", "\t", "\r\n")
}

// text quotes a string, some of it escaped, and leaves bytes that are not UTF-8 as they are.
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

// loose is a string where any will do, halves of surrogate pairs and bytes that are not UTF-8 among them.
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
	return "[" + w.blank() + strings.Join(texts, ","+w.blank()) + "]"
}

// below is 1 more often than 0, 2 or 3: nothing in chance of a hundred.
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

// any is a value of any type.
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

// mutated is a text of which some bytes were changed.
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

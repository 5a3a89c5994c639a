package reference

import "strings"

// bad returns a file that usually has a flaw.
func (f *files) bad() string {
	at := 0
	for _, flaw := range flaws {
		at += flaw.weight
	}
	at = f.IntN(at)
	for _, flaw := range flaws {
		if at -= flaw.weight; at < 0 {
			return flaw.write(f)
		}
	}
	panic("not reached")
}

func (f *files) valid() string   { return f.text(pattern(f.random)) }
func (f *files) invalid() string { return f.text(invalidPattern(f.random)) }

// wrongly returns a file in which values may have wrong types.
func (f *files) wrongly(write func(*files) string) string {
	wrong := &files{f.writer, f.stages}
	wrong.wrong = 20
	return write(wrong)
}

// both returns a file of 0.1.0 with both names of a property.
func (f *files) both(one, other string) string {
	value := func() string {
		if f.percent(30) {
			return pick(f.random, `[]`, `null`)
		}
		return f.texts(0, 0, f.stages...)
	}
	return f.old(fixed{one: value(), other: value()})
}

// at returns a file of either version with this path.
func (f *files) at(path string) string {
	if f.percent(70) {
		return f.current(fixed{"path": f.text(path)})
	}
	return f.old(fixed{"hook": f.text(path)})
}

var flaws = []struct {
	weight int
	write  func(f *files) string
}{
	{3, func(f *files) string { return f.mutated(f.good()) }},
	{2, func(f *files) string { good := f.good(); return good[:f.IntN(len(good))] }},
	{4, func(f *files) string { return f.good()[:1+f.IntN(20)] }},
	{2, func(f *files) string {
		return f.good() + pick(
			f.random,
			"}",
			" x",
			"{}",
			",",
			"\x00",
			"null",
			"\xff",
			"\n\n",
			"\ufeff",
			"//",
		)
	}},
	{2, func(f *files) string { return f.wrongly((*files).good) }},
	{6, func(f *files) string {
		return f.wrongly(
			func(f *files) string {
				return f.old(fixed{"version": pick(f.random, `""`, `"0.1.0"`, ``)})
			},
		)
	}},
	{2, func(f *files) string {
		return f.current(
			fixed{
				"timeout": pick(
					f.random,
					"1e2",
					"1.0",
					`"3"`,
					"9223372036854775808",
					"-9223372036854775809",
					"01",
					"+1",
					"1E+2",
					"0x1",
					"true",
					"1e",
					"-",
					".5",
				),
			},
		)
	}},
	{5, func(f *files) string {
		return f.current(
			fixed{
				"version": pick(
					f.random,
					`"1.0.1"`,
					`"2"`,
					`" 1.0.0"`,
					`"1.0.0\n"`,
					`"\ud800"`,
					"\"\xff\"",
					`"V\"é\u007f\u2028"`,
					`"9.9.9"`,
				),
			},
		)
	}},
	{2, func(f *files) string {
		return f.current(
			fixed{"version": pick(f.random, `1`, `{}`, `["1.0.0"]`, `true`, `null`, ``)},
		)
	}},
	{
		3,
		func(f *files) string { return f.current(fixed{"path": pick(f.random, `""`, `null`, ``)}) },
	},
	{2, (*files).missing},
	{
		3,
		func(f *files) string {
			return f.at(pick(f.random, "/bin/sh/x", "/bin/sh/", "/etc/passwd/."))
		},
	},
	{3, func(f *files) string { return f.at(pick(f.random, "loop", "loop/x", "./loop")) }},
	{3, func(f *files) string {
		return f.at(
			pick(
				f.random,
				strings.Repeat("n", 256),
				"/"+strings.Repeat("é", 128),
				strings.Repeat("/n", 2100),
			),
		)
	}},
	{
		3,
		func(f *files) string {
			return f.at(pick(f.random, "/bin/sh\x00", "\x00", "/bin/\x00/sh"))
		},
	},
	{2, func(f *files) string {
		return f.current(fixed{"annotations": "{" + f.invalid() + ":" + f.valid() + "}"})
	}},
	{2, func(f *files) string {
		return f.current(fixed{"annotations": "{" + f.valid() + ":" + f.invalid() + "}"})
	}},
	{2, func(f *files) string {
		return f.current(
			fixed{
				"annotations": "{" + f.invalid() + ":" + f.valid() + "," + f.valid() + ":" + pick(
					f.random,
					f.invalid,
					f.valid,
				)() + "}",
			},
		)
	}},
	{2, func(f *files) string {
		return f.current(
			fixed{"commands": "[" + pick(f.random, "", f.valid()+",") + f.invalid() + "]"},
		)
	}},
	{1, func(f *files) string { return f.old(fixed{"cmd": "[" + f.invalid() + "]"}) }},
	{
		1,
		func(f *files) string {
			return f.old(fixed{"annotation": "[" + f.valid() + "," + f.invalid() + "]"})
		},
	},
	{2, func(f *files) string { return f.current(fixed{"stages": pick(f.random, ``, `null`)}) }},
	{3, func(f *files) string {
		stage := f.text(pick(f.random, "unknown", "PostStop", "", "prestart ", "\xff", "é\"\t"))
		if f.percent(50) {
			return f.current(fixed{"stages": "[" + stage + "]"})
		}
		return f.old(fixed{"stage": "[" + f.text(pick(f.random, f.stages...)) + "," + stage + "]"})
	}},
	{2, func(f *files) string { return f.old(fixed{"hook": pick(f.random, ``, `null`)}) }},
	{4, func(f *files) string { return f.old(fixed{"stages": pick(f.random, ``, `null`)}) }},
	{8, func(f *files) string { return f.both("stage", "stages") }},
	{2, func(f *files) string { return f.both("cmd", "cmds") }},
	{2, func(f *files) string { return f.both("annotation", "annotations") }},
	{5, func(f *files) string { return pick(f.random, "null", " null\n") }},
	{1, func(f *files) string {
		return pick(
			f.random,
			"[]",
			"3",
			"",
			" ",
			"tru",
			"{",
			"{}",
			`"x"`,
			"\ufeff{}",
			"\xff",
			"{} {}",
			"[null]",
			"nul",
			`{"version":`,
			`{"a`,
		)
	}},
	{1, func(f *files) string {
		levels := pick(f.random, 3, 3, 3, 3, 3, 3, 3, 3, 9990, 10_010) + f.IntN(20)
		return strings.TrimSuffix(
			f.current(nil),
			"}",
		) + `,"deep":` + strings.Repeat(
			"[",
			levels,
		) + strings.Repeat(
			"]",
			levels,
		) + "}"
	}},
}

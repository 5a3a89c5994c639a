package reference

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

var names = []string{
	"a.json",
	"b.json",
	"10-nvidia.json",
	".json",
	".h.json",
	"a b.json",
	"é.json",
	"İ.json",
	"İ.json",
	"İ.json",
	"Σ.json",
	"ς2.json",
	"z.json",
	"Z2.json",
	"_.json",
	"\xff.json",
	"q\xe9.json",
	"new\nline.json",
	"\"q\".json",
	"ǅ.json",
	"ẞ.json",
	"\u212a.json",
	"日本.json",
	"A-.json",
	"aa.json",
	"ia.json",
	"ia.json",
	"ia.json",
}

// generate returns the tree of this seed and index.
func generate(seed, index uint64) *tree {
	r := newRandom(seed, index)
	t := &tree{Seed: seed, Index: index}
	stages := []string{
		"createContainer",
		"createRuntime",
		"prestart",
		"poststart",
		"poststop",
		"startContainer",
	}
	if r.percent(70) {
		for range 1 + r.IntN(2) {
			stage := pick(
				r,
				"precreate",
				"precreate",
				"poststop",
				"createRuntime",
				"x-é",
				"",
				"a\tb",
			)
			t.Stages = append(t.Stages, []byte(stage))
			stages = append(stages, stage, stage, stage)
		}
	}
	f := &files{writer{random: r, twice: 3, fold: 3}, stages}
	f.directories(t)
	for shape := range 5 {
		t.Containers = append(t.Containers, anyContainer(r, shape))
	}
	return t
}

// anyContainer returns a container of one of five shapes: without a process, without args, with
// args, with hooks, with hooks and bind mounts.
func anyContainer(r random, shape int) container {
	c := container{Process: shape > 0, HasBindMounts: shape == 4 || r.percent(30), Hooks: shape > 2}
	if shape > 1 {
		for range 1 + r.IntN(2) {
			c.Args = append(c.Args, []byte(pick(r, commands...)))
		}
	}
	if r.percent(80) {
		c.Annotations = [][2][]byte{}
		for range r.IntN(4) {
			c.Annotations = append(
				c.Annotations,
				[2][]byte{[]byte(pick(r, keys...)), []byte(pick(r, values...))},
			)
		}
		if r.percent(5) {
			c.Annotations = append(
				c.Annotations,
				[2][]byte{
					[]byte("long"),
					bytes.Repeat([]byte(pick(r, values...)+"\n"), r.IntN(5000)),
				},
			)
		}
	}
	return c
}

// mood is the kind of a tree's files.
type mood int

const (
	flawless mood = iota
	// tolerated: the first failure in a directory is a missing executable.
	tolerated
	flawed
)

func (f *files) directories(t *tree) {
	mood := pick(
		f.random,
		flawless,
		flawless,
		flawless,
		flawless,
		flawless,
		tolerated,
		flawed,
		flawed,
		flawed,
	)
	var used []string
	for range 3 + f.IntN(4) {
		name := pick(f.random, names...)
		// The reference does not order names that are equal in lower case: see the rule case-tie.
		if !slices.ContainsFunc(
			used,
			func(other string) bool { return strings.ToLower(other) == strings.ToLower(name) },
		) {
			used = append(used, name)
		}
	}
	tie := ""
	if f.percent(8) {
		tie = used[0]
	}
	if f.percent(1) {
		return // no directories at all
	}
	if f.percent(1) {
		t.Directories = append(t.Directories, f.many())
	}
	for number := range pick(f.random, 1, 2, 2, 2, 3, 3) {
		made := string(rune('a' + number))
		d := directory{
			Path:   made + pick(f.random, "", "", "", "", "", "", "/", "//.", "/../"+made),
			Inside: true,
			Made:   made,
			Kind:   isDirectory,
		}
		chance := f.IntN(100)
		if mood != flawed {
			chance = f.IntN(96)
		}
		switch {
		case chance < 83:
			d.Entries = f.entries(t, used, mood)
			if tie != "" && f.percent(60) {
				swapped := strings.ToUpper(tie[:len(tie)-len(".json")]) + ".json"
				if swapped != tie &&
					!slices.ContainsFunc(
						d.Entries,
						func(e entry) bool { return string(e.Name) == swapped },
					) {
					d.Entries = append(
						d.Entries,
						entry{Name: []byte(swapped), Kind: isFile, Content: []byte(f.good())},
					)
				}
			}
		case chance < 89: // the path is a symbolic link to the directory
			d.Kind, d.Target = isLink, "real-"+made
			t.Directories = append(t.Directories, d)
			d = directory{
				Path:    "missing",
				Inside:  true,
				Made:    "real-" + made,
				Kind:    isDirectory,
				Entries: f.entries(t, used, mood),
			}
		case chance < 92:
			d = pick(
				f.random,
				directory{Path: "missing", Inside: true},
				directory{Path: ""},
				directory{Path: "/nonexistent/hooks.d"},
				directory{Path: made, Inside: true, Made: made, Kind: isLink, Target: "nowhere"},
			)
		case chance < 96 && number > 0:
			// The same directory again.
			d = directory{Path: t.Directories[0].Path, Inside: t.Directories[0].Inside}
		case chance < 96:
			d.Path = "missing"
		case chance < 98:
			d.Kind, d.Path = isFile, made+pick(f.random, "", "/", "/x")
		case chance < 99:
			d.Kind, d.Target = isLink, made
		default:
			d = directory{Path: pick(f.random, "/"+strings.Repeat("n", 300), "/dev/null")}
		}
		t.Directories = append(t.Directories, d)
	}
}

// many returns a directory with more hooks than the first buffer of the caller holds.
func (f *files) many() directory {
	d := directory{Path: "many", Inside: true, Made: "many", Kind: isDirectory}
	for number := range 50 + f.IntN(100) {
		content := f.current(
			fixed{"args": "[" + f.text(fmt.Sprint(number)) + "]", "when": `{"always":true}`},
		)
		if f.percent(20) {
			content = f.good()
		}
		d.Entries = append(
			d.Entries,
			entry{
				Name:    fmt.Appendf(nil, "%d.json", number),
				Kind:    isFile,
				Content: []byte(content),
			},
		)
	}
	return d
}

// entries returns the entries of one directory sorted by name, so that it can choose the first
// failure.
func (f *files) entries(t *tree, used []string, mood mood) (entries []entry) {
	chosen := slices.Clone(used)
	f.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	chosen = chosen[:min(len(chosen), 1+f.IntN(4))]
	slices.Sort(chosen)
	failed := false
	for _, name := range chosen {
		e := entry{Name: []byte(name), Kind: isFile}
		switch {
		case mood == flawless || !f.percent(45):
			e.Content = []byte(f.good())
		case mood == tolerated && !failed:
			e.Content, failed = []byte(f.missing()), true
		case f.percent(6):
			e.Kind = isDirectory
		case f.percent(6):
			e.Kind, e.Target = isLink, []byte(
				pick(f.random, name, "/bin/sh/x", "../store", "/"+strings.Repeat("n", 300)),
			)
		default:
			e.Content = []byte(f.bad())
		}
		if e.Kind == isFile && f.percent(10) {
			kept := entry{
				Name:    []byte{byte('0' + len(t.Store)/10), byte('0' + len(t.Store)%10)},
				Kind:    isFile,
				Content: e.Content,
			}
			t.Store = append(t.Store, kept)
			e = entry{Name: e.Name, Kind: isLink, Target: append([]byte("../store/"), kept.Name...)}
		} else if f.percent(3) {
			e = entry{Name: e.Name, Kind: isLink, Target: []byte("../store/none")}
		}
		entries = append(entries, e)
	}
	if f.percent(20) {
		name := pick(
			f.random,
			"a.JSON",
			"a.json~",
			"README",
			".a.json.swp",
			"json",
			"\xff",
			"x.json ",
		)
		entries = append(
			entries,
			entry{
				Name:    []byte(name),
				Kind:    pick(f.random, isFile, isDirectory),
				Content: []byte("x"),
			},
		)
	}
	return entries
}

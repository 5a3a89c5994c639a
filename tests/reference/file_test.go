package reference

import (
	"fmt"
	"strings"
)

// files generates the content of hook files for one tree.
type files struct {
	writer
	// stages are the stages that a hook may name.
	stages []string
}

// fixed maps keys to values that are written once, unchanged. For "" the key is omitted.
type fixed map[string]string

func (f *files) object(fixed fixed, members ...member) string {
	kept := members[:0]
	var last []member
	for _, m := range members {
		text, ok := fixed[m.key]
		if !ok {
			kept = append(kept, m)
		} else if text != "" {
			last = append(last, member{m.key, func() string { return text }})
		}
	}
	object := f.writer.object(kept...)
	for _, m := range last {
		comma := ","
		if strings.TrimSpace(object[1:len(object)-1]) == "" {
			comma = ""
		}
		object = object[:len(object)-1] + comma + f.text(m.key) + ":" + m.value() + "}"
	}
	return object
}

// good returns a file that is usually valid.
func (f *files) good() string {
	if f.percent(60) {
		return f.current(nil)
	}
	return f.old(nil)
}

func (f *files) path() string {
	return f.text(
		pick(
			f.random,
			"/bin/sh",
			"/bin/sh",
			"/bin/sh",
			"/bin/true",
			"/bin/../bin/sh",
			"/usr",
			"/bin//true",
			"/dev/null",
			"link",
			"./link",
		),
	)
}

func (f *files) stageList() string { return f.texts(3, 0, f.stages...) }

func (f *files) patterns() string {
	return f.array(10, func() string {
		if f.percent(3) {
			return "null"
		}
		return f.text(pattern(f.random))
	})
}

func (f *files) boolean(chance int) func() string {
	return func() string { return fmt.Sprint(f.percent(chance)) }
}

// current returns a file of version 1.0.0.
func (f *files) current(fixed fixed) string {
	hook := func() string {
		members := []member{{"path", f.path}}
		if f.percent(50) {
			members = append(members, member{"args", func() string { return f.array(10, f.loose) }})
		}
		if f.percent(25) {
			members = append(members, member{"env", func() string {
				return f.array(
					10,
					func() string { return pick(f.random, "null", f.loose(), f.loose(), f.loose()) },
				)
			}})
		}
		if _, ok := fixed["timeout"]; ok || f.percent(25) {
			members = append(members, member{"timeout", func() string {
				return pick(
					f.random,
					"1",
					"30",
					"0",
					"-0",
					"-5",
					"9223372036854775807",
					"-9223372036854775808",
					"null",
				)
			}})
		}
		return f.object(fixed, members...)
	}
	when := func() string {
		var members []member
		for range 1 + f.IntN(2) {
			members = append(members, pick(
				f.random,
				member{
					"always",
					f.boolean(80),
				},
				member{"always", f.boolean(80)},
				member{"hasBindMounts", f.boolean(75)},
				member{
					"annotations",
					f.annotations,
				},
				member{"annotations", f.annotations},
				member{"commands", f.patterns},
			))
		}
		for _, key := range []string{"annotations", "commands"} {
			if text := fixed[key]; text != "" {
				members = append(members, member{key, func() string { return text }})
			}
		}
		return f.object(fixed, members...)
	}
	return f.object(
		fixed,
		member{"version", func() string { return f.text("1.0.0") }},
		member{"hook", hook},
		member{"when", when},
		member{"stages", f.stageList},
	)
}

// annotations returns annotations of version 1.0.0. Usually at most one of them matches.
func (f *files) annotations() string {
	var members []member
	for range f.below(5) {
		members = append(
			members,
			member{pattern(f.random), func() string { return f.text(pattern(f.random)) }},
		)
	}
	return (&writer{random: f.random, twice: f.twice}).object(members...)
}

// old returns a file of version 0.1.0.
func (f *files) old(fixed fixed) string {
	members := []member{{"hook", f.path}, {pick(f.random, "stages", "stage"), f.stageList}}
	for key := range fixed {
		if key == "stage" || key == "stages" {
			members = members[:1]
		}
	}
	if f.percent(40) {
		members = append(
			members,
			member{"arguments", func() string { return f.array(10, f.loose) }},
		)
	}
	for range 1 + f.IntN(2) {
		members = append(members, pick(f.random,
			member{pick(f.random, "cmds", "cmd"), f.patterns},
			member{pick(f.random, "annotations", "annotation"), f.patterns},
			member{"hasbindmounts", f.boolean(75)}))
	}
	if f.percent(40) {
		members = append(
			members,
			member{"version", func() string { return pick(f.random, `""`, `"0.1.0"`, `"0.1.0"`) }},
		)
	}
	for _, key := range []string{"stage", "stages", "cmd", "cmds", "annotation", "annotations"} {
		if text := fixed[key]; text != "" {
			members = append(members, member{key, func() string { return text }})
		}
	}
	return f.object(fixed, members...)
}

// missing returns a file whose executable does not exist. New tolerates it if it is the first
// failure.
func (f *files) missing() string {
	path := f.text(pick(f.random, "/nonexistent", "/bin/none", "none", "dangling", "/bin/none/x"))
	if f.percent(70) {
		return f.current(fixed{"path": path})
	}
	return f.old(fixed{"hook": path})
}

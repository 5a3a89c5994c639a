package reference

import (
	"bytes"
	"path/filepath"
	"testing"
)

// FuzzHookFile compares one file with any content, and containers with any annotation and command.
// Run `go test -fuzz FuzzHookFile -fuzzminimizetime 10x`; a longer minimization takes most of the
// time.
func FuzzHookFile(f *testing.F) {
	for index := range uint64(200) {
		r := newRandom(1, index)
		file := &files{
			writer{random: r, twice: 5, fold: 5},
			[]string{"prestart", "poststop", "precreate"},
		}
		content := file.good()
		if index%2 == 0 {
			content = file.bad()
		}
		f.Add(
			[]byte(content),
			[]byte(pick(r, keys...)),
			[]byte(pick(r, values...)),
			[]byte(pick(r, commands...)),
			r.percent(50),
		)
	}
	f.Fuzz(func(t *testing.T, content, key, value, command []byte, hasBindMounts bool) {
		// The files of this process in /proc may differ between the calls of both sides.
		if bytes.Contains(content, []byte("proc")) {
			t.Skip("the file names /proc")
		}
		given := container{
			Process:       true,
			Args:          [][]byte{command},
			Annotations:   [][2][]byte{{key, value}},
			HasBindMounts: hasBindMounts,
		}
		empty := given
		empty.Args = nil
		containers := []container{given, empty}
		tree := &tree{
			Directories: []directory{
				{
					Path:    "hooks.d",
					Inside:  true,
					Made:    "hooks.d",
					Kind:    isDirectory,
					Entries: []entry{{Name: []byte("a.json"), Kind: isFile, Content: content}},
				},
			},
			Stages:     [][]byte{[]byte("precreate"), []byte("poststop")},
			Containers: containers,
		}
		c := compare(t, libhooks(), tree, filepath.Join(t.TempDir(), "tree"))
		for _, difference := range c.differences {
			t.Errorf("%.2000s", difference)
		}
	})
}

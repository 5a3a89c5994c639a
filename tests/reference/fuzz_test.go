package reference

import (
	"bytes"
	"path/filepath"
	"testing"
)

// FuzzHookFile compares on one file, whatever is in it, and containers with whatever annotation and command. With
// `go test -fuzz FuzzHookFile -fuzzminimizetime 10x` it goes on; minimising for longer takes most of the time.
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
		// Names of files in what /proc has of this process are not the same to both sides at all times.
		if bytes.Contains(content, []byte("proc")) {
			t.Skip("it names /proc")
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
		for _, difference := range compare(t, libhooks(), tree, filepath.Join(t.TempDir(), "tree")).differences {
			t.Errorf("%.2000s", difference)
		}
	})
}

package reference

import "testing"

// TestOddPaths compares unusual paths, which no tree has.
func TestOddPaths(t *testing.T) {
	c := &comparison{
		theirs:   reference(),
		ours:     libhooks(),
		tree:     &tree{},
		happened: map[string]int{},
	}
	for _, path := range []string{
		"", ".", "a\x00b", "/tmp\x00", "/proc/self/mem", "/dev/null", "/proc/1/fdinfo/x",
		"/none/none", "/dev/null/x", "\xff", ".json", "a\x00.json", "/none.json", "/none/a.json",
		"/dev/null/a.json", "\xff.json", "/proc/self/.json", "testdata/swap/../swap/.json",
	} {
		c.check(
			"Read",
			"",
			func() answer { return hookAnswer(c.theirs.read(path, nil)) },
			hookAnswer(c.ours.read(path, nil)),
		)
		c.check(
			"ReadDir",
			"",
			func() answer { return hooksAnswer(c.theirs.readDir(path, nil)) },
			hooksAnswer(c.ours.readDir(path, nil)),
		)
		for _, paths := range [][]string{{path}, {path, path}, {"/none", path}} {
			_, err := c.ours.new(paths, nil)
			c.check("New", "", func() answer {
				_, err := c.theirs.new(paths, nil)
				return answer{nil, err}
			}, answer{nil, err})
		}
		for _, difference := range c.differences {
			t.Errorf("%q: %s", path, difference)
		}
		c.differences = nil
	}
	for _, directories := range [][]string{nil, {}} {
		if _, err := c.ours.new(directories, nil); err != nil {
			t.Error(err)
		}
	}
}

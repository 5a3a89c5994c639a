package reference

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
)

// kept is the directory for failed cases.
const kept = "../../target/differential"

func TestMain(m *testing.M) {
	logrus.SetOutput(io.Discard)
	os.Exit(m.Run())
}

// TestDifferential compares libhooks with the reference on generated trees. The environment
// variable LIBHOOKS_DIFFERENTIAL_COUNT sets their number, and LIBHOOKS_DIFFERENTIAL_SEED the seed.
// LIBHOOKS_DIFFERENTIAL_CASE names a file with one tree to repeat.
func TestDifferential(t *testing.T) {
	if path := os.Getenv("LIBHOOKS_DIFFERENTIAL_CASE"); path != "" {
		one, err := loadTree(path)
		if err != nil {
			t.Fatal(err)
		}
		prepare(t)
		c := compare(t, libhooks(), one, filepath.Join(t.TempDir(), "tree"))
		for _, difference := range c.differences {
			t.Errorf("%.2000s", difference)
		}
		return
	}
	seed := number(t, "LIBHOOKS_DIFFERENTIAL_SEED", uint64(time.Now().UnixNano()))
	count := number(t, "LIBHOOKS_DIFFERENTIAL_COUNT", 20_000)
	t.Logf("LIBHOOKS_DIFFERENTIAL_SEED=%d LIBHOOKS_DIFFERENTIAL_COUNT=%d", seed, count)
	keep, err := filepath.Abs(kept)
	if err != nil {
		t.Fatal(err)
	}
	prepare(t)
	start := time.Now()
	happened, failures := differential(t, libhooks(), seed, count, 5, func(failure *comparison) {
		path := filepath.Join(
			keep,
			fmt.Sprintf("%d-%d.json", failure.tree.Seed, failure.tree.Index),
		)
		if err := failure.tree.save(path); err != nil {
			t.Error(err)
		}
		t.Errorf(
			"tree %d; to repeat it: LIBHOOKS_DIFFERENTIAL_CASE=%s",
			failure.tree.Index,
			path,
		)
		for _, difference := range failure.differences[:min(3, len(failure.differences))] {
			t.Errorf("%.2000s", difference)
		}
	})
	t.Logf("%d trees in %v", happened["trees"], time.Since(start).Round(time.Second))
	if len(failures) == 0 {
		assertSpread(t, happened)
	}
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return number
}

// prepare creates a working directory with the targets of relative executable paths, in memory if
// possible.
func prepare(t *testing.T) {
	if information, err := os.Stat("/dev/shm"); err == nil && information.IsDir() &&
		os.Getenv("TMPDIR") == "" {
		t.Setenv("TMPDIR", "/dev/shm")
	}
	t.Chdir(t.TempDir())
	for name, target := range map[string]string{
		"link":     "/bin/sh",
		"loop":     "loop",
		"dangling": "nowhere",
	} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
}

// compare writes a tree below a root that does not exist yet, and compares both implementations on
// it.
func compare(t testing.TB, ours implementation, tree *tree, root string) *comparison {
	if err := tree.write(root); err != nil {
		t.Fatalf("tree %d: %v", tree.Index, err)
	}
	c := &comparison{
		theirs:    reference(),
		ours:      ours,
		tree:      tree,
		root:      root,
		happened:  map[string]int{},
		jsonTexts: map[string]string{},
	}
	c.compareAll()
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	return c
}

// differential compares this number of trees, and stops after stopAfter failures. It reports each
// failure at once, since a later tree may end the process.
func differential(
	t testing.TB,
	ours implementation,
	seed, count uint64,
	stopAfter int,
	report func(*comparison),
) (happened map[string]int, failures []*comparison) {
	happened = map[string]int{}
	var next atomic.Uint64
	var mutex sync.Mutex
	var workers sync.WaitGroup
	directory, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for worker := range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			// Half of the trees have relative paths.
			roots := []string{
				fmt.Sprintf("%s/tree%d", directory, worker),
				fmt.Sprintf("tree%d", worker),
			}
			for {
				index := next.Add(1) - 1
				if index >= count {
					return
				}
				c := compare(t, ours, generate(seed, index), roots[index%2])
				mutex.Lock()
				for what, count := range c.summary() {
					happened[what] += count
				}
				if len(c.differences) > 0 {
					failures = append(failures, c)
					report(c)
				}
				enough := len(failures) >= stopAfter
				mutex.Unlock()
				if enough {
					return
				}
			}
		})
	}
	workers.Wait()
	return happened, failures
}

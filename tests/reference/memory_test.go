package reference

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	current "go.podman.io/common/pkg/hooks/1.0.0"
)

// TestHooksInMemory compares Validate and Match on hooks that no file contains: with any fields set
// or missing, and with strings that are not UTF-8.
func TestHooksInMemory(t *testing.T) {
	prepare(t)
	seed := number(t, "LIBHOOKS_DIFFERENTIAL_SEED", 20261124)
	count := number(t, "LIBHOOKS_DIFFERENTIAL_COUNT", 20_000)
	t.Logf("LIBHOOKS_DIFFERENTIAL_SEED=%d LIBHOOKS_DIFFERENTIAL_COUNT=%d", seed, count)
	happened := map[string]int{}
	for index := range count {
		r := newRandom(seed, index)
		hook := memory(r)
		one := &tree{Seed: seed, Index: index, Containers: []container{anyContainer(r, r.IntN(5))}}
		if r.percent(30) {
			one.Stages = [][]byte{[]byte("precreate"), []byte(pick(r, "", "é", "unknown"))}
		}
		c := &comparison{theirs: reference(), ours: libhooks(), tree: one, happened: happened}
		c.compareHook(hook)
		if len(c.differences) == 0 {
			continue
		}
		// Strings in the C ABI are UTF-8: each byte that is not UTF-8 becomes U+FFFD.
		if same := utf8Hook(t, hook); !reflect.DeepEqual(hook, same) {
			c.theirs, c.differences = onUTF8(t, c.theirs), nil
			if c.compareHook(hook); len(c.differences) == 0 {
				c.allow(memoryIsUTF8)
				continue
			}
		}
		for _, difference := range c.differences {
			t.Fatalf("hook %d: %.2000s", index, difference)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(happened)) {
		t.Logf("%8d %s", happened[what], what)
	}
	for what, least := range map[string]int{
		"evaluations":               15,
		"evaluations that match":    3,
		"error: unexpected version": 2,
		"error: command":            1,
		"error: annotation value":   1,
		"error: unknown stage":      1,
		"error: no stages":          1,
		"allowed: " + memoryIsUTF8:  1,
	} {
		if 100*uint64(happened[what]) < count*uint64(least) {
			t.Errorf("%s: %d times, want %d %%", what, happened[what], least)
		}
	}
}

func memory(r random) *current.Hook {
	yes, no := true, false
	text := func(valid string) string {
		if r.percent(2) {
			return valid + pick(r, "\xff", "\xed\xa0\x80", "\xc3", "\x00", "\xf4\x90\x80\x80")
		}
		return valid
	}
	pattern := func() string {
		if r.percent(10) {
			return text(invalidPattern(r))
		}
		return text(pattern(r))
	}
	hook := &current.Hook{
		Version: text(
			pick(
				r,
				current.Version,
				current.Version,
				current.Version,
				current.Version,
				current.Version,
				current.Version,
				"0.1.0",
				"",
			),
		),
		Hook: rspec.Hook{
			Path: text(pick(r, "/bin/sh", "/bin/sh", "/bin/sh", "link", "loop", "", "/none")),
			Args: pick(r, nil, []string{}, []string{"a", text("")}),
		},
	}
	hook.When.Or = r.percent(40)
	hook.When.Always = pick(r, nil, nil, &yes, &no)
	hook.When.HasBindMounts = pick(r, nil, nil, &yes, &no)
	if r.percent(50) {
		hook.When.Annotations = map[string]string{}
		for range r.IntN(4) {
			hook.When.Annotations[pattern()] = pattern()
		}
	}
	if r.percent(50) {
		hook.When.Commands = []string{}
		for range r.IntN(3) {
			hook.When.Commands = append(hook.When.Commands, pattern())
		}
	}
	if r.percent(95) {
		hook.Stages = []string{}
		for range r.IntN(3) {
			hook.Stages = append(
				hook.Stages,
				text(
					pick(r, "prestart", "poststop", "createContainer", "precreate", "é", "unknown"),
				),
			)
		}
	}
	return hook
}

// utf8Hook returns the hook after a conversion to JSON and back.
func utf8Hook(t *testing.T, hook *current.Hook) *current.Hook {
	text, err := json.Marshal(hook)
	if err != nil {
		t.Fatal(err)
	}
	same := new(current.Hook)
	if err := json.Unmarshal(text, same); err != nil {
		t.Fatal(err)
	}
	same.When.Or = hook.When.Or
	return same
}

// onUTF8 returns an implementation that converts hooks with utf8Hook first.
func onUTF8(t *testing.T, of implementation) implementation {
	converting := of
	converting.validate = func(hook *current.Hook, stages []string) error {
		return of.validate(utf8Hook(t, hook), stages)
	}
	converting.match = func(
		when *current.When,
		config *rspec.Spec,
		annotations map[string]string,
		hasBindMounts bool,
	) (bool, error) {
		return of.match(
			&utf8Hook(t, &current.Hook{When: *when}).When,
			config,
			annotations,
			hasBindMounts,
		)
	}
	return converting
}

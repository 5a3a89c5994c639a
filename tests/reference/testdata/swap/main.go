// Command swap uses everything that the reference exports, and prints the results. TestImportSwap
// builds it with each side's packages.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"go.podman.io/common/pkg/hooks"
	old "go.podman.io/common/pkg/hooks/0.1.0"
	current "go.podman.io/common/pkg/hooks/1.0.0"
	"go.podman.io/common/pkg/hooks/exec"
)

func main() {
	fmt.Println(
		hooks.Version,
		hooks.DefaultDir,
		hooks.OverrideDir,
		current.Version,
		old.Version,
		exec.DefaultPostKillTimeout,
	)
	readers()
	files()
	conditions()
	manager := inject()
	monitor(manager)
	run()
}

func show(what string, values ...any) {
	fmt.Print(what)
	for _, value := range values {
		if err, ok := value.(error); ok {
			fmt.Printf(" %q", err)
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		fmt.Printf(" %s", text)
	}
	fmt.Println()
}

// readers adds a reader to the existing ones.
func readers() {
	show("readers", slices.Sorted(maps.Keys(hooks.Readers)))
	hooks.Readers["swap"] = func(content []byte) (*current.Hook, error) {
		hook, err := hooks.Readers[old.Version](content)
		if err != nil {
			return nil, fmt.Errorf("swap: %w", err)
		}
		hook.Hook.Args = append(hook.Hook.Args, "swapped")
		return hook, nil
	}
}

func files() {
	for _, name := range []string{
		"always.json", "old.json", "swap.json", "swap-bad.json", "missing.json",
		"stage.json", "none.json", "none.txt", "ends.json",
	} {
		hook, err := hooks.Read("all/"+name, []string{"precreate"})
		show(
			"Read "+name,
			hook,
			err,
			err == hooks.ErrNoJSONSuffix,
			errors.Is(err, hooks.ErrNoJSONSuffix),
			errors.Is(err, fs.ErrNotExist),
		)
		content, err := os.ReadFile("all/" + name)
		if err == nil && json.Valid(content) {
			hook, err = current.Read(content)
			show("  1.0.0", hook, err == nil)
			if err == nil {
				show("  Validate", hook.Validate(nil), hook.Validate([]string{"precreate"}))
			}
			hook, err = old.Read(content)
			show("  0.1.0", hook, err == nil)
		}
	}
	show(
		"Validate",
		(*current.Hook)(nil).Validate(nil),
		(&current.Hook{Version: old.Version}).Validate(nil),
	)
	all := map[string]*current.Hook{"old.json": {Version: "in place"}, "other.json": nil}
	for _, name := range []string{"all", "good", "none"} {
		err := hooks.ReadDir(name, []string{"precreate"}, all)
		show("ReadDir "+name, all, err, errors.Is(err, os.ErrNotExist))
	}
	path := "/bin/sh"
	mounts := true
	show(
		"0.1.0",
		old.Hook{
			Hook:          &path,
			Arguments:     []string{"a"},
			Stages:        []string{},
			Stage:         nil,
			Cmds:          []string{"c"},
			Cmd:           []string{"d"},
			Annotations:   []string{"e"},
			Annotation:    []string{"f"},
			HasBindMounts: &mounts,
		},
	)
}

func conditions() {
	yes, no := true, false
	config := &rspec.Spec{Process: &rspec.Process{Args: []string{"/bin/sh"}}}
	for _, when := range []current.When{
		{},
		{Always: &yes},
		{Always: &no},
		{HasBindMounts: &yes},
		{HasBindMounts: &no},
		{Commands: []string{"sh$"}},
		{Commands: []string{"("}},
		{Annotations: map[string]string{"^a$": "^b$"}},
		{Annotations: map[string]string{"^a$": "["}},
		{Always: &yes, HasBindMounts: &yes, Commands: []string{"none"}},
	} {
		for _, or := range []bool{false, true} {
			when.Or = or //nolint:staticcheck // Deprecated, and exported.
			for _, mounts := range []bool{false, true} {
				match, err := when.Match(config, map[string]string{"a": "b"}, mounts)
				show("Match", when, or, mounts, match, err)
			}
			match, err := when.Match(&rspec.Spec{}, nil, true)
			show("Match", match, err)
			match, err = when.Match(&rspec.Spec{Process: &rspec.Process{}}, nil, false)
			show("Match", match, err)
		}
	}
}

func inject() *hooks.Manager {
	_, err := hooks.New(context.Background(), []string{"good", "all"}, nil)
	show("New", err)
	manager, err := hooks.New(
		context.Background(),
		[]string{"good", "watched"},
		[]string{"precreate", "poststop"},
	)
	show("New", err)
	config := &rspec.Spec{
		Process: &rspec.Process{Args: []string{"/bin/sh"}},
		Hooks:   &rspec.Hooks{Poststart: []rspec.Hook{{Path: "/bin/there"}}},
	}
	for range 2 {
		extension, err := manager.Hooks(config, map[string]string{"a": "b"}, true)
		show("Hooks", config, extension, err)
	}
	extension, err := manager.Hooks(&rspec.Spec{Process: &rspec.Process{}}, nil, false)
	show("Hooks", extension, err, err == nil)
	extension, err = new(hooks.Manager).Hooks(config, nil, true)
	show("Hooks", extension, extension == nil, err)
	return manager
}

// monitor changes files, and waits until Hooks returns the changed hooks.
func monitor(manager *hooks.Manager) {
	ctx, cancel := context.WithCancel(context.Background())
	sync := make(chan error, 2)
	go manager.Monitor(ctx, sync)
	show("Monitor watches", <-sync)
	const good = `{"version": "1.0.0", "hook": {"path": "/bin/sh", "args": [%q]}, "when": {"always": true}, "stages": ["prestart", "precreate"]}`
	steps := []struct {
		name, content string
		want          []string
	}{
		{"z.json", fmt.Sprintf(good, "one"), []string{"one"}},
		{"a.json", fmt.Sprintf(good, "two"), []string{"two", "one"}},
		{"z.json", fmt.Sprintf(good, "three"), []string{"two", "three"}},
		{"a.json", "{", []string{"three"}},
		{"z.json", "", nil},
		{"a.json", fmt.Sprintf(good, "four"), []string{"four"}},
	}
	for _, step := range steps {
		if step.content == "" {
			must(os.Remove("watched/" + step.name))
		} else {
			must(os.WriteFile("watched/.new", []byte(step.content), 0o644))
			must(os.Rename("watched/.new", "watched/"+step.name))
		}
		var seen []string
		deadline := time.Now().Add(30 * time.Second)
		for ; time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			extension, err := manager.Hooks(
				&rspec.Spec{Process: &rspec.Process{Args: []string{"-"}}},
				nil,
				false,
			)
			must(err)
			seen = nil
			for _, hook := range extension["precreate"] {
				seen = append(seen, hook.Args...)
			}
			if slices.Equal(seen, step.want) {
				break
			}
		}
		show("Monitor", step.name, seen)
		if !slices.Equal(seen, step.want) {
			panic("the change was not detected in time")
		}
	}
	cancel()
	err := <-sync
	_, open := <-sync
	show("Monitor ends", err, errors.Is(err, context.Canceled), open)
}

// run runs hooks in each of the four ways.
func run() {
	ctx := context.Background()
	hook := rspec.Hook{
		Path: "/bin/sh",
		Args: []string{"sh", "-c", "cat; pwd; echo $A >&2; exit $A"},
		Env:  []string{"PATH=/bin", "A=3"},
	}
	var stdout, stderr bytes.Buffer
	hookErr, err := exec.Run(
		ctx,
		&hook,
		[]byte("state\n"),
		nil,
		&stderr,
		exec.DefaultPostKillTimeout,
	)
	show("Run", hookErr, err, stderr.String())
	hook.Env[1] = "A=0"
	options := exec.RunOptions{
		Hook:            &hook,
		Dir:             "/usr",
		State:           []byte("state\n"),
		Stdout:          &stdout,
		Stderr:          &stderr,
		PostKillTimeout: exec.DefaultPostKillTimeout,
	}
	hookErr, err = exec.RunWithOptions(ctx, options)
	show("RunWithOptions", hookErr, err, stdout.String(), stderr.String())
	options.Hook = &rspec.Hook{Path: "/nonexistent"}
	hookErr, err = exec.RunWithOptions(ctx, options)
	show("RunWithOptions", hookErr, err, errors.Is(err, fs.ErrNotExist))

	config := &rspec.Spec{Hostname: "one", Process: &rspec.Process{Cwd: "/"}}
	hooks := []rspec.Hook{
		{Path: "/bin/sed", Args: []string{"sed", "s/one/two/"}},
		{Path: "/bin/sed", Args: []string{"sed", "s/two/three/"}},
	}
	hookErr, err = exec.RuntimeConfigFilter(ctx, hooks, config, exec.DefaultPostKillTimeout)
	show("RuntimeConfigFilter", hookErr, err, config)
	hooks = append(hooks, rspec.Hook{Path: "/bin/echo", Args: []string{"echo", `{"root": 3}`}})
	config.Hostname = "one"
	filter := exec.RuntimeConfigFilterOptions{
		Hooks:           hooks,
		Dir:             "/usr",
		Config:          config,
		PostKillTimeout: exec.DefaultPostKillTimeout,
	}
	hookErr, err = exec.RuntimeConfigFilterWithOptions(ctx, filter)
	var wrong *json.UnmarshalTypeError
	show("RuntimeConfigFilterWithOptions", hookErr, err, config, errors.As(err, &wrong))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

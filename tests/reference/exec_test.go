package reference

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	theirs "go.podman.io/common/pkg/hooks/exec"

	ours "libhooks/hooks/exec"
)

// runCase is one run of a hook, which both sides perform.
type runCase struct {
	hook     rspec.Hook
	dir      string
	state    string
	postKill time.Duration
	// ctx creates the context; nil means one that is never done.
	ctx func() (context.Context, context.CancelFunc)
	// one means that both streams have the same writer, none that they have no writer.
	one, none bool
	// differs is the message of libhooks if it intentionally differs from the reference's
	// (docs/parity.md).
	differs string
}

// ran is the visible result of a run.
type ran struct {
	HookErr, Err   string
	Is             string
	Same           bool
	Stdout, Stderr string
}

// these are errors that callers look for with errors.Is.
var these = []error{
	fs.ErrNotExist,
	fs.ErrPermission,
	syscall.ENOENT,
	syscall.EACCES,
	syscall.ENOEXEC,
	syscall.EINVAL,
	syscall.ENOTDIR,
	context.Canceled,
	context.DeadlineExceeded,
}

func describeErrors(hookErr, err error) (described ran) {
	text := func(err error) string {
		if err == nil {
			return "nil"
		}
		return err.Error()
	}
	described = ran{HookErr: text(hookErr), Err: text(err), Same: hookErr == err}
	for _, target := range these {
		described.Is += fmt.Sprintf("%t,%t ", errors.Is(hookErr, target), errors.Is(err, target))
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		described.Is += path.Op + " " + path.Path
	}
	// Callers also compare these with ==.
	described.Is += fmt.Sprint(err == context.Canceled, err == context.DeadlineExceeded)
	return described
}

func (c runCase) run(run func(context.Context, ours.RunOptions) (error, error)) ran {
	ctx, cancel := context.Background(), context.CancelFunc(func() {})
	if c.ctx != nil {
		ctx, cancel = c.ctx()
	}
	defer cancel()
	var stdout, stderr bytes.Buffer
	options := ours.RunOptions{
		Hook:            &c.hook,
		Dir:             c.dir,
		State:           []byte(c.state),
		PostKillTimeout: c.postKill,
	}
	if !c.none {
		options.Stdout, options.Stderr = &stdout, &stderr
	}
	if c.one {
		options.Stderr = options.Stdout
	}
	described := describeErrors(run(ctx, options))
	described.Stdout, described.Stderr = stdout.String(), stderr.String()
	return described
}

func sh(script string) rspec.Hook {
	return rspec.Hook{
		Path: "/bin/sh",
		Args: []string{"sh", "-c", script},
		Env:  []string{"PATH=/bin:/usr/bin"},
	}
}

func with(hook rspec.Hook, change func(*rspec.Hook)) rspec.Hook {
	change(&hook)
	return hook
}

func timeout(seconds int) func(*rspec.Hook) {
	return func(hook *rspec.Hook) { hook.Timeout = &seconds }
}

func done() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx, cancel
}

func in(duration time.Duration) func() (context.Context, context.CancelFunc) {
	return func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), duration)
	}
}

func runCases(t *testing.T) map[string]runCase {
	directory := t.TempDir()
	file := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plain := file("plain", "#!/bin/sh\n", 0o644)
	script := file("script", "echo a script without a first line\n", 0o755)
	interpreter := file("interpreter", "#!/nonexistent\n", 0o755)
	good := file("good", "#!/bin/sh\necho good \"$@\"\n", 0o755)
	busy := 10 * time.Second
	cases := map[string]runCase{
		"missing":               {hook: rspec.Hook{Path: "/nonexistent"}},
		"missing, already done": {hook: rspec.Hook{Path: "/nonexistent"}, ctx: done},
		"missing directory":     {hook: rspec.Hook{Path: "/nonexistent/a"}},
		"below a file":          {hook: rspec.Hook{Path: plain + "/a"}},
		"not executable":        {hook: rspec.Hook{Path: plain}},
		"a directory":           {hook: rspec.Hook{Path: directory}},
		"no first line":         {hook: rspec.Hook{Path: script}},
		"no interpreter":        {hook: rspec.Hook{Path: interpreter}},
		"no path":               {hook: rspec.Hook{}},
		"no search":             {hook: rspec.Hook{Path: "sh", Args: []string{"sh"}}},
		"relative": {
			hook: rspec.Hook{Path: "good", Args: []string{"good", "a"}},
			dir:  directory,
		},
		"relative, with a dot": {hook: rspec.Hook{Path: "./good"}, dir: directory},
		"relative, elsewhere":  {hook: rspec.Hook{Path: "./good"}, dir: "/"},
		"NUL in path":          {hook: rspec.Hook{Path: "/bin/sh\x00", Args: []string{"sh"}}},
		"NUL in args": {
			hook: rspec.Hook{Path: "/bin/sh", Args: []string{"sh", "\x00"}},
		},
		"NUL in env": {
			hook: rspec.Hook{Path: "/bin/sh", Args: []string{"sh"}, Env: []string{"A=\x00"}},
		},
		"no dir":        {hook: sh("true"), dir: "/nonexistent"},
		"dir is a file": {hook: sh("true"), dir: plain},
		"NUL in dir":    {hook: sh("true"), dir: "/\x00"},
		"dir":           {hook: sh("pwd"), dir: "/usr"},
		"dir, relative": {hook: sh("pwd"), dir: "testdata"},
		"no env":        {hook: rspec.Hook{Path: "/usr/bin/env", Args: []string{"env"}}},
		"empty env": {
			hook: rspec.Hook{Path: "/usr/bin/env", Args: []string{"env"}, Env: []string{}},
		},
		"env": {
			hook: rspec.Hook{
				Path: "/usr/bin/env",
				Args: []string{"env"},
				Env:  []string{"A=1", "B", "", "A=2", "C=", "=D=1", "=", "é=ü", "B"},
			},
		},
		"state":                  {hook: sh("cat"), state: "{\"a\": \x00\xff}"},
		"no state":               {hook: sh("cat")},
		"state that is not read": {hook: sh("exit 0"), state: strings.Repeat("a", 1<<20)},
		"state, closed": {
			hook:  sh("exec <&-; echo b"),
			state: strings.Repeat("a", 1<<20),
		},
		"64 MB of output": {
			hook: sh("head -c 64000000 /dev/zero; head -c 64000000 /dev/zero >&2"),
		},
		"64 MB there and back": {hook: sh("cat"), state: strings.Repeat("a", 64_000_000)},
		"64 MB discarded":      {hook: sh("head -c 64000000 /dev/zero"), none: true},
		"output discarded":     {hook: sh("echo a; echo b >&2; exit 1"), none: true},
		"one writer for both": {
			hook: sh("for i in 1 2 3; do echo a; echo b >&2; done"),
			one:  true,
		},
		"args are joined": {
			hook: rspec.Hook{
				Path: "/bin/sh",
				Args: []string{"sh", "-c", "exit  $1", "a b", "7", ""},
			},
		},
		"no args, good": {hook: rspec.Hook{Path: good}},
		"no args, failing": {
			hook:    rspec.Hook{Path: "/bin/false"},
			differs: "executing [/bin/false]: exit status 1",
		},
		"context done before start": {hook: sh("exec sleep 60"), ctx: done, postKill: busy},
		"deadline": {
			hook:     sh("exec sleep 60"),
			ctx:      in(50 * time.Millisecond),
			postKill: busy,
		},
		"timeout":                     {hook: with(sh("exec sleep 60"), timeout(1)), postKill: busy},
		"timeout that is long enough": {hook: with(sh("echo a"), timeout(60)), postKill: busy},
		"deadline before timeout": {
			hook:     with(sh("exec sleep 60"), timeout(60)),
			ctx:      in(50 * time.Millisecond),
			postKill: busy,
		},
		"zero timeout":     {hook: with(sh("exec sleep 60"), timeout(0)), postKill: busy},
		"negative timeout": {hook: with(sh("exec sleep 60"), timeout(-1)), postKill: busy},
		"the longest timeout": {
			hook:     with(sh("echo a"), timeout(math.MaxInt64/int(time.Second))),
			postKill: busy,
		},
		"a timeout longer than that": {
			hook:     with(sh("sleep 0.1; echo a"), timeout(math.MaxInt64/int(time.Second)+1)),
			postKill: busy,
			differs:  "nil",
		},
	}
	// The system decides whether to dump core, in the same way for both sides.
	cases["a core"] = runCase{hook: sh("ulimit -c unlimited; kill -11 $$"), dir: directory}
	for _, status := range []int{0, 1, 2, 3, 126, 127, 128, 255} {
		cases[fmt.Sprint("exit ", status)] = runCase{
			hook: sh(fmt.Sprint("echo a; echo b >&2; exit ", status)),
		}
	}
	for signal := syscall.Signal(1); signal <= 64; signal++ {
		switch signal {
		case syscall.SIGCHLD,
			syscall.SIGCONT,
			syscall.SIGSTOP,
			syscall.SIGTSTP,
			syscall.SIGTTIN,
			syscall.SIGTTOU,
			syscall.SIGURG,
			syscall.SIGWINCH,
			32,
			33:
			// These do not kill, or the C library uses them.
		default:
			cases[fmt.Sprint("signal ", int(signal))] = runCase{
				hook: sh(fmt.Sprintf("ulimit -c 0; kill -%d $$", int(signal))),
			}
		}
	}
	return cases
}

// TestExecRun runs the same hooks with both implementations.
func TestExecRun(t *testing.T) {
	cases, differ := runCases(t), 0
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			their := c.run(func(ctx context.Context, options ours.RunOptions) (error, error) {
				return theirs.RunWithOptions(ctx, theirs.RunOptions(options))
			})
			our := c.run(func(ctx context.Context, options ours.RunOptions) (error, error) {
				return ours.RunWithOptions(ctx, options)
			})
			if c.differs != "" {
				differ++
				if our.Err != c.differs || our.HookErr != c.differs || their.Err == c.differs {
					t.Errorf("want %q from us alone\ntheirs %+v\nours   %+v", c.differs, their, our)
				}
				return
			}
			if our != their {
				t.Errorf(
					"differs\ntheirs %.500s\nours   %.500s",
					fmt.Sprintf("%+v", their),
					fmt.Sprintf("%+v", our),
				)
			}
		})
	}
	t.Logf("%d runs, %d of them known to differ", len(cases), differ)
}

// TestExecPostKillTimeout compares the errors for a hook that cannot be reaped in time.
func TestExecPostKillTimeout(t *testing.T) {
	for _, postKill := range []time.Duration{0, -1, -time.Second, math.MinInt64} {
		c := runCase{hook: sh("exec sleep 60"), postKill: postKill, ctx: done}
		// The reference may reap the hook in time.
		for range 100 {
			their := c.run(func(ctx context.Context, options ours.RunOptions) (error, error) {
				return theirs.RunWithOptions(ctx, theirs.RunOptions(options))
			})
			our := c.run(func(ctx context.Context, options ours.RunOptions) (error, error) {
				return ours.RunWithOptions(ctx, options)
			})
			want := fmt.Sprintf("failed to reap process within %s of the kill signal", postKill)
			if their.HookErr != want &&
				their.HookErr != "executing [sh -c exec sleep 60]: signal: killed" {
				t.Fatalf("%+v", their)
			}
			if our.Err != their.Err ||
				our.HookErr != want &&
					our.HookErr != "executing [sh -c exec sleep 60]: signal: killed" {
				t.Fatalf("theirs %+v\nours   %+v", their, our)
			}
			if our.HookErr == want && their.HookErr == want {
				break
			}
		}
	}
}

// failing is a writer that fails.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// short is a writer that accepts less than it was given, without an error.
type short struct{}

func (short) Write(data []byte) (int, error) { return len(data) - 1, nil }

// TestExecWriters compares the errors for a writer that fails.
func TestExecWriters(t *testing.T) {
	for _, writer := range []interface{ Write([]byte) (int, error) }{failing{}, short{}} {
		hook := sh("echo a")
		their := describeErrors(
			theirs.RunWithOptions(
				context.Background(),
				theirs.RunOptions{Hook: &hook, Stdout: writer},
			),
		)
		our := describeErrors(
			ours.RunWithOptions(context.Background(), ours.RunOptions{Hook: &hook, Stdout: writer}),
		)
		if our != their {
			t.Errorf("%T:\ntheirs %+v\nours   %+v", writer, their, our)
		}
	}
}

// TestExecFilter passes configs through the same hooks with both implementations.
func TestExecFilter(t *testing.T) {
	config := func() *rspec.Spec {
		fuse := rspec.LinuxDevice{Path: "/dev/fuse", Type: "c", Major: 10, Minor: 229}
		return &rspec.Spec{
			Version: "1.0.2",
			Process: &rspec.Process{
				Args: []string{"sh", "<&>\u2028"},
				Cwd:  "/",
				Env:  []string{"A=b"},
			},
			Root:        &rspec.Root{Path: "rootfs"},
			Annotations: map[string]string{"a": "b", "c": "é"},
			Linux:       &rspec.Linux{Devices: []rspec.LinuxDevice{fuse}},
		}
	}
	for name, c := range map[string]struct {
		hooks   []rspec.Hook
		differs string
	}{
		"none":                     {},
		"the same":                 {hooks: []rspec.Hook{{Path: "/bin/cat", Args: []string{"cat"}}}},
		"a chain":                  {hooks: []rspec.Hook{sh("sed s/fuse/a/"), sh("sed s/229/230/"), sh("cat")}},
		"unknown members":          {hooks: []rspec.Hook{sh(`sed 's/^{/{"future": 1e400, /'`), sh(`grep -q 1e400 && echo '{"hostname": "seen"}'`)}},
		"other case":               {hooks: []rspec.Hook{sh(`echo '{"HOSTNAME": "a", "hostname": "b", "hostname": "c"}'`)}},
		"not UTF-8":                {hooks: []rspec.Hook{sh(`printf '{"hostname": "\377"}'`), sh(`od -c >&2; echo '{}'`)}},
		"whitespace":               {hooks: []rspec.Hook{sh(`printf '\n\t {} \r\n'`)}},
		"an empty object":          {hooks: []rspec.Hook{sh("echo '{}'")}},
		"nothing":                  {hooks: []rspec.Hook{sh("sed s/fuse/a/"), sh("exit 0")}},
		"truncated JSON":           {hooks: []rspec.Hook{sh("sed s/fuse/a/"), sh("echo '{'"), sh("echo '{}'")}},
		"bad JSON":                 {hooks: []rspec.Hook{sh(`echo '{"a": tru}'`)}},
		"more than JSON":           {hooks: []rspec.Hook{sh("echo '{} {}'")}},
		"an array":                 {hooks: []rspec.Hook{sh("echo '[]'")}},
		"a wrong type":             {hooks: []rspec.Hook{sh(`echo '{"process": {"args": 3}}'`)}},
		"another wrong type":       {hooks: []rspec.Hook{sh("cat"), sh(`echo '{"linux": {"devices": [{"major": "x"}]}}'`)}},
		"null":                     {hooks: []rspec.Hook{sh("echo null")}, differs: "unmarshal output from config-filter hook 0: the output is null"},
		"fails":                    {hooks: []rspec.Hook{sh("sed s/fuse/a/"), sh("cat; exit 3"), sh("echo '{}'")}},
		"dies half-way":            {hooks: []rspec.Hook{sh("head -c 10; kill -9 $$")}},
		"is missing":               {hooks: []rspec.Hook{sh("sed s/fuse/a/"), {Path: "/nonexistent"}}},
		"times out":                {hooks: []rspec.Hook{sh("sed s/fuse/a/"), with(sh("exec sleep 60"), timeout(1))}},
		"does not read":            {hooks: []rspec.Hook{sh("echo '{}'")}},
		"prints much that is good": {hooks: []rspec.Hook{sh(`printf '{"hostname": "'; head -c 9000000 /dev/zero | tr '\0' a; echo '"}'`)}},
		"prints too much":          {hooks: []rspec.Hook{sh(`printf '{"hostname": "'; head -c 11000000 /dev/zero | tr '\0' a; echo '"}'`)}, differs: "unmarshal output from config-filter hook 0: 11000017 bytes exceed the limit of 10485760"},
	} {
		t.Run(name, func(t *testing.T) {
			their, our := config(), config()
			options := ours.RuntimeConfigFilterOptions{
				Hooks:           c.hooks,
				Config:          their,
				PostKillTimeout: ours.DefaultPostKillTimeout,
			}
			theirErrors := describeErrors(
				theirs.RuntimeConfigFilterWithOptions(
					context.Background(),
					theirs.RuntimeConfigFilterOptions(options),
				),
			)
			options.Config = our
			hookErr, err := ours.RuntimeConfigFilterWithOptions(context.Background(), options)
			ourErrors := describeErrors(hookErr, err)
			if c.differs != "" {
				if ourErrors.Err != c.differs || hookErr != nil || theirErrors.Err != "nil" ||
					!reflect.DeepEqual(our, config()) {
					t.Errorf("theirs %+v\nours   %+v", theirErrors, ourErrors)
				}
				return
			}
			if ourErrors != theirErrors {
				t.Errorf("\ntheirs %+v\nours   %+v", theirErrors, ourErrors)
			}
			if !reflect.DeepEqual(our, their) {
				t.Errorf("\ntheirs %.500s\nours   %.500s", asJSON(their), asJSON(our))
			}
		})
	}
}

func asJSON(value any) string {
	text, err := json.Marshal(value)
	return fmt.Sprint(string(text), err)
}

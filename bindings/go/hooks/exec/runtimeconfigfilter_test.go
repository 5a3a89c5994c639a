package exec

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"
)

func filter(t *testing.T, config *rspec.Spec, scripts ...string) (hookErr, err error) {
	t.Helper()
	var hooks []rspec.Hook
	for _, script := range scripts {
		hooks = append(hooks, sh(script))
	}
	return RuntimeConfigFilter(context.Background(), hooks, config, DefaultPostKillTimeout)
}

func TestFilterKeepsMembersUnknownToGo(t *testing.T) {
	config := &rspec.Spec{Hostname: "a"}
	hookErr, err := filter(
		t,
		config,
		`sed 's/^{/{"future": 1e400, /'`,
		"tee /dev/stderr",
		`grep -q '"future": 1e400,' && echo '{"hostname": "seen"}'`,
	)
	if hookErr != nil || err != nil || config.Hostname != "seen" {
		t.Errorf("%v, %v, %v", hookErr, err, config)
	}
}

func TestFilterReportsFailedHookAndItsOutput(t *testing.T) {
	for script, want := range map[string]string{
		"echo words >&2; exit 3":    "executing [sh -c echo words >&2; exit 3]: exit status 3",
		"echo words >&2; echo '[]'": "unmarshal output from config-filter hook 1: json: cannot unmarshal array into Go value of type specs.Spec",
		"echo words >&2; echo null": "unmarshal output from config-filter hook 1: the output is null",
	} {
		config := &rspec.Spec{Hostname: "a"}
		_, err := filter(t, config, `echo '{"hostname": "b"}'`, script, "cat")
		if err == nil || err.Error() != want || config.Hostname != "b" {
			t.Errorf("%s: %v, %v", script, err, config)
			continue
		}
		if result := resultOf(t, err); result.Index != 1 ||
			string(result.Stderr.Bytes) != "words\n" {
			t.Errorf("%s: %+v", script, result)
		}
	}
	var wrong *json.SyntaxError
	if _, err := filter(t, &rspec.Spec{}, "echo '{'"); !errors.As(err, &wrong) {
		t.Errorf("%v", err)
	}
	if hookErr, err := filter(t, nil, "cat"); hookErr != nil || err == nil {
		t.Errorf("%v, %v", hookErr, err)
	}
	if hookErr, err := filter(t, nil); hookErr != nil || err != nil {
		t.Errorf("%v, %v", hookErr, err)
	}
}

func TestFilterLogsChanges(t *testing.T) {
	var log bytes.Buffer
	logrus.SetOutput(&log)
	logrus.SetLevel(logrus.DebugLevel)
	defer logrus.SetOutput(os.Stderr)
	defer logrus.SetLevel(logrus.InfoLevel)
	config := &rspec.Spec{Hostname: "a", Root: &rspec.Root{}}
	if _, err := filter(t, config, "cat", `echo '{"ociVersion": "", "hostname": "b"}'`); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); strings.Count(text, "\n") != 1 ||
		!strings.Contains(
			text,
			`precreate hook 1 (/bin/sh) changed the config: [\"hostname\" \"root\"]`,
		) {
		t.Error(text)
	}
}

func TestAnnotationsNameFilesForTheOutput(t *testing.T) {
	directory := t.TempDir()
	path := func(name string) string { return filepath.Join(directory, name) }
	config := func(stdout, stderr string) *rspec.Spec {
		return &rspec.Spec{
			Annotations: map[string]string{
				"run.oci.hooks.stdout": stdout,
				"run.oci.hooks.stderr": stderr,
			},
		}
	}
	if _, err := filter(t, config(path("none"), path("none"))); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path("none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file without hooks: %v", err)
	}
	// Annotations that the first hook writes into the config are ignored.
	good := config(path("out"), path("err"))
	const printed = `{"annotations": {"run.oci.hooks.stderr": "/nonexistent/a"}}`
	first := "echo first >&2; echo '" + printed + "'"
	if _, err := filter(t, good, first, "echo second >&2; cat; exit 3"); err == nil {
		t.Fatal("no error")
	} else if result := resultOf(t, err); string(result.Stderr.Bytes) != "second\n" {
		t.Errorf("%+v", result)
	}
	for name, want := range map[string]string{
		"out": strings.Repeat(printed+"\n", 2),
		"err": "first\nsecond\n",
	} {
		content, err := os.ReadFile(path(name))
		info, _ := os.Stat(path(name))
		if err != nil || string(content) != want || info.Mode() != 0o600 {
			t.Errorf("%s: %q, %v, %v", name, content, info, err)
		}
	}

	if err := errors.Join(
		os.Symlink(path("out"), path("link")),
		syscall.Mkfifo(path("fifo"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	for place, want := range map[string]error{
		path("link"):     syscall.ELOOP,
		path("fifo"):     syscall.ENXIO,
		"/dev/null":      syscall.ENXIO,
		path("no/where"): fs.ErrNotExist,
		"/":              syscall.EISDIR,
		"":               fs.ErrNotExist,
	} {
		hookErr, err := filter(t, config(path("out"), place), "touch "+path("ran"))
		if hookErr != nil || !errors.Is(err, want) ||
			!strings.HasPrefix(
				err.Error(),
				"opening stderr file for config-filter hook: open "+place+": ",
			) {
			t.Errorf("%q: %v, %v", place, hookErr, err)
		}
	}
	if _, err := os.Stat(path("ran")); err == nil {
		t.Error("a hook was run")
	}
}

package exec

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"

	"libhooks"
	"libhooks/internal/native"
)

// configLimit is the most that a hook may print, in bytes: so that none can make its caller eat all
// memory.
const configLimit = 10 << 20

// RuntimeConfigFilterOptions say which hooks a config is passed through, and how.
type RuntimeConfigFilterOptions struct {
	// Hooks are the hooks, in the order in which they are run.
	Hooks []rspec.Hook
	// Dir is where they are started, and what their paths are relative to; "" is the caller's
	// working directory.
	Dir string
	// Config is the config, and becomes what the hooks make of it.
	Config *rspec.Spec
	// PostKillTimeout is how long to wait for a hook that was killed; 0 and less: not at all.
	PostKillTimeout time.Duration
}

// RuntimeConfigFilter is RuntimeConfigFilterWithOptions without a directory.
//
// Deprecated: RuntimeConfigFilterWithOptions says what is what.
func RuntimeConfigFilter(
	ctx context.Context,
	hooks []rspec.Hook,
	config *rspec.Spec,
	postKillTimeout time.Duration,
) (hookErr, err error) {
	return RuntimeConfigFilterWithOptions(
		ctx,
		RuntimeConfigFilterOptions{Hooks: hooks, Config: config, PostKillTimeout: postKillTimeout},
	)
}

// RuntimeConfigFilterWithOptions passes a config through hooks: the first gets it on its stdin, and
// each later one what the one before it printed, byte for byte. What a hook prints replaces
// *options.Config whole. The first that fails, with the two errors of RunWithOptions, or that
// prints no config, with an err and no hookErr, ends it; the config is what the last good one made.
//
// The annotations run.oci.hooks.stdout and run.oci.hooks.stderr of the config passed in name files
// that the hooks' output is appended to; they are made with mode 0600, and must be regular files,
// and no links. Whoever sets a container's annotations may then have such files written.
func RuntimeConfigFilterWithOptions(
	ctx context.Context,
	options RuntimeConfigFilterOptions,
) (hookErr, err error) {
	if len(options.Hooks) == 0 {
		return nil, nil
	}
	if options.Config == nil {
		return nil, native.Invalid("config is nil")
	}
	data, err := json.Marshal(options.Config)
	if err != nil {
		return nil, err
	}
	files, err := openOutputs(options.Config.Annotations)
	if err != nil {
		return nil, err
	}
	defer files.close()
	for i := range options.Hooks {
		hook := &options.Hooks[i]
		stdout := limited{also: files.stdout}
		run := RunOptions{
			Hook:            hook,
			Dir:             options.Dir,
			State:           data,
			Stdout:          &stdout,
			PostKillTimeout: options.PostKillTimeout,
		}
		if files.stderr != nil {
			run.Stderr = files.stderr
		}
		result, hookErr, err := runWithResult(ctx, run)
		if result != nil {
			result.Index = i
			result.Stdout.Bytes = nil
		}
		if err != nil {
			return hookErr, err
		}
		config, err := stdout.config()
		if err != nil {
			message := fmt.Sprintf("unmarshal output from config-filter hook %d: %v", i, err)
			return nil, &libhooks.Error{
				Kind:    "hook-failed",
				Code:    "hook-failed",
				Message: message,
				Cause:   err,
				Result:  result,
			}
		}
		if logrus.IsLevelEnabled(logrus.DebugLevel) && !reflect.DeepEqual(options.Config, config) {
			logrus.Debugf(
				"precreate hook %d (%s) changed the config: %q",
				i,
				hook.Path,
				changed(data, stdout.buffer.Bytes()),
			)
		}
		data = stdout.buffer.Bytes()
		*options.Config = *config
	}
	return nil, nil
}

// limited keeps what a hook prints, but no more than a config may have.
type limited struct {
	buffer bytes.Buffer
	total  int
	also   *output
}

func (l *limited) Write(data []byte) (int, error) {
	l.total += len(data)
	l.buffer.Write(data[:min(len(data), configLimit-l.buffer.Len())])
	if l.also != nil {
		return l.also.Write(data)
	}
	return len(data), nil
}

// config is the config that was printed.
func (l *limited) config() (*rspec.Spec, error) {
	if l.total > configLimit {
		return nil, fmt.Errorf("%d bytes, and %d are the most", l.total, configLimit)
	}
	var config *rspec.Spec
	if err := json.Unmarshal(l.buffer.Bytes(), &config); err != nil {
		return nil, err
	}
	if config == nil {
		return nil, errors.New("it is null")
	}
	return config, nil
}

// changed are the members that differ between two configs.
func changed(old, new []byte) []string {
	var before, after map[string]json.RawMessage
	// Both were read as objects before.
	_, _ = json.Unmarshal(old, &before), json.Unmarshal(new, &after)
	var names []string
	for name, value := range after {
		if !bytes.Equal(before[name], value) {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

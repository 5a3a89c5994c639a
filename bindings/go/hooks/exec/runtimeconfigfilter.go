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

// configLimit is the maximum size of a hook's output in bytes, so that no hook can exhaust the
// memory of its caller.
const configLimit = 10 << 20

// RuntimeConfigFilterOptions are the options of RuntimeConfigFilterWithOptions.
type RuntimeConfigFilterOptions struct {
	// Hooks are the hooks, in the order in which they run.
	Hooks []rspec.Hook
	// Dir is the hooks' working directory, and their paths are relative to it. "" means the
	// caller's working directory.
	Dir string
	// Config is the config. It is replaced by the config that the hooks return.
	Config *rspec.Spec
	// PostKillTimeout is the time to wait for a killed hook to end; 0 or less means not to wait.
	PostKillTimeout time.Duration
}

// RuntimeConfigFilter calls RuntimeConfigFilterWithOptions without a directory.
//
// Deprecated: use RuntimeConfigFilterWithOptions, which has named options.
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

// RuntimeConfigFilterWithOptions passes a config through hooks. The first hook gets the config on
// its stdin, and each later hook gets the output of the previous one, byte for byte. Each output
// replaces *options.Config completely. The filter stops at the first hook that fails, with the two
// errors of RunWithOptions. It also stops at the first hook whose output is not a config; then only
// err is set. *options.Config then is the config from the last successful hook.
//
// The annotations run.oci.hooks.stdout and run.oci.hooks.stderr of the original config name files
// to which the hooks' output is appended. The files are created with mode 0600. They must be
// regular files, and not symbolic links. This means that anyone who can set a container's
// annotations can make this process write such files.
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

// limited keeps a hook's output, up to configLimit.
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

// config parses the output as a config.
func (l *limited) config() (*rspec.Spec, error) {
	if l.total > configLimit {
		return nil, fmt.Errorf("%d bytes exceed the limit of %d", l.total, configLimit)
	}
	var config *rspec.Spec
	if err := json.Unmarshal(l.buffer.Bytes(), &config); err != nil {
		return nil, err
	}
	if config == nil {
		return nil, errors.New("the output is null")
	}
	return config, nil
}

// changed returns the names of the members that differ between two configs.
func changed(old, new []byte) []string {
	var before, after map[string]json.RawMessage
	// Both have been decoded as objects before.
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

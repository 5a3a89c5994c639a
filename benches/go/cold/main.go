// Cold does the work of an engine for one container, in Go: cold SIDE DIRECTORY CONFIG, where SIDE
// is reference or cached. It prints the config with its hooks.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"bench/cached"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	reference "go.podman.io/common/pkg/hooks"
)

type manager interface {
	Hooks(
		config *rspec.Spec,
		annotations map[string]string,
		hasBindMounts bool,
	) (map[string][]rspec.Hook, error)
}

func newManager(side, directory string) (manager, error) {
	if side == "cached" {
		return cached.New([]string{directory}, nil)
	}
	return reference.New(context.Background(), []string{directory}, nil)
}

func run(side, directory, path string) error {
	m, err := newManager(side, directory)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var config rspec.Spec
	if err := json.Unmarshal(text, &config); err != nil {
		return err
	}
	if _, err := m.Hooks(&config, config.Annotations, false); err != nil {
		return err
	}
	text, err = json.Marshal(&config)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(text, '\n'))
	return err
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "cold SIDE DIRECTORY CONFIG")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

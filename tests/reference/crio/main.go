// Crio loads hook directories and injects into a config as CRI-O does: one manager without
// extension stages (internal/lib/container_server.go and server/container_create.go of CRI-O).
//
//	crio DIR... <config.json
//
// It prints the members of the config's hooks, each with the paths and the arguments of its hooks.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"go.podman.io/common/pkg/hooks"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(directories []string) error {
	manager, err := hooks.New(context.Background(), directories, []string{})
	if err != nil {
		return err
	}
	var config rspec.Spec
	if err := json.NewDecoder(os.Stdin).Decode(&config); err != nil {
		return err
	}
	if _, err := manager.Hooks(&config, config.Annotations, len(config.Mounts) > 0); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(config.Hooks)
}

// Exec measures a row of `make bench` with the reference: exec ROW COUNT MEGABYTES. It prints the
// average nanoseconds of COUNT runs, in a host that has touched MEGABYTES of memory.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"go.podman.io/common/pkg/hooks/exec"
)

var state = []byte(`{"ociVersion":"1.0.2","id":"bench","status":"stopped","bundle":"/tmp"}`)

func once(filters bool) error {
	if filters {
		config := rspec.Spec{
			Version: "1.0.2",
			Process: &rspec.Process{Args: []string{"sh"}, Cwd: "/"},
			Root:    &rspec.Root{Path: "rootfs"},
		}
		_, err := exec.RuntimeConfigFilterWithOptions(
			context.Background(),
			exec.RuntimeConfigFilterOptions{
				Hooks: []rspec.Hook{
					{Path: "/bin/cat", Args: []string{"cat"}},
				}, Config: &config, PostKillTimeout: exec.DefaultPostKillTimeout,
			},
		)
		return err
	}
	_, err := exec.RunWithOptions(context.Background(), exec.RunOptions{
		Hook: &rspec.Hook{
			Path: "/bin/true",
			Args: []string{"true"},
		}, State: state, PostKillTimeout: exec.DefaultPostKillTimeout,
	})
	return err
}

func run() error {
	if len(os.Args) != 4 {
		return fmt.Errorf("exec ROW COUNT MEGABYTES")
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		return err
	}
	megabytes, err := strconv.Atoi(os.Args[3])
	if err != nil {
		return err
	}
	memory := make([]byte, megabytes<<20)
	for i := 0; i < len(memory); i += os.Getpagesize() {
		memory[i] = 1
	}
	begun := time.Now()
	for range count {
		if err := once(os.Args[1] == "filter"); err != nil {
			return err
		}
	}
	fmt.Println(time.Since(begun).Nanoseconds() / int64(count))
	runtime.KeepAlive(memory)
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

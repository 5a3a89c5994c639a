// Command terminal runs a shell script as a hook, with the reference or with libhooks, and prints
// the result:
//
//	terminal reference|libhooks SCRIPT [TIMEOUT]
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	reference "go.podman.io/common/pkg/hooks/exec"

	libhooks "libhooks/hooks/exec"
)

func main() {
	hook := rspec.Hook{
		Path: "/bin/sh",
		Args: []string{"sh", "-c", os.Args[2]},
		Env:  []string{"PATH=/usr/bin:/bin"},
	}
	if len(os.Args) > 3 {
		seconds, err := strconv.Atoi(os.Args[3])
		if err != nil {
			panic(err)
		}
		hook.Timeout = &seconds
	}
	run := libhooks.Run
	if os.Args[1] == "reference" {
		run = reference.Run
	}
	_, err := run(context.Background(), &hook, nil, os.Stdout, os.Stderr, 10*time.Second)
	if err != nil {
		fmt.Println("ended:", err)
		os.Exit(1)
	}
	fmt.Println("ended: well")
}

// Manager measures rows of `make bench` from Go, with each side's package. SIDE is ours, reference
// or cached. It prints the average nanoseconds of COUNT calls:
//
//	manager SIDE new DIRECTORY COUNT            of New
//	manager SIDE hooks DIRECTORY CONFIG COUNT   of Hooks, with structures in and out
//	manager SIDE json DIRECTORY CONFIG COUNT    of Hooks, from JSON to JSON
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"bench/cached"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	reference "go.podman.io/common/pkg/hooks"
	ours "libhooks/hooks"
)

type manager interface {
	Hooks(
		config *rspec.Spec,
		annotations map[string]string,
		hasBindMounts bool,
	) (map[string][]rspec.Hook, error)
}

func newManager(side, directory string) (manager, error) {
	switch side {
	case "ours":
		return ours.New(context.Background(), []string{directory}, nil)
	case "reference":
		return reference.New(context.Background(), []string{directory}, nil)
	case "cached":
		return cached.New([]string{directory}, nil)
	}
	return nil, fmt.Errorf("no side %q", side)
}

// average returns the average nanoseconds of count calls.
func average(count int, call func() error) (int64, error) {
	begun := time.Now()
	for range count {
		if err := call(); err != nil {
			return 0, err
		}
	}
	return time.Since(begun).Nanoseconds() / int64(count), nil
}

func measureHooks(m manager, config *rspec.Spec, count int) (int64, error) {
	call := func() error {
		container := rspec.Spec{Version: config.Version, Process: config.Process}
		_, err := m.Hooks(&container, config.Annotations, false)
		return err
	}
	// Warm up: the first match builds caches that later matches reuse.
	if err := call(); err != nil {
		return 0, err
	}
	return average(count, call)
}

func measureJSON(m manager, text []byte, count int) (int64, error) {
	call := func() error {
		var config rspec.Spec
		if err := json.Unmarshal(text, &config); err != nil {
			return err
		}
		if _, err := m.Hooks(&config, config.Annotations, false); err != nil {
			return err
		}
		_, err := json.Marshal(&config)
		return err
	}
	if err := call(); err != nil {
		return 0, err
	}
	return average(count, call)
}

func measure(args []string) (int64, error) {
	if len(args) < 4 {
		return 0, fmt.Errorf("manager SIDE ROW DIRECTORY ... COUNT")
	}
	side, row, directory := args[0], args[1], args[2]
	count, err := strconv.Atoi(args[len(args)-1])
	if err != nil {
		return 0, err
	}
	if row == "new" {
		return average(count, func() error {
			_, err := newManager(side, directory)
			return err
		})
	}
	m, err := newManager(side, directory)
	if err != nil {
		return 0, err
	}
	text, err := os.ReadFile(args[3])
	if err != nil {
		return 0, err
	}
	if row == "json" {
		return measureJSON(m, text, count)
	}
	var config rspec.Spec
	if err := json.Unmarshal(text, &config); err != nil {
		return 0, err
	}
	return measureHooks(m, &config, count)
}

func main() {
	nanoseconds, err := measure(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(nanoseconds)
}

// Command permissions prints the result and the diagnostics of the Go package, which has the
// reference's policy, for hook directories: permissions DIRECTORY...
package main

import (
	"context"
	"fmt"
	"os"

	"libhooks/hooks"
)

func main() {
	for _, directory := range os.Args[1:] {
		manager, err := hooks.New(context.Background(), []string{directory}, nil)
		if err != nil {
			fmt.Println("compatible", directory, "refused", err)
			continue
		}
		diagnostics, err := manager.Diagnostics()
		if err != nil {
			panic(err)
		}
		fmt.Print("compatible ", directory, " loaded")
		for _, diagnostic := range diagnostics {
			fmt.Print(" ", diagnostic.Code)
		}
		fmt.Println()
	}
}

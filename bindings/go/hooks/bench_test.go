package hooks

import (
	"fmt"
	"strings"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
)

// BenchmarkHooks measures Hooks for managers of different sizes. A third of the hooks have
// conditions on annotations, a third on the command, a third on both. A tenth of them match. `make
// bench` compares it with other implementations.
func BenchmarkHooks(b *testing.B) {
	for _, size := range []struct{ hooks, annotations int }{{5, 5}, {100, 20}, {1000, 20}} {
		b.Run(fmt.Sprintf("%dx%d", size.hooks, size.annotations), func(b *testing.B) {
			files := map[string]string{}
			for i := range size.hooks {
				annotation := fmt.Sprintf(
					`"annotations": {"^org\\.example\\.key-%d$": "^(true|on)$"}`,
					i%(10*size.annotations),
				)
				command := fmt.Sprintf(`"commands": ["^/usr/bin/program-%d$"]`, i)
				when := []string{annotation, command, annotation + ", " + command}[i%3]
				files[fmt.Sprintf("%04d.json", i)] = strings.Replace(
					always,
					`"always": true`,
					when,
					1,
				)
			}
			m, _ := manager(b, files)
			annotations := map[string]string{}
			for i := range size.annotations {
				annotations[fmt.Sprintf("org.example.key-%d", i)] = "true"
			}
			process := &rspec.Process{Args: []string{"/usr/bin/program-1"}}
			b.ReportAllocs()
			for b.Loop() {
				config := rspec.Spec{Process: process}
				if _, err := m.Hooks(&config, annotations, false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

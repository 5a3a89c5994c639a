package hooks

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	rspec "github.com/opencontainers/runtime-spec/specs-go"

	current "libhooks/hooks/1.0.0"
)

// TestPatterns compares each pattern of the table with the result of Go's package regexp.
func TestPatterns(t *testing.T) {
	table, err := os.Open("../../../regexp/tests/data/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	lines := bufio.NewScanner(table)
	lines.Buffer(nil, 1<<24)
	patterns, verdicts := 0, 0
	for ; lines.Scan(); patterns++ {
		var c struct {
			Pattern string
			Accept  bool
			Error   string
			Cases   []struct {
				Input    string
				InputHex string `json:"input_hex"`
				Match    bool
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		when := current.When{Commands: []string{c.Pattern}}
		if !c.Accept {
			_, err := when.Match(
				&rspec.Spec{Process: &rspec.Process{Args: []string{""}}},
				nil,
				false,
			)
			if want := "command: " + c.Error; err == nil || err.Error() != want {
				t.Errorf("%q: %v, want %s", c.Pattern, err, want)
			}
			continue
		}
		for _, input := range c.Cases {
			verdicts++
			text := input.Input
			if input.InputHex != "" {
				// One string intentionally has a newline after its hexadecimal digits.
				digits := strings.TrimSuffix(input.InputHex, "\n")
				bytes, err := hex.DecodeString(digits)
				if err != nil {
					t.Fatal(err)
				}
				text = string(bytes) + input.InputHex[len(digits):]
			}
			match, err := when.Match(
				&rspec.Spec{Process: &rspec.Process{Args: []string{text}}},
				nil,
				false,
			)
			if err != nil || match != input.Match {
				t.Errorf("%q on %q: %v, %v", c.Pattern, text, match, err)
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d patterns, %d verdicts agree with Go", patterns, verdicts)
	if patterns < 4000 || verdicts < 40_000 {
		t.Error("the table is incomplete")
	}
}

// Patterns-go measures the cases of benches/patterns.rs with Go's package regexp.
//
//	patterns-go CASES                     prints a table
//	patterns-go CASES typical             ns until the first match, and of a later match, per case
//	patterns-go CASES adversarial BYTES   ns per byte for an input of that size, per case
//	patterns-go CASES first NUMBER        ns until the first match of one case; "none" does nothing
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

type testCase struct {
	Pattern, Input string
}

type repeated struct {
	Before, Part, After string
	Times               int
}

func (r repeated) text() string {
	return r.Before + strings.Repeat(r.Part, max(r.Times, 1)) + r.After
}

type cases struct {
	Typical, Adversarial []testCase
	First                []struct {
		Pattern, Input repeated
	}
}

func nanoseconds(times int, f func()) float64 {
	start := time.Now()
	for range times {
		f()
	}
	return float64(time.Since(start).Nanoseconds()) / float64(times)
}

func median(rounds, times int, f func()) float64 {
	var list []float64
	for range rounds {
		list = append(list, nanoseconds(times, f))
	}
	slices.Sort(list)
	return list[len(list)/2]
}

func typical(c testCase, rounds int) (first, later float64) {
	first = median(rounds, 100, func() { regexp.MustCompile(c.Pattern).MatchString(c.Input) })
	compiled := regexp.MustCompile(c.Pattern)
	return first, median(rounds, 2000, func() { compiled.MatchString(c.Input) })
}

// adversarial returns nanoseconds per byte.
func adversarial(c testCase, size int) float64 {
	input := strings.Repeat(c.Input, size/len(c.Input))
	compiled := regexp.MustCompile(c.Pattern)
	compiled.MatchString(input)
	return median(
		3,
		max(100_000/size, 1),
		func() { compiled.MatchString(input) },
	) / float64(
		len(input),
	)
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("patterns-go CASES ...")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var all cases
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	switch {
	case len(args) == 1:
		fmt.Printf("%-32s %19s %8s\n", "", "read, first match", "hot")
		for _, c := range all.Typical {
			first, later := typical(c, 101)
			fmt.Printf("%-32s %19.0f %8.1f\n", c.Pattern, first, later)
		}
		return nil
	case args[1] == "typical":
		for _, c := range all.Typical {
			first, later := typical(c, 7)
			fmt.Printf("%.1f %.2f\n", first, later)
		}
		return nil
	case len(args) == 3 && args[1] == "first" && args[2] == "none":
		fmt.Println(0)
		return nil
	}
	number, err := strconv.Atoi(args[len(args)-1])
	if err != nil {
		return err
	}
	if args[1] == "adversarial" {
		for _, c := range all.Adversarial {
			fmt.Printf("%.3f\n", adversarial(c, number))
		}
		return nil
	}
	pattern, input := all.First[number].Pattern.text(), all.First[number].Input.text()
	fmt.Printf("%.0f\n", nanoseconds(1, func() { regexp.MustCompile(pattern).MatchString(input) }))
	return nil
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Bench is the counterpart of benches/pattern.rs: the same patterns and inputs with Go's package regexp.
package main

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

var cases = [][2]string{
	{`.*`, "/usr/bin/bash"},
	{`^true$`, "true"},
	{`.*/init$`, "/usr/sbin/init"},
	{`^/usr/bin/(sh|bash)$`, "/usr/bin/bash"},
	{`^/usr/s?bin/.*$`, "/usr/sbin/nginx"},
	{`org\.systemd.*`, "org.systemd.property.X"},
	{`^/(usr/)?bin/[a-z]+[0-9.]*$`, "/usr/bin/python3.11"},
	{`(?i)nvidia.*gpu`, "device: NVIDIA A100 GPU"},
	{`\bfoo\b`, "a foo b"},
	{`(?:a{10}){20}b`, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
	{`\pL+-\d+`, "caf\u00e9-42"},
}

func median(rounds, times int, f func()) float64 {
	var list []float64
	for i := 0; i < rounds; i++ {
		begin := time.Now()
		for j := 0; j < times; j++ {
			f()
		}
		list = append(list, float64(time.Since(begin).Nanoseconds())/float64(times))
	}
	slices.Sort(list)
	return list[len(list)/2]
}

func main() {
	for _, c := range cases {
		cold := median(101, 100, func() { regexp.MustCompile(c[0]).MatchString(c[1]) })
		re := regexp.MustCompile(c[0])
		hot := median(101, 2000, func() { re.MatchString(c[1]) })
		fmt.Printf("%-32s %30s %10.0f %8.1f\n", c[0], "", cold, hot)
	}
}

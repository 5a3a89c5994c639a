// Regexp prints Go's results for patterns. It reads lines such as
//
//	{"pattern":"a+","inputs":["6161",""]}
//
// with the inputs in hexadecimal, and answers each with one line: {"error":"…"} or
// {"verdicts":[true,false]}. Without inputs it only parses the pattern, which is fast even if
// compiling takes seconds, and fails if and only if compiling fails. With -interactive it writes
// each answer before it reads the next line.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"flag"
	"log"
	"os"
	"regexp"
	"regexp/syntax"
)

func main() {
	interactive := flag.Bool(
		"interactive",
		false,
		"write each answer before reading the next line",
	)
	flag.Parse()
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		var question struct {
			Pattern string
			Inputs  []string
		}
		if err := json.Unmarshal(in.Bytes(), &question); err != nil {
			log.Fatal(err)
		}
		var answer struct {
			Error    string `json:"error,omitempty"`
			Verdicts []bool `json:"verdicts,omitempty"`
		}
		if len(question.Inputs) == 0 {
			if _, err := syntax.Parse(question.Pattern, syntax.Perl); err != nil {
				answer.Error = err.Error()
			}
		} else if re, err := regexp.Compile(question.Pattern); err != nil {
			answer.Error = err.Error()
		} else {
			for _, input := range question.Inputs {
				bytes, err := hex.DecodeString(input)
				if err != nil {
					log.Fatal(err)
				}
				answer.Verdicts = append(answer.Verdicts, re.MatchString(string(bytes)))
			}
		}
		if err := encoder.Encode(answer); err != nil {
			log.Fatal(err)
		}
		if *interactive {
			if err := out.Flush(); err != nil {
				log.Fatal(err)
			}
		}
	}
	if err := in.Err(); err != nil {
		log.Fatal(err)
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}

// Json decodes hook files with Go's encoding/json, as docs/spec.md, section 3 describes, and prints
// the results for tests/it/json_differential.rs. Each input line is a file in base64, each output
// line a JSON object.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type command struct {
	Path    string   `json:"path"`
	Args    []string `json:"args,omitempty"`
	Env     []string `json:"env,omitempty"`
	Timeout *int     `json:"timeout,omitempty"`
}

type conditions struct {
	Always        *bool             `json:"always,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
	Commands      []string          `json:"commands,omitempty"`
	HasBindMounts *bool             `json:"hasBindMounts,omitempty"`
	// Set for version 0.1.0; not a member of the file.
	AnyOf bool `json:"-"`
}

type hook struct {
	Version string     `json:"version"`
	Hook    command    `json:"hook"`
	When    conditions `json:"when"`
	Stages  []string   `json:"stages"`
}

type oldHook struct {
	Hook          *string   `json:"hook"`
	Arguments     []string  `json:"arguments"`
	Stages        *[]string `json:"stages"`
	Stage         *[]string `json:"stage"`
	Cmds          *[]string `json:"cmds"`
	Cmd           *[]string `json:"cmd"`
	Annotations   *[]string `json:"annotations"`
	Annotation    *[]string `json:"annotation"`
	HasBindMounts *bool     `json:"hasbindmounts"`
}

type answer struct {
	// "version check", the version whose decoder failed, or "" for an unknown version. Nil
	// means that nothing failed.
	Failed *string
	// The error message, unless it is that of encoding/json.
	Text string
	// The file is truncated.
	End   bool
	Hook  hook
	AnyOf bool
}

func decode(text []byte) answer {
	var version struct {
		Version string `json:"version"`
	}
	failed := func(what, text string) answer { return answer{Failed: &what, Text: text} }
	undecodable := func(what string, err error) answer {
		return answer{Failed: &what, End: err.Error() == "unexpected end of JSON input"}
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return undecodable("version check", err)
	}
	switch version.Version {
	case "1.0.0":
		var h hook
		if err := json.Unmarshal(text, &h); err != nil {
			return undecodable(version.Version, err)
		}
		return answer{Hook: h}
	case "0.1.0", "":
		var old oldHook
		if err := json.Unmarshal(text, &old); err != nil {
			return undecodable(version.Version, err)
		}
		h, complaint := translate(old)
		if complaint != "" {
			return failed(version.Version, complaint)
		}
		return answer{Hook: h, AnyOf: true}
	default:
		return failed("", fmt.Sprintf("unrecognized hook version: %q", version.Version))
	}
}

func translate(old oldHook) (h hook, complaint string) {
	either := func(a, b *[]string) *[]string {
		if a != nil {
			return a
		}
		return b
	}
	switch {
	case old.Hook == nil:
		return h, "missing required property: hook"
	case old.Stages != nil && old.Stage != nil:
		return h, "cannot set both 'stage' and 'stages'"
	case old.Stages == nil && old.Stage == nil:
		return h, "missing required property: stages"
	case old.Cmds != nil && old.Cmd != nil:
		return h, "cannot set both 'cmd' and 'cmds'"
	case old.Annotations != nil && old.Annotation != nil:
		return h, "cannot set both 'annotation' and 'annotations'"
	}
	h.Version = "1.0.0"
	h.Hook.Path = *old.Hook
	if old.Arguments != nil {
		h.Hook.Args = append([]string{*old.Hook}, old.Arguments...)
	}
	h.Stages = *either(old.Stages, old.Stage)
	if cmds := either(old.Cmds, old.Cmd); cmds != nil {
		h.When.Commands = *cmds
	}
	if annotations := either(old.Annotations, old.Annotation); annotations != nil {
		h.When.Annotations = map[string]string{".*": strings.Join(*annotations, "|")}
	}
	h.When.HasBindMounts = old.HasBindMounts
	return h, ""
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		text, err := base64.StdEncoding.DecodeString(in.Text())
		if err != nil {
			panic(err)
		}
		line, err := json.Marshal(decode(text))
		if err != nil {
			panic(err)
		}
		out.Write(append(line, '\n'))
	}
}

package libhooks

// Explanation is why each hook is for a container, or is not.
type Explanation struct {
	// Generation is which set of hooks was asked; a reload that finds other hooks makes another.
	Generation uint64
	// Error is what hooks.Manager.Hooks fails with for this container; "" if it does not.
	Error string
	// Hooks are the verdicts of all hooks, in the order of injection.
	Hooks []HookVerdict
	// Masked are the hooks that were not asked, since files of later directories mask them.
	Masked []MaskedHook
	// WithoutHook says why files give no hook: of each its first error, or that it is a link that
	// leads nowhere (code "dangling-link"); also (code "override-ineffective") that it does not
	// mask the hook of its name in an earlier directory.
	WithoutHook []Diagnostic
}

// HookVerdict is whether a hook is for a container, and why.
type HookVerdict struct {
	// Name is the name of its file, Path the file.
	Name, Path string
	// Verdict is "match", "no-match" or "error".
	Verdict string
	// Error is why it could not be told; "" unless Verdict is "error".
	Error string
	// Stages are its stages, as its file has them.
	Stages []string
	// AnyOf says that one condition that holds is enough (version 0.1.0), instead of all.
	AnyOf bool
	// Conditions are what its conditions came to, in the order in which they are tried.
	Conditions []Condition
}

// Matches says whether Verdict is "match".
func (v *HookVerdict) Matches() bool {
	return v.Verdict == "match"
}

// Condition is what a condition of a hook came to.
type Condition struct {
	// Kind is "always", "has-bind-mounts", "annotation" or "commands". There may come more.
	Kind string
	// What it looked at: one of these is not nil, by its kind.
	Always        *AlwaysCondition
	HasBindMounts *HasBindMountsCondition
	Annotation    *AnnotationCondition
	Commands      *CommandsCondition
	// Line and Column are where the file has it: the pattern that matched or nearly did, else the
	// first one; from 1, and the column counts bytes. 0: not known, since one of hooks.Readers has
	// made the hook.
	Line, Column int
	// Outcome is "holds", "fails", "ignored" (commands, and the container has no process) or
	// "error".
	Outcome string
	// Error is the text of an error; "" unless Outcome is "error".
	Error string
	// AfterVerdict says that the conditions before it had settled the verdict: it is told for
	// information.
	AfterVerdict bool
}

// AlwaysCondition is the condition always.
type AlwaysCondition struct {
	// Value is what the hook says.
	Value bool
}

// HasBindMountsCondition is the condition hasBindMounts.
type HasBindMountsCondition struct {
	// Value is what the hook says, Container what the container has.
	Value, Container bool
}

// AnnotationCondition is one entry of the condition annotations.
type AnnotationCondition struct {
	KeyPattern, ValuePattern string
	// Tried is how many annotations the container has.
	Tried int
	// Matched is the annotation that matched; nil if none did.
	Matched *Annotation
	// Nearest is an annotation whose key matched, but not its value; nil if there is none, or
	// another one matched.
	Nearest *Annotation
	// NearMiss is what keeps the value of Nearest from matching or, where no key matched, a key
	// that nearly does; or nil.
	NearMiss *NearMiss
}

// CommandsCondition is the condition commands.
type CommandsCondition struct {
	Patterns []string
	// Command is process.args[0]; "" if there is none, and then Outcome is "ignored" or "error".
	Command string
	// Matched is the pattern that matched; "" unless Outcome is "holds".
	Matched string
	// NearMiss is what keeps a pattern that nearly matches from matching; or nil.
	NearMiss *NearMiss
}

// Annotation is an annotation of a container.
type Annotation struct {
	Key, Value string
}

// NearMiss is a pattern that nearly matches a text, and what stands in its way.
type NearMiss struct {
	// Pattern is the pattern, Text the value or the key of an annotation, or the command.
	Pattern, Text string
	// Obstacles are what stands in its way, without which it would match: "case",
	// "whitespace-in-text" or "whitespace-in-pattern" (at an end of it), "start" (^), "end" ($), or
	// "spelling" (a letter or two). There may come more.
	Obstacles []string
	// Part is a part of the text that the pattern would match, where "start" or "end" is among the
	// obstacles; else "".
	Part string
	// Message is the same in words.
	Message string
}

package libhooks

// Explanation says why each hook matches a container, or does not.
type Explanation struct {
	// Generation is the generation number of the set of hooks. A reload that finds different hooks
	// increases it.
	Generation uint64
	// Error is the error that hooks.Manager.Hooks returns for this container; "" if it succeeds.
	Error string
	// Hooks are the verdicts of all hooks, in the order of injection.
	Hooks []HookVerdict
	// Masked are the hooks that were not evaluated, since files in later directories mask them.
	Masked []MaskedHook
	// WithoutHook says why files provide no hook. It has the first error of each file, and dangling
	// symbolic links (code "dangling-link"). It also has files that do not mask the hook with the
	// same name in an earlier directory (code "override-ineffective").
	WithoutHook []Diagnostic
}

// HookVerdict says whether a hook matches a container, and why.
type HookVerdict struct {
	// Name is the name of the hook file, Path its path.
	Name, Path string
	// Verdict is "match", "no-match" or "error".
	Verdict string
	// Error is the error of the evaluation; "" unless Verdict is "error".
	Error string
	// Stages are the stages of the hook, as written in its file.
	Stages []string
	// AnyOf means that one true condition is enough (version 0.1.0), instead of all.
	AnyOf bool
	// Conditions are the results of the conditions, in the order of evaluation.
	Conditions []Condition
	// Diagnostics are the diagnostics of the hook with severity "error" or "warning", for example
	// that its program is not executable. They are nil unless Verdict is "match".
	Diagnostics []Diagnostic
}

// Matches reports whether Verdict is "match".
func (v *HookVerdict) Matches() bool {
	return v.Verdict == "match"
}

// Condition is the result of one condition of a hook.
type Condition struct {
	// Kind is "always", "has-bind-mounts", "annotation" or "commands". New kinds may be added.
	Kind string
	// The details of the condition: exactly one of these is not nil, depending on Kind. For a new
	// kind all are nil.
	Always        *AlwaysCondition
	HasBindMounts *HasBindMountsCondition
	Annotation    *AnnotationCondition
	Commands      *CommandsCondition
	// Line and Column are the position of the condition in the hook file: of the pattern that
	// matched or nearly matched, otherwise of the first pattern. Both start at 1; the column counts
	// bytes. 0 means unknown, since one of hooks.Readers made the hook.
	Line, Column int
	// Outcome is "holds", "fails", "ignored" (commands, and the container has no process) or
	// "error".
	Outcome string
	// Error is the error message; "" unless Outcome is "error".
	Error string
	// AfterVerdict means that earlier conditions had already decided the verdict, so this condition
	// is only for information.
	AfterVerdict bool
}

// AlwaysCondition is the condition always.
type AlwaysCondition struct {
	// Value is the value in the hook file.
	Value bool
}

// HasBindMountsCondition is the condition hasBindMounts.
type HasBindMountsCondition struct {
	// Value is the value in the hook file. Container says whether the container has bind mounts.
	Value, Container bool
}

// AnnotationCondition is one entry of the condition annotations.
type AnnotationCondition struct {
	KeyPattern, ValuePattern string
	// Tried is the number of annotations of the container.
	Tried int
	// Keys are the keys of the container's annotations, up to ten of them. They are in the first
	// condition of a hook for which no key matches.
	Keys []string
	// Matched is the annotation that matched; nil if none matched.
	Matched *Annotation
	// Nearest is an annotation whose key matched but whose value did not. It is nil if there is no
	// such annotation, or if another one matched.
	Nearest *Annotation
	// NearMiss says why the value of Nearest does not match. If no key matched, it describes a key
	// that nearly matches. It may be nil.
	NearMiss *NearMiss
}

// CommandsCondition is the condition commands.
type CommandsCondition struct {
	Patterns []string
	// Command is process.args[0], or "" if args is empty or missing: then Outcome is "ignored" or
	// "error".
	Command string
	// Matched is the pattern that matched; "" unless Outcome is "holds".
	Matched string
	// NearMiss describes a pattern that nearly matches; it may be nil.
	NearMiss *NearMiss
}

// Annotation is an annotation of a container.
type Annotation struct {
	Key, Value string
}

// NearMiss is a pattern that nearly matches a string, with the reasons why it does not match.
type NearMiss struct {
	// Pattern is the pattern. Text is the value or the key of an annotation, or the command. With
	// "other-word" it is the word that the pattern matches, with "command-line" the whole command
	// line.
	Pattern, Text string
	// Obstacles are the reasons; without them the pattern would match. They are "case",
	// "whitespace-in-text" or "whitespace-in-pattern" (leading or trailing), "start" (^), "end"
	// ($), "spelling" (one or two letters), and "doubled-backslash" (the pattern has backslashes
	// that are escaped twice). Two are for the command: "other-word" (the pattern matches another
	// word of process.args than the first) and "command-line" (it matches all words, joined by
	// spaces). New ones may be added.
	Obstacles []string
	// Part is the part of Text that the pattern would match if Obstacles contains "start" or "end";
	// otherwise "".
	Part string
	// Word is the index in process.args of the word that the pattern matches, if Obstacles contains
	// "other-word"; otherwise 0.
	Word int
	// Message describes the obstacles in a sentence.
	Message string
}

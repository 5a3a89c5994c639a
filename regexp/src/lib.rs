//! Go's regular expressions: what Go accepts, rejects and matches.
//!
//! Programs in Go store patterns in configuration files, rules and databases. Other engines read
//! these patterns differently. In the crate `regex`, `\d` takes the digits of
//! every script, `[a&&b]` is an intersection, and `\Q…\E` is an error. A [`Regexp`] accepts what
//! Go's package `regexp` accepts, rejects what it rejects with the same error messages, and matches
//! what it matches:
//!
//! ```
//! use go_regexp::Regexp;
//!
//! let regexp = Regexp::new("^/usr/s?bin/(sh|bash)$")?;
//! assert!(regexp.is_match("/usr/bin/sh"));
//! assert!(!regexp.is_match("/bin/sh"));
//!
//! let error = Regexp::new("(a").unwrap_err();
//! assert_eq!(error.to_string(), "error parsing regexp: missing closing ): `(a`");
//! # Ok::<(), go_regexp::Error>(())
//! ```
//!
//! It reports *whether* a pattern matches, not where. There are no captures and no replacement.
//!
//! Patterns and inputs may be hostile. Compiling takes time and memory in proportion to
//! the length of the pattern. Matching takes time in proportion to the length of the input times
//! the size of the pattern; a repeat `x{n}` counts n times. Go's limit on that size applies here,
//! too. The depth of the stack does not depend on the pattern, and there is no `unsafe` code.
//!
//! # How it works
//!
//! A pattern goes through three steps. Most patterns in use never need the third. Many do not
//! need the first either:
//!
//! 1. `syntax` parses the pattern and builds a tree, as Go does, since Go's limits apply to that
//!    tree. This step accepts or rejects the pattern. Repeats are counted, not expanded, and `\pL`
//!    stays two characters, not 659 spans.
//! 2. `literal` recognises patterns for which a comparison of bytes is enough: those that match
//!    everything, nothing, or a few literals.
//! 3. For all other patterns, the first match builds an automaton (`nfa`), in which repeats are
//!    expanded: a bit-parallel NFA or a Pike VM.
//!
//! Class names, case folding, lower case and printable characters come from Go's own tables
//! (Unicode 15.0.0).

#![forbid(unsafe_code)]

// A module may use the modules on lower floors, and the modules before it on its own floor. The
// empty lines keep rustfmt from sorting the modules.

// Floor 0: faults that are planted for tests, and decoding.
mod fault;

mod code_point;

// Floor 1: from the pattern to a tree.
mod syntax;

// Floor 2: patterns that need no automaton.
mod literal;

// Floor 3: automata.
mod nfa;

// Floor 4: the public types.
mod regexp;

mod cache;

pub mod unicode;

pub use cache::Cache;
#[cfg(feature = "planted-faults")]
pub use fault::Fault;
pub use regexp::{Regexp, Relaxed, Unmatchable};
pub use syntax::{Error, ErrorKind};

#[cfg(test)]
mod tests;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

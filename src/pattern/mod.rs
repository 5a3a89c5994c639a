//! Go's regular expressions.
//!
//! The patterns in hook files are written for Go's package `regexp`, and other engines read them differently: in Rust's `regex`,
//! `\d` takes the digits of every script, `[a&&b]` is an intersection, `\Q…\E` is an error. Hence an engine of its own: a
//! [`Pattern`] accepts what Go accepts, rejects what Go rejects with Go's words, and matches what Go matches.
//!
//! ```
//! use libhooks::pattern::Pattern;
//!
//! let pattern = Pattern::new("^/usr/s?bin/(sh|bash)$")?;
//! assert!(pattern.matches(b"/usr/bin/sh"));
//! assert!(!pattern.matches(b"/bin/sh"));
//!
//! let error = Pattern::new("(a").unwrap_err();
//! assert_eq!(error.to_string(), "error parsing regexp: missing closing ): `(a`");
//! # Ok::<(), libhooks::pattern::PatternError>(())
//! ```
//!
//! # How it works
//!
//! A pattern goes through three steps. Most patterns in use never need the third. Many do not need the first either, since
//! `literal` and `alternatives` read them:
//!
//! 1. `parse` reads the text and builds a `tree`, as Go does, since Go's limits apply to that tree. This step accepts or rejects
//!    the pattern. It takes time and memory in proportion to the text: repeats are counted, not expanded, and `\pL` stays two
//!    characters, not 659 spans.
//! 2. `classify` finds patterns that take only a comparison of bytes: everything, nothing, or a `literal_set`.
//! 3. For the others the first match builds a `program`, in which repeats are expanded, and a `matcher` for it: a literal, a
//!    bit-parallel NFA, or a Pike VM. A match takes time in proportion to the length of the input.
//!
//! Two threads may build the same machine at the same time; one result is kept, and neither waits for the other. So a pattern
//! is usable in a child after `fork`, no matter what other threads of the parent were doing.
//!
//! Class names, case folding and lower case come from Go's own tables, which `tools/go-tables` writes down.

mod alternatives;
mod builder;
mod class;
mod classify;
mod error;
mod factor;
mod fault;
mod fold;
mod limits;
mod literal;
mod literal_set;
mod matcher;
mod parse;
mod program;
mod sets;
mod surrogates;
mod tables;
#[cfg(test)]
mod tests;
mod tree;

use std::fmt;

use once_cell::race::OnceBox;

pub(crate) use class::Printable;
use classify::Shape;
pub use error::PatternError;
pub(crate) use error::PatternErrorKind;
#[cfg(feature = "planted-faults")]
#[doc(hidden)]
pub use fault::Fault;
use fault::Faults;
pub(crate) use fold::to_lower;
pub(crate) use literal::Literal;
use literal_set::LiteralSet;
use matcher::Machine;
use tree::Tree;

/// A pattern, as Go's package `regexp` reads it.
pub struct Pattern {
    text: Box<str>,
    engine: Engine,
    faults: Faults,
}

/// How a pattern is matched.
enum Engine {
    Nothing,
    Everything,
    Literal(Literal),
    LiteralSet(LiteralSet),
    Machine(Box<Lazy>),
}

/// A machine that is made when it is needed first.
struct Lazy {
    tree: Tree,
    machine: OnceBox<Machine>,
}

/// What a pattern does not insist on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Relaxed {
    /// The case of letters.
    pub case: bool,
    /// That it is at the begin of the text.
    pub begin: bool,
    /// That it is at the end of the text.
    pub end: bool,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// This takes time and memory in proportion to the text, whatever it says; what repeats cost is left to the first match.
    ///
    /// # Errors
    ///
    /// If Go's `regexp.Compile` would fail. Where Go's releases differ, in the names of classes, a name is accepted that any of
    /// them accepts. Patterns of more than 256 MB are rejected.
    pub fn new(text: &str) -> Result<Pattern, PatternError> {
        Pattern::with(text, Faults::default())
    }

    /// Reads a pattern wrongly, for tests of the tests.
    #[cfg(feature = "planted-faults")]
    #[doc(hidden)]
    pub fn with_fault(text: &str, fault: Fault) -> Result<Pattern, PatternError> {
        Pattern::with(text, Faults { planted: Some(fault) })
    }

    fn with(text: &str, faults: Faults) -> Result<Pattern, PatternError> {
        if faults.any() {
            return Pattern::by_tree(text, faults);
        }
        let engine = match Literal::read(text) {
            Some(literal) => Engine::Literal(literal),
            None => match alternatives::read(text) {
                Some(texts) => Engine::LiteralSet(texts),
                None => return Pattern::by_tree(text, faults),
            },
        };
        Ok(Pattern { text: text.into(), engine, faults })
    }

    /// The pattern as it would be if it were less strict; `None` if it is none.
    pub(crate) fn relaxed(text: &str, relaxed: Relaxed) -> Option<Pattern> {
        let text = if relaxed.case { format!("(?i){text}") } else { text.to_owned() };
        let mut tree = parse::parse(&text, Faults::default()).ok()?;
        for node in &mut tree.nodes {
            if relaxed.begin && node.op == tree::Op::BeginText || relaxed.end && node.op == tree::Op::EndText
            {
                node.op = tree::Op::Empty;
            }
        }
        Some(Pattern::of_tree(&text, tree, Faults::default()))
    }

    fn by_tree(text: &str, faults: Faults) -> Result<Pattern, PatternError> {
        Ok(Pattern::of_tree(text, parse::parse(text, faults)?, faults))
    }

    fn of_tree(text: &str, tree: Tree, faults: Faults) -> Pattern {
        let shape = if faults.has(fault::Fault::DollarBeforeFinalNewline) {
            Shape::Other
        } else {
            classify::classify(&tree)
        };
        let engine = match shape {
            Shape::Nothing => Engine::Nothing,
            Shape::Everything => Engine::Everything,
            Shape::LiteralSet(texts) => Engine::LiteralSet(texts),
            Shape::Other => Engine::Machine(Box::new(Lazy { tree, machine: OnceBox::new() })),
        };
        Pattern { text: text.into(), engine, faults }
    }

    /// Whether the pattern matches somewhere in the input, as Go's `regexp.MatchString` does.
    ///
    /// The input need not be UTF-8: every byte that is not part of a valid encoding counts as one U+FFFD.
    ///
    /// The first match of a pattern that is not just text builds its machine.
    #[inline]
    pub fn matches(&self, input: &[u8]) -> bool {
        match &self.engine {
            Engine::Nothing => false,
            Engine::Everything => true,
            Engine::Literal(literal) => literal.matches(input),
            Engine::LiteralSet(texts) => texts.is_match(input),
            Engine::Machine(lazy) => lazy
                .machine
                .get_or_init(|| {
                    let mut program = program::build(&lazy.tree, self.faults);
                    surrogates::replace_surrogates(&mut program, &lazy.tree);
                    Box::new(Machine::new(program))
                })
                .is_match(input),
        }
    }

    /// Tells texts, few, of which every input that the pattern matches has one in it; none if there are no such texts.
    pub(crate) fn for_each_text<'p>(&'p self, tell: &mut dyn FnMut(&'p [u8])) {
        match &self.engine {
            Engine::Literal(literal) => tell(literal.text()),
            Engine::LiteralSet(texts) => texts.texts().for_each(tell),
            Engine::Nothing | Engine::Everything | Engine::Machine(_) => {}
        }
    }

    /// The text of the pattern.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

//! A compiled pattern.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use once_cell::race::OnceBox;

use crate::fault::{Fault, Faults};
use crate::literal::{self, Literal, Shape};
use crate::nfa::Nfa;
use crate::syntax::tree::{FOLD, Flags, Op, Tree};
use crate::syntax::{Error, parse};

/// A pattern, compiled as Go's package `regexp` compiles it.
///
/// A `Regexp` is cheap to clone: clones share all that is large. It may be used from many threads
/// at once. Two threads may build the same automaton at the same time; one result is kept, and
/// neither waits for the other. So a `Regexp` is usable in a child after `fork`, no matter what
/// other threads of the parent were doing.
///
/// ```
/// use go_regexp::Regexp;
///
/// let regexp = Regexp::new("^/usr/s?bin/(sh|bash)$")?;
/// assert!(regexp.is_match("/usr/bin/sh"));
/// assert!(!regexp.is_match("/bin/sh"));
/// # Ok::<(), go_regexp::Error>(())
/// ```
#[derive(Clone)]
pub struct Regexp(Engine);

/// How a pattern is matched.
#[derive(Clone)]
enum Engine {
    Literal(Literal),
    Shared(Arc<Shared>),
}

struct Shared {
    pattern: Box<str>,
    matcher: Matcher,
}

enum Matcher {
    Shape(Shape),
    /// An automaton that is built for the first match.
    Nfa(Tree, Faults, OnceBox<Nfa>),
}

/// The parts of a pattern that [`Regexp::relaxed`] ignores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Relaxed {
    /// The case of letters does not matter.
    pub case: bool,
    /// `^` and `\A` hold everywhere. (`^` after `(?m)` stays as it is.)
    pub start: bool,
    /// `$` and `\z` hold everywhere. (`$` after `(?m)` stays as it is.)
    pub end: bool,
}

impl Regexp {
    /// Compiles a pattern.
    ///
    /// This takes time and memory in proportion to the length of the pattern, whatever it says.
    /// What repeats cost is left to the first match.
    ///
    /// # Errors
    ///
    /// If Go's `regexp.Compile` would fail. Where Go's releases differ, which is in the names of
    /// classes, a name is accepted that any of them accepts. Patterns of more than 256 MB are
    /// rejected.
    pub fn new(pattern: &str) -> Result<Regexp, Error> {
        match Regexp::of_one_literal(pattern) {
            Some(regexp) => Ok(regexp),
            None => Regexp::of_others(pattern),
        }
    }

    /// Compiles a pattern without some of its conditions. This tells why a pattern does not match a
    /// text.
    ///
    /// ```
    /// use go_regexp::{Regexp, Relaxed};
    ///
    /// assert!(!Regexp::new("^true$")?.is_match("True"));
    /// assert!(Regexp::relaxed("^true$", Relaxed { case: true, ..Relaxed::default() })?.is_match("True"));
    /// # Ok::<(), go_regexp::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Regexp::new`], and if the pattern without case is larger than Go allows.
    pub fn relaxed(pattern: &str, relaxed: Relaxed) -> Result<Regexp, Error> {
        let flags: Flags = if relaxed.case { FOLD } else { 0 };
        let mut tree = parse(pattern, flags, Faults::default())?;
        for node in &mut tree.nodes {
            if relaxed.start && node.op == Op::BeginText || relaxed.end && node.op == Op::EndText {
                node.op = Op::Empty;
            }
        }
        Ok(Regexp::of_tree(pattern, tree, Faults::default()))
    }

    /// Compiles a pattern by an engine that is wrong on purpose. With it, a comparison with Go
    /// shows that it finds mistakes.
    ///
    /// # Errors
    ///
    /// As [`Regexp::new`], but for the fault.
    #[cfg(feature = "planted-faults")]
    pub fn with_fault(pattern: &str, fault: Fault) -> Result<Regexp, Error> {
        Regexp::by_tree(pattern, Faults { planted: Some(fault) })
    }

    /// Compiles a pattern of one literal; `None` if it may be another pattern, or none.
    #[inline]
    pub(crate) fn of_one_literal(pattern: &str) -> Option<Regexp> {
        Literal::read(pattern).map(Engine::Literal).map(Regexp)
    }

    /// Compiles a pattern for which [`Regexp::of_one_literal`] has returned `None`.
    pub(crate) fn of_others(pattern: &str) -> Result<Regexp, Error> {
        match literal::of_text(pattern) {
            Some(shape) => Ok(Regexp::shared(pattern, Matcher::Shape(shape))),
            None => Regexp::by_tree(pattern, Faults::default()),
        }
    }

    /// Compiles a pattern by its tree, even if its text is enough.
    pub(crate) fn by_tree(pattern: &str, faults: Faults) -> Result<Regexp, Error> {
        Ok(Regexp::of_tree(pattern, parse(pattern, 0, faults)?, faults))
    }

    fn of_tree(pattern: &str, tree: Tree, faults: Faults) -> Regexp {
        let shape = match faults.has(Fault::DollarBeforeFinalNewline) {
            true => None,
            false => literal::of_tree(&tree),
        };
        let matcher = match shape {
            Some(shape) => Matcher::Shape(shape),
            None => Matcher::Nfa(tree, faults, OnceBox::new()),
        };
        Regexp::shared(pattern, matcher)
    }

    fn shared(pattern: &str, matcher: Matcher) -> Regexp {
        Regexp(Engine::Shared(Arc::new(Shared { pattern: pattern.into(), matcher })))
    }

    /// Returns whether the pattern matches somewhere in the input, as Go's `regexp.MatchString`
    /// does.
    ///
    /// The input is text or bytes. It need not be UTF-8: every byte that is not part of a valid
    /// encoding counts as one U+FFFD.
    ///
    /// A match takes time in proportion to the length of the input. The first match of a pattern
    /// that is not just text builds its automaton.
    #[inline]
    pub fn is_match(&self, input: impl AsRef<[u8]>) -> bool {
        self.is_match_in(input.as_ref())
    }

    #[inline]
    fn is_match_in(&self, input: &[u8]) -> bool {
        match &self.0 {
            Engine::Literal(literal) => literal.is_match(input),
            Engine::Shared(shared) => match &shared.matcher {
                Matcher::Shape(shape) => shape.is_match(input),
                Matcher::Nfa(tree, faults, nfa) => {
                    nfa.get_or_init(|| Box::new(Nfa::new(tree, *faults))).is_match(input)
                }
            },
        }
    }

    /// Returns literals of which each input that the pattern matches contains at least one; none if
    /// there are no such literals.
    ///
    /// With them, a caller with many patterns can rule most of them out before it tries any.
    ///
    /// ```
    /// use go_regexp::Regexp;
    ///
    /// let regexp = Regexp::new("^/usr/bin/(sh|bash)$")?;
    /// let literals: Vec<&[u8]> = regexp.required_literals().collect();
    /// assert_eq!(literals, [&b"/usr/bin/bash"[..], b"/usr/bin/sh"]);
    ///
    /// assert_eq!(Regexp::new("[a-z]*")?.required_literals().count(), 0);
    /// # Ok::<(), go_regexp::Error>(())
    /// ```
    pub fn required_literals(&self) -> impl Iterator<Item = &[u8]> {
        let (literal, shape) = match &self.0 {
            Engine::Literal(literal) => (Some(literal), None),
            Engine::Shared(shared) => match &shared.matcher {
                Matcher::Shape(shape) => (None, Some(shape)),
                Matcher::Nfa(..) => (None, None),
            },
        };
        literal
            .into_iter()
            .map(Literal::required)
            .chain(shape.into_iter().flat_map(Shape::required))
    }

    /// Returns the pattern as it was written.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Engine::Literal(literal) => literal.pattern(),
            Engine::Shared(shared) => &shared.pattern,
        }
    }
}

impl fmt::Debug for Regexp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Regexp").field(&self.as_str()).finish()
    }
}

impl fmt::Display for Regexp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Regexp {
    type Err = Error;

    fn from_str(pattern: &str) -> Result<Regexp, Error> {
        Regexp::new(pattern)
    }
}

impl TryFrom<&str> for Regexp {
    type Error = Error;

    fn try_from(pattern: &str) -> Result<Regexp, Error> {
        Regexp::new(pattern)
    }
}

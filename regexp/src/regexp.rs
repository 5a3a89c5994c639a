//! A compiled pattern.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use once_cell::race::OnceBox;

use crate::fault::{Fault, Faults};
use crate::literal::{self, Literal, Shape};
use crate::nfa::{Nfa, may_match};
use crate::syntax::tree::{FOLD, Flags, Op, Tree};
use crate::syntax::{Error, parse};

/// A pattern, compiled as Go's package `regexp` compiles it.
///
/// A `Regexp` is cheap to clone: clones share their data. Many threads may use it at once. Two
/// threads may build the same automaton at the same time; one result is kept, and neither waits for
/// the other. A `Regexp` is therefore usable in a child process after `fork`, whatever other
/// threads of the parent were doing.
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

/// How to match a pattern.
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
    /// `^` and `\A` match everywhere. (`^` after `(?m)` stays as it is.)
    pub start: bool,
    /// `$` and `\z` match everywhere. (`$` after `(?m)` stays as it is.)
    pub end: bool,
}

/// Why a pattern matches no text at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unmatchable {
    /// A character must come before `^` or `\A`, that is, before the start of the text.
    BeforeStart,
    /// A character must come after `$` or `\z`, that is, after the end of the text.
    AfterEnd,
    /// Both of the above, or a class without characters.
    Other,
}

impl Unmatchable {
    /// Returns why a pattern matches no text. `None` if it may match some text: there are patterns
    /// that match nothing and are not recognised, such as `a\bb`.
    ///
    /// This expands the repeats of the pattern, as a first match does.
    ///
    /// ```
    /// use go_regexp::Unmatchable;
    ///
    /// assert_eq!(Unmatchable::of("$x")?, Some(Unmatchable::AfterEnd));
    /// assert_eq!(Unmatchable::of("(?m)$\nx")?, None);
    /// # Ok::<(), go_regexp::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`Regexp::new`].
    pub fn of(pattern: &str) -> Result<Option<Unmatchable>, Error> {
        let may_match = |relaxed| relaxed_tree(pattern, relaxed).map(|tree| may_match(&tree));
        let strict = Relaxed::default();
        Ok(if may_match(strict)? {
            None
        } else if may_match(Relaxed { start: true, ..strict })? {
            Some(Unmatchable::BeforeStart)
        } else if may_match(Relaxed { end: true, ..strict })? {
            Some(Unmatchable::AfterEnd)
        } else {
            Some(Unmatchable::Other)
        })
    }
}

/// Parses a pattern, and removes the conditions that `relaxed` ignores.
fn relaxed_tree(pattern: &str, relaxed: Relaxed) -> Result<Tree, Error> {
    let flags: Flags = if relaxed.case { FOLD } else { 0 };
    let mut tree = parse(pattern, flags, Faults::default())?;
    for node in &mut tree.nodes {
        if relaxed.start && node.op == Op::BeginText || relaxed.end && node.op == Op::EndText {
            node.op = Op::Empty;
        }
    }
    Ok(tree)
}

impl Regexp {
    /// Compiles a pattern.
    ///
    /// This takes time and memory in proportion to the length of the pattern. The first match
    /// expands repeats.
    ///
    /// # Errors
    ///
    /// Fails if Go's `regexp.Compile` fails. Go's releases differ in the names of classes; a name
    /// is accepted if any release accepts it. Patterns of more than 256 MB are rejected.
    pub fn new(pattern: &str) -> Result<Regexp, Error> {
        match Regexp::of_one_literal(pattern) {
            Some(regexp) => Ok(regexp),
            None => Regexp::of_others(pattern),
        }
    }

    /// Compiles a pattern without some of its conditions, to find out why it does not match.
    ///
    /// ```
    /// use go_regexp::{Regexp, Relaxed};
    ///
    /// assert!(!Regexp::new("^true$")?.is_match("True"));
    /// let relaxed = Relaxed { case: true, ..Relaxed::default() };
    /// assert!(Regexp::relaxed("^true$", relaxed)?.is_match("True"));
    /// # Ok::<(), go_regexp::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`Regexp::new`]. Also fails if the pattern without case exceeds Go's limits.
    pub fn relaxed(pattern: &str, relaxed: Relaxed) -> Result<Regexp, Error> {
        let tree = relaxed_tree(pattern, relaxed)?;
        Ok(Regexp::of_tree(pattern, tree, Faults::default()))
    }

    /// Compiles a pattern with a planted fault. A comparison with Go uses it to show that it finds
    /// the fault.
    ///
    /// # Errors
    ///
    /// The errors of [`Regexp::new`], except where the fault changes them.
    #[cfg(feature = "planted-faults")]
    pub fn with_fault(pattern: &str, fault: Fault) -> Result<Regexp, Error> {
        Regexp::by_tree(pattern, Faults { planted: Some(fault) })
    }

    /// Compiles a pattern of one literal. Returns `None` if it may be another or an invalid
    /// pattern.
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

    /// Compiles a pattern by its tree, even if [`literal`] could do without.
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
    /// The input is a string or bytes. It need not be UTF-8: every byte that is not part of a valid
    /// encoding counts as one U+FFFD.
    ///
    /// A match takes time in proportion to the length of the input. The first match builds the
    /// automaton, unless the pattern is a few literals.
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

    /// Returns literals, of which every matching input contains at least one. The list is empty if
    /// no such literals are known.
    ///
    /// They are a prefilter: a caller with many patterns can rule most of them out without a match.
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

    /// Returns the source of the pattern.
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

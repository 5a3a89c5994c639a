//! The errors of patterns.

use std::fmt;

/// The kind of an error, as in Go's `regexp/syntax.ErrorCode`. Go's error for invalid UTF-8 is
/// missing: a `&str` is always valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A range in a class goes backwards or has no end: `[z-a]`.
    CharRange,
    /// Go has no such escape: `\8`.
    Escape,
    /// The name of a group is missing or not a name: `(?P<>a)`.
    NamedCapture,
    /// Go has no such group: `(?=a)`.
    PerlOp,
    /// A repeat is repeated: `a**`.
    RepeatOp,
    /// A repeat count, or the product of the counts of nested repeats, is over 1000: `a{1001}`.
    RepeatSize,
    /// A class is not closed: `[a`.
    MissingBracket,
    /// A group is not closed: `(a`.
    MissingParen,
    /// There is nothing to repeat: `*`.
    MissingRepeatArgument,
    /// The pattern ends in a backslash.
    TrailingBackslash,
    /// A parenthesis closes no group: `a)`.
    UnexpectedParen,
    /// Groups and repeats are nested more than 1000 deep.
    NestingDepth,
    /// The pattern would take more than 128 MB in Go.
    Large,
}

impl ErrorKind {
    /// Returns Go's words for this kind.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::CharRange => "invalid character class range",
            ErrorKind::Escape => "invalid escape sequence",
            ErrorKind::NamedCapture => "invalid named capture",
            ErrorKind::PerlOp => "invalid or unsupported Perl syntax",
            ErrorKind::RepeatOp => "invalid nested repetition operator",
            ErrorKind::RepeatSize => "invalid repeat count",
            ErrorKind::MissingBracket => "missing closing ]",
            ErrorKind::MissingParen => "missing closing )",
            ErrorKind::MissingRepeatArgument => "missing argument to repetition operator",
            ErrorKind::TrailingBackslash => "trailing backslash at end of expression",
            ErrorKind::UnexpectedParen => "unexpected )",
            ErrorKind::NestingDepth => "expression nests too deeply",
            ErrorKind::Large => "expression too large",
        }
    }

    /// Returns a name in kebab-case that does not change: `missing-paren`.
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::CharRange => "invalid-class-range",
            ErrorKind::Escape => "invalid-escape",
            ErrorKind::NamedCapture => "invalid-named-capture",
            ErrorKind::PerlOp => "invalid-perl-op",
            ErrorKind::RepeatOp => "invalid-repeat-op",
            ErrorKind::RepeatSize => "invalid-repeat-size",
            ErrorKind::MissingBracket => "missing-bracket",
            ErrorKind::MissingParen => "missing-paren",
            ErrorKind::MissingRepeatArgument => "missing-repeat-argument",
            ErrorKind::TrailingBackslash => "trailing-backslash",
            ErrorKind::UnexpectedParen => "unexpected-paren",
            ErrorKind::NestingDepth => "nesting-depth",
            ErrorKind::Large => "expression-too-large",
        }
    }
}

/// Displays Go's words for the kind: `missing closing )`.
impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The error for a pattern that is rejected.
///
/// It displays as the error of Go's `regexp.Compile`: ``error parsing regexp: missing closing ):
/// `(a` ``.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Error {
    pub(super) kind: ErrorKind,
    pub(super) expr: Box<str>,
    pub(super) offset: usize,
}

impl Error {
    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the part of the pattern that is wrong, as Go quotes it.
    pub fn expression(&self) -> &str {
        &self.expr
    }

    /// Returns the byte offset of the error in the pattern, or 0 if the whole pattern is wrong.
    ///
    /// Usually [`Error::expression`] starts there. For an unmatched parenthesis, the expression is
    /// the whole pattern, and the offset is the position of the parenthesis.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error parsing regexp: {}: `{}`", self.kind, self.expr)
    }
}

impl std::error::Error for Error {}

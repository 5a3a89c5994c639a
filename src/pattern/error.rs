//! Why a pattern is not one.

use std::fmt;

/// Go's kinds of errors. There is none for invalid UTF-8: a `&str` has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PatternErrorKind {
    CharRange,
    Escape,
    NamedCapture,
    PerlOp,
    RepeatOp,
    RepeatSize,
    MissingBracket,
    MissingParen,
    MissingRepeatArgument,
    TrailingBackslash,
    UnexpectedParen,
    NestingDepth,
    Large,
}

impl PatternErrorKind {
    /// Go's words for it.
    pub fn as_str(self) -> &'static str {
        match self {
            PatternErrorKind::CharRange => "invalid character class range",
            PatternErrorKind::Escape => "invalid escape sequence",
            PatternErrorKind::NamedCapture => "invalid named capture",
            PatternErrorKind::PerlOp => "invalid or unsupported Perl syntax",
            PatternErrorKind::RepeatOp => "invalid nested repetition operator",
            PatternErrorKind::RepeatSize => "invalid repeat count",
            PatternErrorKind::MissingBracket => "missing closing ]",
            PatternErrorKind::MissingParen => "missing closing )",
            PatternErrorKind::MissingRepeatArgument => "missing argument to repetition operator",
            PatternErrorKind::TrailingBackslash => "trailing backslash at end of expression",
            PatternErrorKind::UnexpectedParen => "unexpected )",
            PatternErrorKind::NestingDepth => "expression nests too deeply",
            PatternErrorKind::Large => "expression too large",
        }
    }

    /// A stable name in kebab-case.
    pub fn name(self) -> &'static str {
        match self {
            PatternErrorKind::CharRange => "invalid-class-range",
            PatternErrorKind::Escape => "invalid-escape",
            PatternErrorKind::NamedCapture => "invalid-named-capture",
            PatternErrorKind::PerlOp => "invalid-perl-op",
            PatternErrorKind::RepeatOp => "invalid-repeat-op",
            PatternErrorKind::RepeatSize => "invalid-repeat-size",
            PatternErrorKind::MissingBracket => "missing-bracket",
            PatternErrorKind::MissingParen => "missing-paren",
            PatternErrorKind::MissingRepeatArgument => "missing-repeat-argument",
            PatternErrorKind::TrailingBackslash => "trailing-backslash",
            PatternErrorKind::UnexpectedParen => "unexpected-paren",
            PatternErrorKind::NestingDepth => "nesting-depth",
            PatternErrorKind::Large => "expression-too-large",
        }
    }
}

/// Why a pattern is not accepted.
///
/// Displayed, it is the text that Go's `regexp.Compile` gives: ``error parsing regexp: missing closing ): `(a` ``.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PatternError {
    pub(super) kind: PatternErrorKind,
    pub(super) expr: Box<str>,
    pub(super) offset: usize,
}

impl PatternError {
    pub(crate) fn kind(&self) -> PatternErrorKind {
        self.kind
    }

    /// The part of the pattern that is wrong.
    pub(crate) fn expression(&self) -> &str {
        &self.expr
    }

    /// Where in the pattern the trouble is: a byte offset; 0 where it is the pattern as a whole.
    ///
    /// Usually the start of what the text quotes. Where the text quotes the whole pattern because of a parenthesis, this is the
    /// place of that parenthesis.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error parsing regexp: {}: `{}`", self.kind.as_str(), self.expr)
    }
}

impl std::error::Error for PatternError {}

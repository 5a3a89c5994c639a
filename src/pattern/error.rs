//! Why a pattern is not one.

use std::fmt;

/// Go's kinds of errors. There is none for invalid UTF-8: a `&str` has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
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

impl Kind {
    /// Go's words for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::CharRange => "invalid character class range",
            Kind::Escape => "invalid escape sequence",
            Kind::NamedCapture => "invalid named capture",
            Kind::PerlOp => "invalid or unsupported Perl syntax",
            Kind::RepeatOp => "invalid nested repetition operator",
            Kind::RepeatSize => "invalid repeat count",
            Kind::MissingBracket => "missing closing ]",
            Kind::MissingParen => "missing closing )",
            Kind::MissingRepeatArgument => "missing argument to repetition operator",
            Kind::TrailingBackslash => "trailing backslash at end of expression",
            Kind::UnexpectedParen => "unexpected )",
            Kind::NestingDepth => "expression nests too deeply",
            Kind::Large => "expression too large",
        }
    }

    /// A stable name in kebab-case.
    pub fn name(self) -> &'static str {
        match self {
            Kind::CharRange => "invalid-class-range",
            Kind::Escape => "invalid-escape",
            Kind::NamedCapture => "invalid-named-capture",
            Kind::PerlOp => "invalid-perl-op",
            Kind::RepeatOp => "invalid-repeat-op",
            Kind::RepeatSize => "invalid-repeat-size",
            Kind::MissingBracket => "missing-bracket",
            Kind::MissingParen => "missing-paren",
            Kind::MissingRepeatArgument => "missing-repeat-argument",
            Kind::TrailingBackslash => "trailing-backslash",
            Kind::UnexpectedParen => "unexpected-paren",
            Kind::NestingDepth => "nesting-depth",
            Kind::Large => "expression-too-large",
        }
    }
}

/// Why a pattern is not accepted.
///
/// Displayed, it is the text that Go's `regexp.Compile` gives: ``error parsing regexp: missing closing ): `(a` ``.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PatternError {
    pub(super) kind: Kind,
    pub(super) expr: Box<str>,
    pub(super) offset: usize,
}

impl PatternError {
    pub(crate) fn kind(&self) -> Kind {
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

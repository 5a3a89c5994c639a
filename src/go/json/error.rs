//! What can be wrong with JSON: that it is none, or that a value has another type than its place takes.

use std::fmt::{self, Display};

use super::strings::Text;

/// A text that is not JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Where the reader stopped.
    pub offset: usize,
    pub(super) kind: SyntaxErrorKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SyntaxErrorKind {
    End,
    Depth,
    Unexpected { expected: &'static str, found: char },
}

impl SyntaxError {
    pub fn kind(&self) -> JsonErrorKind {
        match self.kind {
            SyntaxErrorKind::End => JsonErrorKind::End,
            SyntaxErrorKind::Depth => JsonErrorKind::Depth,
            SyntaxErrorKind::Unexpected { .. } => JsonErrorKind::Syntax,
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            SyntaxErrorKind::End => f.write_str("unexpected end of JSON input"),
            SyntaxErrorKind::Depth => f.write_str("exceeded max depth of 10000"),
            SyntaxErrorKind::Unexpected { expected, found } => {
                write!(f, "expected {expected}, found {found:?}")
            }
        }
    }
}

/// What can be wrong with JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonErrorKind {
    /// It ends early.
    End,
    /// It is nested too deeply.
    Depth,
    /// It is no JSON.
    Syntax,
    /// A value has another type than its place takes.
    Type,
    /// A key is there twice.
    Duplicate,
    /// A key differs only in case from one that is read.
    Folded,
}

/// JSON that is not what its place takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonError {
    pub kind: JsonErrorKind,
    pub message: String,
    pub offset: usize,
}

impl JsonError {
    /// The value before which the reader stands is of another type.
    pub fn wrong_type(
        offset: usize,
        name: impl Display,
        wanted: impl Display,
        found: impl Display,
    ) -> JsonError {
        let message = format!("{name} must be {wanted}, found {found}");
        JsonError { kind: JsonErrorKind::Type, message, offset }
    }

    /// A key of `object` that was there already.
    #[cold]
    pub fn duplicate(key: &Text<'_>, object: &str) -> JsonError {
        let dot = if object.is_empty() { "" } else { "." };
        let message = format!("duplicate key {object}{dot}{}", key.value);
        JsonError { kind: JsonErrorKind::Duplicate, message, offset: key.offset }
    }
}

impl From<SyntaxError> for JsonError {
    #[cold]
    fn from(error: SyntaxError) -> JsonError {
        JsonError { kind: error.kind(), message: error.to_string(), offset: error.offset }
    }
}

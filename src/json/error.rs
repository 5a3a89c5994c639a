//! What can be wrong with JSON: that it is none, or that a value has another type than its place takes.

use std::fmt::{self, Display};

use super::{Kind, Reader, Text};
use crate::diagnostic::{Code, ENOUGH, Position};
use crate::error::{Error, ErrorKind};

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
    pub fn code(&self) -> Code {
        match self.kind {
            SyntaxErrorKind::End => Code::JsonUnexpectedEnd,
            SyntaxErrorKind::Depth => Code::JsonDepth,
            SyntaxErrorKind::Unexpected { .. } => Code::JsonSyntax,
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

/// JSON that is not what its place takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonError {
    pub code: Code,
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
        JsonError { code: Code::JsonType, message: format!("{name} must be {wanted}, found {found}"), offset }
    }

    /// A key of `object` that was there already.
    #[cold]
    pub fn duplicate(key: &Text<'_>, object: &str) -> JsonError {
        let dot = if object.is_empty() { "" } else { "." };
        let message = format!("duplicate key {object}{dot}{}", key.value);
        JsonError { code: Code::DuplicateKey, message, offset: key.offset }
    }

    /// As an error of the call that was given `text`.
    pub fn in_argument(self, text: &str) -> Error {
        let position = Position::of(text.as_bytes(), self.offset);
        Error::new(ErrorKind::Json, self.code, self.message).with_position(Some(position))
    }
}

impl From<SyntaxError> for JsonError {
    #[cold]
    fn from(error: SyntaxError) -> JsonError {
        JsonError { code: error.code(), message: error.to_string(), offset: error.offset }
    }
}

impl Reader<'_> {
    /// From now on a value of a wrong type counts as `null`, and is noted.
    pub fn note_wrong_types(&mut self) {
        self.wrong = Some(Vec::new());
    }

    /// Whether the value at this offset was noted last.
    pub fn has_noted(&self, offset: usize) -> bool {
        self.wrong.as_ref().and_then(|wrong| wrong.last()).is_some_and(|last| last.offset == offset)
    }

    /// What was noted.
    pub fn into_wrong_types(self) -> Vec<JsonError> {
        self.wrong.unwrap_or_default()
    }

    /// A value is of a wrong type.
    #[cold]
    pub fn wrong_type(&mut self, error: JsonError) -> Result<(), JsonError> {
        let Some(wrong) = &mut self.wrong else { return Err(error) };
        // Of more than enough the last one is known, as `has_noted` needs it.
        wrong.truncate(ENOUGH - 1);
        wrong.push(error);
        Ok(())
    }

    /// True before a value of this type; false before `null`, which is read; else an error that names the value `name`.
    pub fn given(&mut self, wanted: Kind, name: &dyn Display) -> Result<bool, JsonError> {
        if self.is_before(wanted) {
            return Ok(true);
        }
        match self.peek()? {
            Kind::Null => {
                self.skip()?;
                Ok(false)
            }
            found => {
                self.wrong_type(JsonError::wrong_type(self.offset(), name, wanted, found))?;
                self.skip()?;
                Ok(false)
            }
        }
    }
}

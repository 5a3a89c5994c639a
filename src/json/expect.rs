//! Values of the type that is expected, and what to say of others.

use std::fmt::Display;

use super::{Kind, Reader, SyntaxError, Text};
use crate::diagnostic::{Code, Position};
use crate::error::{Error, ErrorKind};

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
    fn from(error: SyntaxError) -> JsonError {
        JsonError { code: error.code(), message: error.to_string(), offset: error.offset }
    }
}

impl Reader<'_> {
    /// True before a value of this type; false before `null`, which is read; else an error that names the value `name`.
    pub fn expect(&mut self, wanted: Kind, name: impl Display) -> Result<bool, JsonError> {
        match self.peek()? {
            found if found == wanted => Ok(true),
            Kind::Null => {
                self.skip()?;
                Ok(false)
            }
            found => Err(JsonError::wrong_type(self.offset(), name, wanted, found)),
        }
    }
}

//! What decoding a hook file comes to: a hook and the place of each of its parts, or what is wrong.

use std::collections::BTreeMap;

use super::Hook;
use crate::diagnostic::{Code, Position};
use crate::error::{Error, ErrorKind};
use crate::json::{JsonError, SyntaxError};

/// A hook file that gives no hook, before validation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DecodeError {
    pub code: Code,
    pub message: String,
    /// Where in the text; of what is missing there is no place.
    pub offset: Option<usize>,
}

impl DecodeError {
    pub fn new(code: Code, message: &str) -> DecodeError {
        DecodeError { code, message: message.to_owned(), offset: None }
    }

    /// As an error of the call that was given `text`.
    pub fn in_argument(self, text: &[u8]) -> Error {
        let position = self.offset.map(|offset| Position::of(text, offset));
        Error::new(ErrorKind::Json, self.code, self.message).with_position(position)
    }

    pub fn context(mut self, what: &str) -> DecodeError {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

impl From<JsonError> for DecodeError {
    fn from(error: JsonError) -> DecodeError {
        DecodeError { code: error.code, message: error.message, offset: Some(error.offset) }
    }
}

impl From<SyntaxError> for DecodeError {
    fn from(error: SyntaxError) -> DecodeError {
        JsonError::from(error).into()
    }
}

pub(super) type Result<T> = std::result::Result<T, DecodeError>;

/// A part of a hook that a problem can be about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Field {
    Version,
    Path,
    Timeout,
    Always,
    HasBindMounts,
    AnnotationKey(String),
    AnnotationValue(String),
    /// All of `annotations`: what 0.1.0 has in place of the two above.
    Annotations,
    Command(usize),
    Stages,
    Stage(usize),
}

/// A key that no reader knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownKey {
    pub key: String,
    pub offset: usize,
    /// The object that it is in: "" for the file's, or `hook`, `when`.
    pub object: &'static str,
}

/// What a file says, and where it says it.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    pub hook: Hook,
    /// Where each field stands.
    pub places: BTreeMap<Field, usize>,
    pub unknown: Vec<UnknownKey>,
    /// The file's `version`; "" where it has none.
    pub version: String,
}

impl Decoded {
    /// The offset of a part of the hook: its own, or that of what it stands for in a file of version 0.1.0.
    pub fn place(&self, field: &Field) -> Option<usize> {
        let whole = match field {
            Field::AnnotationKey(_) | Field::AnnotationValue(_) => Field::Annotations,
            _ => return self.places.get(field).copied(),
        };
        self.places.get(field).or_else(|| self.places.get(&whole)).copied()
    }
}

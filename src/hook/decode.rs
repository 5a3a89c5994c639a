//! From JSON to a hook: which version a file has, and what can be wrong with it.

use std::collections::BTreeMap;

use super::fields::{object, string};
use super::{Hook, quote, v0_1_0, v1_0_0};
use crate::diagnostic::{Code, Position};
use crate::error::{Error, ErrorKind};
use crate::json::{JsonError, Reader, SyntaxError, folds_to};

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
    pub fn in_argument(self, text: &str) -> Error {
        let position = self.offset.map(|offset| Position::of(text.as_bytes(), offset));
        Error::new(ErrorKind::Json, self.code, self.message).with_position(position)
    }

    fn context(mut self, what: &str) -> DecodeError {
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

/// Decodes a file of either version (SPEC §3). The error's text lacks the path.
pub(crate) fn decode(text: &[u8]) -> Result<Decoded> {
    let version = version_of(text).map_err(|error| error.context("version check"))?;
    let decoded = match version.value.as_str() {
        "1.0.0" => v1_0_0::decode_hook(text),
        "0.1.0" | "" => v0_1_0::decode_hook(text),
        other => {
            return Err(DecodeError {
                code: Code::UnrecognizedVersion,
                message: format!("unrecognized hook version: {}", quote(other.as_bytes())),
                offset: version.offset,
            });
        }
    };
    match decoded {
        Ok(decoded) => Ok(Decoded { version: version.value, ..decoded }),
        Err(error) => Err(error.context(&version.value)),
    }
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

#[derive(Default)]
struct Version {
    value: String,
    offset: Option<usize>,
}

/// Checks the whole text's syntax, and reads its `version`.
fn version_of(text: &[u8]) -> Result<Version> {
    Reader::check(text)?;
    let mut version = Version::default();
    let mut reader = Reader::new(text);
    object(&mut reader, "a hook", |reader, key| {
        if !folds_to(&key.value, "version") {
            return Ok(reader.skip()?);
        }
        version.offset = Some(key.offset);
        string(reader, "version", &mut version.value)
    })?;
    Ok(version)
}

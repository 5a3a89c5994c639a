//! The result of decoding a hook file: a hook and the offsets of its parts, or an error.

use std::borrow::Cow;

use super::borrowed::HookRef;
use crate::go::json::{JsonError, JsonErrorKind, JsonReader, Kind, SyntaxError, Text};
use crate::limits::ENOUGH;
use crate::position::Position;
use crate::problem::{Cause, Error, ErrorKind};

/// The error of a hook file that cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DecodeError {
    pub cause: Cause,
    /// The step that the reference names: the version as which the file is read, or the check of
    /// the version.
    pub step: Option<String>,
    /// The offset in the text. A missing part has no offset.
    pub offset: Option<usize>,
}

impl DecodeError {
    #[cold]
    pub fn new(cause: Cause, offset: Option<usize>) -> DecodeError {
        DecodeError { cause, step: None, offset }
    }

    /// Converts to the error of a call whose argument is `text`.
    #[cold]
    pub fn in_argument(self, text: &[u8]) -> Error {
        let position = self.offset.map(|offset| Position::of(text, offset));
        self.into_error(ErrorKind::Json).with_position(position)
    }

    /// Converts to an error with the step in its message.
    #[cold]
    pub fn into_error(self, kind: ErrorKind) -> Error {
        let error = Error::new(kind, self.cause);
        match self.step {
            Some(step) => error.context(step),
            None => error,
        }
    }

    /// Returns whether a file of version 0.1.0 has an object as `hook`, as in version 1.0.0.
    pub fn is_of_1_0_0(&self) -> bool {
        match &self.cause {
            Cause::Json(JsonErrorKind::Type {
                value,
                wanted: Kind::String,
                found: Kind::Object,
            }) => **value == *"hook",
            _ => false,
        }
    }

    #[cold]
    pub fn in_step(self, step: &str) -> DecodeError {
        DecodeError { step: Some(step.to_owned()), ..self }
    }
}

impl From<JsonError> for DecodeError {
    #[cold]
    fn from(error: JsonError) -> DecodeError {
        DecodeError::new(error.kind.into(), Some(error.offset))
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
    /// The outermost object.
    File,
    Version,
    /// `hook` of version 1.0.0, whose `path` may be missing.
    Hook,
    Path,
    /// `when` of version 1.0.0, which may have no condition.
    When,
    Timeout,
    Always,
    HasBindMounts,
    AnnotationKey(String),
    AnnotationValue(String),
    /// All of `annotations`: in version 0.1.0, in place of the two above.
    Annotations,
    Command(usize),
    Stages,
    Stage(usize),
    /// An element of `args` of version 1.0.0, or what becomes one.
    Argument(usize),
    /// An element of `env`.
    Variable(usize),
    /// Another list, by its key.
    List(&'static str),
}

impl Field {
    /// Returns the key of the field, if the field has one.
    pub fn key(&self) -> Option<&str> {
        Some(match self {
            Field::Version => "version",
            Field::Hook => "hook",
            Field::Path => "path",
            Field::Timeout => "timeout",
            Field::When => "when",
            Field::Always => "always",
            Field::HasBindMounts => "hasBindMounts",
            Field::AnnotationKey(key) => key,
            Field::Stages => "stages",
            Field::List(key) => key,
            _ => return None,
        })
    }
}

/// An unknown key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownKey {
    pub key: String,
    pub offset: usize,
    /// The object that contains it: "" for the outermost one, or `hook`, `when`.
    pub object: &'static str,
}

/// A decoded hook file.
#[derive(Debug, Default)]
pub(crate) struct Decoded<'a> {
    pub hook: HookRef<'a>,
    /// The file's `version`, or "" if it has none.
    pub version: Cow<'a, str>,
    /// Whether the hook is from the caller's reader.
    pub by_reader: bool,
    pub notes: Notes,
}

impl Decoded<'_> {
    /// Returns the offset of a part of the hook, or of the part of a 0.1.0 file that it is
    /// translated from. For a missing part it is the offset of the enclosing object.
    pub fn place(&self, field: &Field) -> Option<usize> {
        // If there are several places, the last one is used.
        let places = &self.notes.places;
        let place = |field: &Field| {
            let before = places.partition_point(|(known, _)| known <= field);
            places.get(before.checked_sub(1)?).filter(|(known, _)| known == field)
        };
        let found = place(field).or_else(|| match field {
            Field::AnnotationKey(_) | Field::AnnotationValue(_) => place(&Field::Annotations),
            Field::Path => place(&Field::Hook),
            _ => None,
        });
        let missing = matches!(field, Field::Path | Field::When | Field::Stages);
        let found = found.or_else(|| if missing { place(&Field::File) } else { None });
        found.map(|(_, offset)| *offset)
    }
}

/// The parts of a file that the caller needs. Loading needs few of them. To inject a hook or to
/// report a problem, the file is decoded again, which is cheaper than keeping all parts of each
/// file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The hook without its `args` and `env`, which are only checked.
    Conditions,
    #[default]
    Hook,
    /// The hook and its notes.
    Notes,
    /// The notes of an invalid file. A value with an error is noted and left out.
    Mistakes,
}

/// Facts about a file, in addition to the hook, from which diagnostics are made. They are collected
/// only if they are wanted.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub wanted: Wanted,
    /// The offset of each field. [`Notes::finish`] sorts them.
    places: Vec<(Field, usize)>,
    pub unknown: Vec<UnknownKey>,
    /// The offset of a key that shows that the file has the form of a container's config.
    pub config: Option<usize>,
    /// The errors, in the order in which they are found.
    pub mistakes: Vec<DecodeError>,
}

impl Notes {
    pub fn new(wanted: Wanted) -> Notes {
        Notes { wanted, ..Notes::default() }
    }

    pub fn are_wanted(&self) -> bool {
        matches!(self.wanted, Wanted::Notes | Wanted::Mistakes)
    }

    /// Returns a reader of the file.
    pub fn reader<'a>(&self, text: &'a [u8]) -> JsonReader<'a> {
        let mut reader = JsonReader::new(text);
        if self.wanted == Wanted::Mistakes {
            reader.note_wrong_types();
        }
        reader
    }

    /// Takes the type errors of a reader that has reached the end.
    pub fn end(&mut self, reader: JsonReader<'_>) {
        self.mistakes.extend(reader.into_wrong_types().into_iter().map(DecodeError::from));
    }

    /// Notes an error of the whole file, or returns it if errors are not wanted.
    pub fn mistake(&mut self, error: DecodeError) -> Result<()> {
        if self.wanted != Wanted::Mistakes {
            return Err(error);
        }
        self.mistakes.push(error);
        Ok(())
    }

    pub fn place(&mut self, field: Field, offset: usize) {
        // Diagnostics need no more; a file of 16 MiB can have millions.
        const MOST: usize = 1 << 16;
        if self.are_wanted() && self.places.len() < MOST {
            self.places.push((field, offset));
        }
    }

    /// Notes the offset of a key, unless the value that follows is `null`: such a `null` does not
    /// change the earlier value.
    pub fn place_value(
        &mut self,
        field: Field,
        key: usize,
        reader: &mut JsonReader<'_>,
    ) -> Result<()> {
        if self.are_wanted() && reader.peek()? != Kind::Null {
            self.place(field, key);
        }
        Ok(())
    }

    /// Returns the repetitions of keys, with their offsets.
    pub fn repeated(&self) -> impl Iterator<Item = &(Field, usize)> {
        let pairs = self.places.iter().zip(self.places.iter().skip(1));
        pairs
            .filter(|(before, place)| before.0 == place.0 && place.0.key().is_some())
            .map(|(_, place)| place)
    }

    /// Sorts the offsets, so that they can be found. Call it after the last one.
    pub fn finish(mut self) -> Notes {
        self.places.sort_by(|(a, _), (b, _)| a.cmp(b));
        self
    }

    pub fn unknown(&mut self, key: Text<'_>, object: &'static str) {
        if self.are_wanted() && self.unknown.len() < ENOUGH {
            self.unknown.push(UnknownKey {
                key: key.value.into_owned(),
                offset: key.offset,
                object,
            });
        }
    }
}

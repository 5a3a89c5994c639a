//! What decoding a hook file comes to: a hook and the place of each of its parts, or what is wrong.

use std::borrow::Cow;

use super::borrowed::HookRef;
use crate::go::json::{JsonError, JsonErrorKind, JsonReader, Kind, SyntaxError, Text};
use crate::limits::ENOUGH;
use crate::position::Position;
use crate::problem::{Cause, Error, ErrorKind};

/// A hook file that gives no hook, before validation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DecodeError {
    pub cause: Cause,
    /// The step that the reference names: the version that the file is read as, or the check of
    /// the version.
    pub step: Option<String>,
    /// Where in the text; of what is missing there is no place.
    pub offset: Option<usize>,
}

impl DecodeError {
    #[cold]
    pub fn new(cause: Cause, offset: Option<usize>) -> DecodeError {
        DecodeError { cause, step: None, offset }
    }

    /// As an error of the call that was given `text`.
    #[cold]
    pub fn in_argument(self, text: &[u8]) -> Error {
        let position = self.offset.map(|offset| Position::of(text, offset));
        self.into_error(ErrorKind::Json).with_position(position)
    }

    /// As an error, with the step in its message.
    #[cold]
    pub fn into_error(self, kind: ErrorKind) -> Error {
        let error = Error::new(kind, self.cause);
        match self.step {
            Some(step) => error.context(step),
            None => error,
        }
    }

    /// Whether a file of version 0.1.0 has a `hook` as 1.0.0 has it.
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
    /// 1.0.0's `hook`, whose `path` may be missing.
    Hook,
    Path,
    /// 1.0.0's `when`, which may have no condition.
    When,
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
    /// Another list, by its key.
    List(&'static str),
}

impl Field {
    /// Its key, if it is one.
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

/// A key that no reader knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownKey {
    pub key: String,
    pub offset: usize,
    /// The object that it is in: "" for the file's, or `hook`, `when`.
    pub object: &'static str,
}

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Decoded<'a> {
    pub hook: HookRef<'a>,
    /// The file's `version`; "" where it has none.
    pub version: Cow<'a, str>,
    /// Whether the caller's reader has made the hook.
    pub by_reader: bool,
    pub notes: Notes,
}

impl Decoded<'_> {
    /// The offset of a part of the hook: its own, or that of what it stands for in a file of
    /// version 0.1.0.
    pub fn place(&self, field: &Field) -> Option<usize> {
        // Of several places the last one counts.
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

/// What a file is decoded for. To load it takes little; should there be something to inject or to
/// say, it is decoded once more, which is cheaper than to keep all of each file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The hook, but for its `args` and `env`, which are looked through only.
    Conditions,
    #[default]
    Hook,
    /// The hook, and what there is to note beside it.
    Notes,
    /// The same of a file that gives no hook: what is wrong is noted, and left out.
    Mistakes,
}

/// What decoding notes beside the hook, if that is wanted: for those who say something about the
/// file.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub wanted: Wanted,
    /// Where each field stands; in order once decoding is over.
    places: Vec<(Field, usize)>,
    pub unknown: Vec<UnknownKey>,
    /// What is wrong, in the order in which it is found.
    pub mistakes: Vec<DecodeError>,
}

impl Notes {
    pub fn new(wanted: Wanted) -> Notes {
        Notes { wanted, ..Notes::default() }
    }

    pub fn are_wanted(&self) -> bool {
        matches!(self.wanted, Wanted::Notes | Wanted::Mistakes)
    }

    /// A reader of the file.
    pub fn reader<'a>(&self, text: &'a [u8]) -> JsonReader<'a> {
        let mut reader = JsonReader::new(text);
        if self.wanted == Wanted::Mistakes {
            reader.note_wrong_types();
        }
        reader
    }

    /// The reader has come to the end.
    pub fn end(&mut self, reader: JsonReader<'_>) {
        self.mistakes.extend(reader.into_wrong_types().into_iter().map(DecodeError::from));
    }

    /// Something is wrong with the whole.
    pub fn mistake(&mut self, error: DecodeError) -> Result<()> {
        if self.wanted != Wanted::Mistakes {
            return Err(error);
        }
        self.mistakes.push(error);
        Ok(())
    }

    pub fn place(&mut self, field: Field, offset: usize) {
        // Nobody looks at more; a file of 16 MiB may have millions.
        const MOST: usize = 1 << 16;
        if self.are_wanted() && self.places.len() < MOST {
            self.places.push((field, offset));
        }
    }

    /// The place of a key whose value comes next, if that is not one of those nulls which leave
    /// what was there.
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

    /// Keys that come again, with their places.
    pub fn repeated(&self) -> impl Iterator<Item = &(Field, usize)> {
        let pairs = self.places.iter().zip(self.places.iter().skip(1));
        pairs
            .filter(|(before, place)| before.0 == place.0 && place.0.key().is_some())
            .map(|(_, place)| place)
    }

    /// There are no more places: they are brought into order, to be found.
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

//! Single values of a hook file, as Go decodes them: keys in any case, duplicates that merge,
//! `null` that leaves or resets.

use std::borrow::Cow;
use std::fmt::Display;

use super::decoded::{DecodeError, Field, Notes, Result};
use crate::go::json::{JsonError, JsonErrorKind, JsonReader, Kind, Text, folds_to};

/// The field that Go stores this key's value in: the one of that name, or else one that folds to
/// it.
pub(super) fn field<'n>(key: &Text<'_>, names: &[&'n str]) -> Option<&'n str> {
    let exact = names.iter().find(|&&name| name == key.value);
    exact.or_else(|| names.iter().find(|&&name| folds_to(&key.value, name))).copied()
}

pub(super) fn skip_unknown(
    reader: &mut JsonReader<'_>,
    key: Text<'_>,
    object: &'static str,
    notes: &mut Notes,
) -> Result<()> {
    notes.unknown(key, object);
    Ok(reader.skip()?)
}

/// An object; `null` changes nothing.
pub(super) fn object<'a>(
    reader: &mut JsonReader<'a>,
    name: &str,
    // Not a generic one: there are many, and none takes long.
    member: &mut dyn FnMut(&mut JsonReader<'a>, Text<'a>) -> Result<()>,
) -> Result<()> {
    if reader.given(Kind::Object, &name)? { reader.object(member) } else { Ok(()) }
}

/// A string; `null` changes nothing.
pub(super) fn string<'a>(
    reader: &mut JsonReader<'a>,
    name: &dyn Display,
    value: &mut Cow<'a, str>,
) -> Result<()> {
    if reader.given(Kind::String, name)? {
        *value = reader.string()?.value;
    }
    Ok(())
}

/// A boolean; `null` is none.
pub(super) fn boolean(reader: &mut JsonReader<'_>, name: &str) -> Result<Option<bool>> {
    Ok(if reader.given(Kind::Bool, &name)? { Some(reader.bool()?) } else { None })
}

/// An integer of 64 bits, written without fraction and exponent; `null` is none.
pub(super) fn integer(reader: &mut JsonReader<'_>, name: &str) -> Result<Option<i64>> {
    if !reader.given(Kind::Number, &name)? {
        return Ok(None);
    }
    let offset = reader.offset();
    let number = reader.number()?;
    match number.parse() {
        Ok(value) => Ok(Some(value)),
        Err(_) => {
            let kind = JsonErrorKind::Integer { value: name.into(), number: number.into() };
            reader.wrong_type(JsonError { kind, offset })?;
            Ok(None)
        }
    }
}

/// A map of strings: added to what is there, to be [`merged`]; `null` clears it, a member's `null`
/// is "".
pub(super) fn annotations<'a>(
    reader: &mut JsonReader<'a>,
    map: &mut Vec<(Cow<'a, str>, Cow<'a, str>)>,
    notes: &mut Notes,
) -> Result<()> {
    const NAME: &str = "when.annotations";
    if !reader.given(Kind::Object, &NAME)? {
        map.clear();
        return Ok(());
    }
    reader.object(|reader, key| {
        reader.peek()?;
        if notes.are_wanted() {
            notes.place(Field::AnnotationKey(key.value.to_string()), key.offset);
            notes.place(Field::AnnotationValue(key.value.to_string()), reader.offset());
        }
        let mut value = Cow::default();
        let offset = reader.offset();
        string(reader, &format_args!("{NAME}[{:?}]", key.value), &mut value)?;
        if !reader.has_noted(offset) {
            map.push((key.value, value));
        }
        Ok(())
    })
}

/// A map in the order of its keys; of those that were given more than once, the last one counts.
pub(super) fn merged<'a>(
    mut map: Vec<(Cow<'a, str>, Cow<'a, str>)>,
) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    map.sort_by(|(a, _), (b, _)| a.cmp(b));
    map.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            std::mem::swap(later, earlier);
        }
        same
    });
    map
}

/// An array of strings, with the memory that Go's slices have: where the key comes again, a `null`
/// leaves the string that an earlier array had at that index, though that array was longer than the
/// one between.
#[derive(Default)]
pub(super) struct Strings<'a> {
    /// All that was ever stored since the last `[]` or `null`.
    slots: Vec<Cow<'a, str>>,
    /// Where the key stands.
    pub key: usize,
    /// Where each string stands, if that is wanted.
    offsets: Vec<usize>,
    length: usize,
    /// Whether there is an array; `null` is none.
    pub given: bool,
}

impl<'a> Strings<'a> {
    pub fn read(&mut self, reader: &mut JsonReader<'a>, name: &str, notes: &Notes) -> Result<()> {
        let offset = if notes.are_wanted() { reader.peek_offset()? } else { 0 };
        let is_array = reader.given(Kind::Array, &name)?;
        // What is of a wrong type is not missing, where that is noted.
        self.given = is_array || reader.has_noted(offset);
        self.length = 0;
        self.offsets.clear();
        if is_array {
            let mut index = 0;
            reader.array(|reader| {
                let offset = if notes.are_wanted() { reader.peek_offset()? } else { 0 };
                if self.length == self.slots.len() {
                    self.slots.push(Cow::default());
                }
                if let Some(value) = self.slots.get_mut(self.length) {
                    string(reader, &format_args!("{name}[{index}]"), value)?;
                }
                index += 1;
                // (It is left out then.)
                if !reader.has_noted(offset) {
                    self.length += 1;
                    if notes.are_wanted() {
                        self.offsets.push(offset);
                    }
                }
                Ok::<(), DecodeError>(())
            })?;
        }
        if self.length == 0 {
            self.slots.clear();
        }
        Ok(())
    }

    /// Notes where each string stands.
    pub fn record(&self, notes: &mut Notes, field: fn(usize) -> Field) {
        for (index, offset) in self.offsets.iter().enumerate() {
            notes.place(field(index), *offset);
        }
    }

    /// The place of its only string, or else that of its key.
    pub fn place(&self) -> usize {
        match self.offsets[..] {
            [only] => only,
            _ => self.key,
        }
    }

    /// Looks through an array without keeping it.
    pub fn check(reader: &mut JsonReader<'_>, name: &str) -> Result<()> {
        let mut index = 0;
        if reader.given(Kind::Array, &name)? {
            reader.array(|reader| {
                if reader.given(Kind::String, &format_args!("{name}[{index}]"))? {
                    reader.skip()?;
                }
                index += 1;
                Ok::<(), DecodeError>(())
            })?;
        }
        Ok(())
    }

    /// The strings, if there is an array.
    pub fn take(mut self) -> Option<Vec<Cow<'a, str>>> {
        self.slots.truncate(self.length);
        self.given.then_some(self.slots)
    }
}

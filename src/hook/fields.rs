//! Single values of a hook file, as Go decodes them: keys in any case, duplicates that merge, `null` that leaves or resets.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::decoded::{DecodeError, Field, Result, UnknownKey};
use crate::diagnostic::Code;
use crate::json::{Kind, Reader, Text, folds_to};

/// The field that Go stores this key's value in: the one of that name, or else one that folds to it.
pub(super) fn field<'n>(key: &Text<'_>, names: &[&'n str]) -> Option<&'n str> {
    let exact = names.iter().find(|&&name| name == key.value);
    exact.or_else(|| names.iter().find(|&&name| folds_to(&key.value, name))).copied()
}

pub(super) fn skip_unknown(
    reader: &mut Reader<'_>,
    key: Text<'_>,
    object: &'static str,
    unknown: &mut Vec<UnknownKey>,
) -> Result<()> {
    // Enough to find what is wrong; a file of 16 MiB may have millions.
    const MOST: usize = 100;
    if unknown.len() < MOST {
        unknown.push(UnknownKey { key: key.value.into_owned(), offset: key.offset, object });
    }
    Ok(reader.skip()?)
}

/// An object; `null` changes nothing.
pub(super) fn object<'a>(
    reader: &mut Reader<'a>,
    name: impl Display,
    member: impl FnMut(&mut Reader<'a>, Text<'a>) -> Result<()>,
) -> Result<()> {
    if reader.given(Kind::Object, name)? { reader.object(member) } else { Ok(()) }
}

/// A string; `null` changes nothing.
pub(super) fn string(reader: &mut Reader<'_>, name: impl Display, value: &mut String) -> Result<()> {
    if reader.given(Kind::String, name)? {
        *value = reader.string()?.value.into_owned();
    }
    Ok(())
}

/// A boolean; `null` is none.
pub(super) fn boolean(reader: &mut Reader<'_>, name: impl Display) -> Result<Option<bool>> {
    Ok(if reader.given(Kind::Bool, name)? { Some(reader.bool()?) } else { None })
}

/// An integer of 64 bits, written without fraction and exponent; `null` is none.
pub(super) fn integer(reader: &mut Reader<'_>, name: impl Display) -> Result<Option<i64>> {
    if !reader.given(Kind::Number, &name)? {
        return Ok(None);
    }
    let offset = reader.offset();
    let number = reader.number()?;
    match number.parse() {
        Ok(value) => Ok(Some(value)),
        Err(_) => Err(DecodeError {
            code: Code::JsonType,
            message: format!("{name} must be an integer of 64 bits, found {number}"),
            offset: Some(offset),
        }),
    }
}

/// A map of strings: merged into what is there; `null` clears it, a member's `null` is "".
pub(super) fn annotations(
    reader: &mut Reader<'_>,
    map: &mut BTreeMap<String, String>,
    places: &mut BTreeMap<Field, usize>,
) -> Result<()> {
    const NAME: &str = "when.annotations";
    if !reader.given(Kind::Object, NAME)? {
        map.clear();
        return Ok(());
    }
    reader.object(|reader, key| {
        let name = key.value.into_owned();
        places.insert(Field::AnnotationKey(name.clone()), key.offset);
        reader.peek()?;
        places.insert(Field::AnnotationValue(name.clone()), reader.offset());
        let mut value = String::new();
        string(reader, format_args!("{NAME}[{name:?}]"), &mut value)?;
        map.insert(name, value);
        Ok(())
    })
}

/// An array of strings, with the memory that Go's slices have: where the key comes again, a `null` leaves the string that
/// an earlier array had at that index, though that array was longer than the one between.
#[derive(Default)]
pub(super) struct Strings {
    /// All that was ever stored since the last `[]` or `null`, and where it stands.
    slots: Vec<(String, usize)>,
    length: usize,
    /// Whether there is an array; `null` is none.
    pub given: bool,
}

impl Strings {
    pub fn read(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<()> {
        self.given = reader.given(Kind::Array, name)?;
        self.length = 0;
        if self.given {
            reader.array(|reader| {
                reader.peek()?;
                if self.length == self.slots.len() {
                    self.slots.push(Default::default());
                }
                if let Some((value, offset)) = self.slots.get_mut(self.length) {
                    *offset = reader.offset();
                    string(reader, format_args!("{name}[{}]", self.length), value)?;
                }
                self.length += 1;
                Ok::<(), DecodeError>(())
            })?;
        }
        if self.length == 0 {
            self.slots.clear();
        }
        Ok(())
    }

    /// Notes where each string stands.
    pub fn record(&self, places: &mut BTreeMap<Field, usize>, field: fn(usize) -> Field) {
        let slots = self.slots.iter().take(self.length).enumerate();
        places.extend(slots.map(|(index, (_, offset))| (field(index), *offset)));
    }

    /// The strings, if there is an array.
    pub fn take(mut self) -> Option<Vec<String>> {
        self.slots.truncate(self.length);
        self.given.then(|| self.slots.into_iter().map(|(value, _)| value).collect())
    }
}

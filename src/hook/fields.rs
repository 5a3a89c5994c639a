//! Single values of a hook file, as Go decodes them: keys match in any case, duplicate keys merge,
//! `null` keeps or resets a value.

use std::borrow::Cow;
use std::fmt::Display;

use super::decoded::{DecodeError, Field, Notes, Result};
use super::stage::Stage;
use crate::go::json::{JsonError, JsonErrorKind, JsonReader, Kind, Text, folds_to};

/// Returns the field in which Go stores the value of this key: the field of that name, or else a
/// field whose name differs only in case.
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
    let may_be_config = object.is_empty() && notes.are_wanted() && notes.config.is_none();
    let (offset, is_oci_version, is_hooks) =
        (key.offset, key.value == "ociVersion", key.value == "hooks");
    notes.unknown(key, object);
    if may_be_config && is_hooks && reader.peek()? == Kind::Object {
        if skip_stages(reader)? {
            notes.config = Some(offset);
        }
        return Ok(());
    }
    if may_be_config && is_oci_version {
        notes.config = Some(offset);
    }
    Ok(reader.skip()?)
}

/// Skips an object. Returns whether it is `hooks` of a container's config: it has a list for a
/// stage.
fn skip_stages(reader: &mut JsonReader<'_>) -> Result<bool> {
    let mut has_stage = false;
    reader.object(|reader, key| {
        has_stage |= Stage::from_name(&key.value).is_some() && reader.peek()? == Kind::Array;
        Ok::<(), DecodeError>(reader.skip()?)
    })?;
    Ok(has_stage)
}

/// Reads an object. `null` changes nothing.
pub(super) fn object<'a>(
    reader: &mut JsonReader<'a>,
    name: &str,
    // Not generic: there are many callers, and no call takes long.
    member: &mut dyn FnMut(&mut JsonReader<'a>, Text<'a>) -> Result<()>,
) -> Result<()> {
    if reader.given(Kind::Object, &name)? { reader.object(member) } else { Ok(()) }
}

/// Reads a string. `null` changes nothing.
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

/// Reads a boolean. Returns `None` for `null`.
pub(super) fn boolean(reader: &mut JsonReader<'_>, name: &str) -> Result<Option<bool>> {
    Ok(if reader.given(Kind::Bool, &name)? { Some(reader.bool()?) } else { None })
}

/// Reads an integer of 64 bits, written without fraction and exponent. Returns `None` for `null`.
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

/// Reads a map of strings, and appends it to `map`; call [`merged`] after the last one. `null`
/// clears `map`. A member that is `null` counts as "".
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

/// Sorts a map by key. If a key occurs more than once, the last value is used.
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

/// An array of strings that remembers earlier arrays, as Go's slices do. If the key occurs again, a
/// `null` element keeps the string that an earlier array had at that index. This is true even if an
/// array between them was shorter.
#[derive(Default)]
pub(super) struct Strings<'a> {
    /// All strings stored since the last `[]` or `null`.
    slots: Vec<Cow<'a, str>>,
    /// The offset of the key.
    pub key: usize,
    /// The offset of each string, if notes are wanted.
    offsets: Vec<usize>,
    length: usize,
    /// Whether there is an array. `null` does not count.
    pub given: bool,
}

impl<'a> Strings<'a> {
    pub fn read(&mut self, reader: &mut JsonReader<'a>, name: &str, notes: &Notes) -> Result<()> {
        let offset = if notes.are_wanted() { reader.peek_offset()? } else { 0 };
        let is_array = reader.given(Kind::Array, &name)?;
        // A value of a wrong type that is noted is not missing.
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
                // An element of a wrong type is left out.
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

    /// Notes the offset of each string.
    pub fn record(&self, notes: &mut Notes, field: fn(usize) -> Field) {
        for (index, offset) in self.offsets.iter().enumerate() {
            notes.place(field(index), *offset);
        }
    }

    /// Returns the offset of the only string, or else that of the key.
    pub fn place(&self) -> usize {
        match self.offsets[..] {
            [only] => only,
            _ => self.key,
        }
    }

    /// Checks an array of strings without storing it.
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

    /// Returns the strings, if there is an array.
    pub fn take(mut self) -> Option<Vec<Cow<'a, str>>> {
        self.slots.truncate(self.length);
        self.given.then_some(self.slots)
    }
}

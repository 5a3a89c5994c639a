//! Hook files of version 0.1.0, translated into 1.0.0.

use std::borrow::Cow;

use super::borrowed::{EntryRef, HookRef, WhenRef};
use super::decoded::{DecodeError, Decoded, Field, Notes, Result};
use super::definition::VERSION;
use super::fields::{Strings, boolean, field, object, skip_unknown, string};
use crate::go::json::{Kind, folds_to};
use crate::problem::{Cause, Property};

/// The known keys. The keys of lists are first.
pub(crate) const KEYS: [&str; 9] = [
    "arguments",
    "stages",
    "stage",
    "cmds",
    "cmd",
    "annotations",
    "annotation",
    "hook",
    "hasbindmounts",
];

type Lists<'a> = [Strings<'a>; 7];

/// Takes the list of this key.
fn list<'a>(lists: &mut Lists<'a>, name: &str) -> Strings<'a> {
    let list = KEYS.iter().zip(lists).find(|(key, _)| **key == name);
    list.map(|(_, list)| std::mem::take(list)).unwrap_or_default()
}

/// Decodes a file of version 0.1.0 and translates it. The text's syntax has been checked.
pub(super) fn decode_hook(text: &[u8], mut notes: Notes) -> Result<Decoded<'_>> {
    let mut lists = Lists::default();
    let mut path: Option<Cow<'_, str>> = None;
    let mut has_bind_mounts = None;
    let mut reader = notes.reader(text);
    reader.peek()?;
    let start = reader.offset();
    notes.place(Field::File, start);
    object(&mut reader, "a hook", &mut |reader, key| match field(&key, &KEYS) {
        Some("hook") => {
            notes.place(Field::Path, key.offset);
            if reader.peek()? == Kind::Null {
                path = None;
                return Ok(reader.skip()?);
            }
            string(reader, &"hook", path.get_or_insert_default())
        }
        Some("hasbindmounts") => {
            notes.place(Field::HasBindMounts, key.offset);
            has_bind_mounts = boolean(reader, "hasbindmounts")?;
            Ok(())
        }
        Some(name) => {
            let index = KEYS.iter().position(|&key| key == name);
            let Some(list) = index.and_then(|index| lists.get_mut(index)) else {
                return Ok(reader.skip()?);
            };
            list.key = key.offset;
            notes.place(Field::List(name), key.offset);
            list.read(reader, name, &notes)
        }
        None if folds_to(&key.value, "version") => Ok(reader.skip()?),
        None => skip_unknown(reader, key, "", &mut notes),
    })?;
    notes.end(reader);

    let missing = |property| DecodeError::new(Cause::Missing(property), Some(start));
    if path.is_none() {
        notes.mistake(missing(Property::Hook))?;
    }
    let path = path.unwrap_or_default();
    let stages = one_of(&mut lists, "stages", "stage", &mut notes)?;
    if stages.is_none() {
        notes.mistake(missing(Property::Stages))?;
    }
    let stages = stages.unwrap_or_default();
    let commands = one_of(&mut lists, "cmds", "cmd", &mut notes)?;
    let annotations = one_of(&mut lists, "annotations", "annotation", &mut notes)?;

    let arguments = list(&mut lists, "arguments");
    // (The path becomes the first argument.)
    arguments.record(&mut notes, |index| Field::Argument(index + 1));
    let args = arguments.take().map_or_else(Vec::new, |arguments| {
        let mut args = vec![path.clone()];
        args.extend(arguments);
        args
    });
    if let Some(commands) = &commands {
        commands.record(&mut notes, Field::Command);
    }
    if let Some(annotations) = &annotations {
        notes.place(Field::Annotations, annotations.place());
    }
    // One pattern that matches what any of the given patterns matches, for the value of any
    // annotation.
    let annotations = annotations.and_then(Strings::take).map(|patterns| patterns.join("|"));
    let when = WhenRef {
        always: None,
        has_bind_mounts,
        annotations: annotations.into_iter().map(|value| (".*".into(), value.into())).collect(),
        commands: commands.and_then(Strings::take).unwrap_or_default(),
        any_of: true,
    };
    if stages.given {
        notes.place(Field::Stages, stages.key);
    }
    stages.record(&mut notes, Field::Stage);
    let stages = stages.take();
    let entry = EntryRef { path, args, env: Vec::new(), timeout: None };
    let hook = HookRef { version: VERSION.into(), entry, when, stages };
    Ok(Decoded { hook, notes: notes.finish(), ..Decoded::default() })
}

/// Takes the list whose key the file has, of two alternative keys. Both keys are an error.
fn one_of<'a>(
    lists: &mut Lists<'a>,
    plural: &'static str,
    singular: &'static str,
    notes: &mut Notes,
) -> Result<Option<Strings<'a>>> {
    let [plural_list, singular_list] = [plural, singular].map(|name| list(lists, name));
    match (plural_list.given, singular_list.given) {
        (true, true) => {
            // The offset is that of the later key.
            let offset = Some(plural_list.key.max(singular_list.key));
            notes.mistake(DecodeError::new(Cause::Conflict { singular, plural }, offset))?;
            Ok(Some(plural_list))
        }
        (true, false) => Ok(Some(plural_list)),
        (false, true) => Ok(Some(singular_list)),
        (false, false) => Ok(None),
    }
}

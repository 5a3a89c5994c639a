//! Hook files of version 1.0.0.

use super::borrowed::{EntryRef, HookRef, WhenRef};
use super::decoded::{DecodeError, Decoded, Field, Notes, Result, Wanted};
use super::definition::OciHook;
use super::fields::{
    Strings, annotations, boolean, field, integer, merged, object, skip_unknown, string,
};
use crate::go::json::{JsonReader, Kind};

/// The known keys of the outermost object, of `hook` and of `when`.
pub(crate) const FILE_KEYS: [&str; 4] = ["version", "hook", "when", "stages"];
pub(crate) const HOOK_KEYS: [&str; 4] = ["path", "args", "env", "timeout"];
pub(crate) const WHEN_KEYS: [&str; 4] = ["always", "annotations", "commands", "hasBindMounts"];

/// Decodes a hook of version 1.0.0, whatever its `version` says. It reports the first error in the
/// text. Go reports a syntax error anywhere before a wrong type: a caller that needs this calls
/// [`JsonReader::check`] first.
pub(super) fn decode_hook(text: &[u8], notes: Notes) -> Result<Decoded<'_>> {
    decode(text, Builder::default(), notes)
}

/// Decodes a hook that this library wrote, with `or` in `when` (see
/// [`Hook::to_json`](crate::Hook::to_json)).
pub(super) fn decode_own_hook(text: &[u8]) -> Result<Decoded<'_>> {
    decode(text, Builder { read_any_of: true, ..Builder::default() }, Notes::default())
}

fn decode<'a>(text: &'a [u8], mut builder: Builder<'a>, mut notes: Notes) -> Result<Decoded<'a>> {
    let mut hook = HookRef::default();
    let mut stages = Strings::default();
    let mut entry = Entry::default();
    let mut reader = notes.reader(text);
    reader.peek()?;
    notes.place(Field::File, reader.offset());
    object(&mut reader, "a hook", &mut |reader, key| match field(&key, &FILE_KEYS) {
        Some("version") => {
            notes.place_value(Field::Version, key.offset, reader)?;
            string(reader, &"version", &mut hook.version)
        }
        Some("hook") => {
            notes.place_value(Field::Hook, key.offset, reader)?;
            entry.read(reader, &mut notes)
        }
        Some("when") => {
            notes.place_value(Field::When, key.offset, reader)?;
            builder.read(reader, &mut notes)
        }
        Some("stages") => {
            notes.place(Field::Stages, key.offset);
            stages.read(reader, "stages", &notes)
        }
        _ => skip_unknown(reader, key, "", &mut notes),
    })?;
    reader.end()?;
    notes.end(reader);
    hook.entry = entry.finish(&mut notes);
    hook.when = builder.finish(&mut notes);
    stages.record(&mut notes, Field::Stage);
    hook.stages = stages.take();
    Ok(Decoded { hook, notes: notes.finish(), ..Decoded::default() })
}

/// Decodes only conditions: `when` of a 1.0.0 hook, and `or` in it (see
/// [`Hook::to_json`](crate::Hook::to_json)).
pub(crate) fn decode_when(text: &[u8]) -> Result<WhenRef<'_>> {
    JsonReader::check(text)?;
    let mut builder = Builder { read_any_of: true, ..Builder::default() };
    let mut notes = Notes::default();
    builder.read(&mut JsonReader::new(text), &mut notes)?;
    Ok(builder.finish(&mut notes))
}

/// Decodes entries of `config.hooks`: one entry, or an array of entries. `null` is an empty array.
pub(crate) fn decode_entries(text: &[u8]) -> Result<Vec<OciHook>> {
    JsonReader::check(text)?;
    let mut reader = JsonReader::new(text);
    let mut entries = Vec::new();
    let mut read = |reader: &mut JsonReader<'_>| {
        let mut entry = Entry::default();
        entry.read(reader, &mut Notes::default())?;
        entries.push(entry.finish(&mut Notes::default()).into());
        Ok::<(), DecodeError>(())
    };
    match reader.peek()? {
        Kind::Array => reader.array(read)?,
        Kind::Null => {}
        _ => read(&mut reader)?,
    }
    Ok(entries)
}

/// Collects `hook`, which a file may have more than once.
#[derive(Default)]
struct Entry<'a> {
    hook: EntryRef<'a>,
    args: Strings<'a>,
    env: Strings<'a>,
}

impl<'a> Entry<'a> {
    fn read(&mut self, reader: &mut JsonReader<'a>, notes: &mut Notes) -> Result<()> {
        let Entry { hook, args, env } = self;
        object(reader, "hook", &mut |reader, key| match field(&key, &HOOK_KEYS) {
            Some("path") => {
                notes.place_value(Field::Path, key.offset, reader)?;
                string(reader, &"hook.path", &mut hook.path)
            }
            Some("args") if notes.wanted == Wanted::Conditions => {
                Strings::check(reader, "hook.args")
            }
            Some("env") if notes.wanted == Wanted::Conditions => Strings::check(reader, "hook.env"),
            Some("args") => {
                notes.place(Field::List("args"), key.offset);
                args.read(reader, "hook.args", notes)
            }
            Some("env") => {
                notes.place(Field::List("env"), key.offset);
                env.read(reader, "hook.env", notes)
            }
            Some("timeout") => {
                notes.place(Field::Timeout, key.offset);
                hook.timeout = integer(reader, "hook.timeout")?;
                Ok(())
            }
            _ => skip_unknown(reader, key, "hook", notes),
        })
    }

    fn finish(mut self, notes: &mut Notes) -> EntryRef<'a> {
        self.args.record(notes, Field::Argument);
        self.env.record(notes, Field::Variable);
        self.hook.args = self.args.take().unwrap_or_default();
        self.hook.env = self.env.take().unwrap_or_default();
        self.hook
    }
}

/// Collects `when`, which a file may have more than once.
#[derive(Default)]
struct Builder<'a> {
    when: WhenRef<'a>,
    commands: Strings<'a>,
    read_any_of: bool,
}

impl<'a> Builder<'a> {
    fn read(&mut self, reader: &mut JsonReader<'a>, notes: &mut Notes) -> Result<()> {
        let Builder { when, commands, read_any_of } = self;
        object(reader, "when", &mut |reader, key| match field(&key, &WHEN_KEYS) {
            Some("always") => {
                notes.place(Field::Always, key.offset);
                when.always = boolean(reader, "when.always")?;
                Ok(())
            }
            Some("hasBindMounts") => {
                notes.place(Field::HasBindMounts, key.offset);
                when.has_bind_mounts = boolean(reader, "when.hasBindMounts")?;
                Ok(())
            }
            Some("annotations") => {
                notes.place_value(Field::List("annotations"), key.offset, reader)?;
                annotations(reader, &mut when.annotations, notes)
            }
            Some("commands") => {
                notes.place(Field::List("commands"), key.offset);
                commands.read(reader, "when.commands", notes)
            }
            _ if *read_any_of && key.value == "or" => {
                when.any_of = boolean(reader, "when.or")?.unwrap_or_default();
                Ok(())
            }
            _ => skip_unknown(reader, key, "when", notes),
        })
    }

    fn finish(mut self, notes: &mut Notes) -> WhenRef<'a> {
        self.commands.record(notes, Field::Command);
        self.when.commands = self.commands.take().unwrap_or_default();
        self.when.annotations = merged(self.when.annotations);
        self.when
    }
}

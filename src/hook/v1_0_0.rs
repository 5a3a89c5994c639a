//! Hook files of version 1.0.0.

use std::collections::BTreeMap;

use super::decoded::{DecodeError, Decoded, Field, Result, UnknownKey};
use super::fields::{Strings, annotations, boolean, field, integer, object, skip_unknown, string};
use super::{OciHook, When};
use crate::json::{Kind, Reader};

/// Decodes a hook of version 1.0.0, whatever its `version` says. The text's syntax has been checked.
pub(super) fn decode_hook(text: &[u8]) -> Result<Decoded> {
    decode(text, Builder::default())
}

/// The same for what this library writes itself: with `or` in `when` (see [`Hook::to_json`](super::Hook::to_json)).
pub(super) fn decode_own_hook(text: &[u8]) -> Result<Decoded> {
    decode(text, Builder { read_any_of: true, ..Builder::default() })
}

fn decode(text: &[u8], mut builder: Builder) -> Result<Decoded> {
    let mut decoded = Decoded::default();
    let mut stages = Strings::default();
    let mut entry = Entry::default();
    let Decoded { hook, places, unknown, .. } = &mut decoded;
    object(&mut Reader::new(text), "a hook", |reader, key| {
        match field(&key, &["version", "hook", "when", "stages"]) {
            Some("version") => {
                places.insert(Field::Version, key.offset);
                string(reader, "version", &mut hook.version)
            }
            Some("hook") => entry.read(reader, places, unknown),
            Some("when") => builder.read(reader, places, unknown),
            Some("stages") => {
                places.insert(Field::Stages, key.offset);
                stages.read(reader, "stages")
            }
            _ => skip_unknown(reader, key, "", unknown),
        }
    })?;
    hook.hook = entry.finish();
    hook.when = builder.finish(places);
    stages.record(places, Field::Stage);
    hook.stages = stages.take();
    Ok(decoded)
}

/// Decodes the conditions alone: as `when` of a 1.0.0 hook, and `or` beside them (see [`Hook::to_json`]).
pub(crate) fn decode_when(text: &[u8]) -> Result<When> {
    Reader::check(text)?;
    let mut builder = Builder { read_any_of: true, ..Builder::default() };
    builder.read(&mut Reader::new(text), &mut BTreeMap::new(), &mut Vec::new())?;
    Ok(builder.finish(&mut BTreeMap::new()))
}

/// Decodes entries of `config.hooks`: one, or an array of them. `null` is none.
pub(crate) fn decode_entries(text: &[u8]) -> Result<Vec<OciHook>> {
    Reader::check(text)?;
    let mut reader = Reader::new(text);
    let mut entries = Vec::new();
    let mut read = |reader: &mut Reader<'_>| {
        let mut entry = Entry::default();
        entry.read(reader, &mut BTreeMap::new(), &mut Vec::new())?;
        entries.push(entry.finish());
        Ok::<(), DecodeError>(())
    };
    match reader.peek()? {
        Kind::Array => reader.array(read)?,
        Kind::Null => {}
        _ => read(&mut reader)?,
    }
    Ok(entries)
}

/// Gathers `hook`, whose parts may come in several pieces.
#[derive(Default)]
struct Entry {
    hook: OciHook,
    args: Strings,
    env: Strings,
}

impl Entry {
    fn read(
        &mut self,
        reader: &mut Reader<'_>,
        places: &mut BTreeMap<Field, usize>,
        unknown: &mut Vec<UnknownKey>,
    ) -> Result<()> {
        let Entry { hook, args, env } = self;
        object(reader, "hook", |reader, key| match field(&key, &["path", "args", "env", "timeout"]) {
            Some("path") => {
                places.insert(Field::Path, key.offset);
                string(reader, "hook.path", &mut hook.path)
            }
            Some("args") => args.read(reader, "hook.args"),
            Some("env") => env.read(reader, "hook.env"),
            Some("timeout") => {
                places.insert(Field::Timeout, key.offset);
                hook.timeout = integer(reader, "hook.timeout")?;
                Ok(())
            }
            _ => skip_unknown(reader, key, "hook", unknown),
        })
    }

    fn finish(mut self) -> OciHook {
        self.hook.args = self.args.take().unwrap_or_default();
        self.hook.env = self.env.take().unwrap_or_default();
        self.hook
    }
}

/// Gathers `when`, whose parts may come in several pieces.
#[derive(Default)]
struct Builder {
    when: When,
    commands: Strings,
    read_any_of: bool,
}

impl Builder {
    fn read(
        &mut self,
        reader: &mut Reader<'_>,
        places: &mut BTreeMap<Field, usize>,
        unknown: &mut Vec<UnknownKey>,
    ) -> Result<()> {
        const KEYS: [&str; 4] = ["always", "annotations", "commands", "hasBindMounts"];
        let Builder { when, commands, read_any_of } = self;
        object(reader, "when", |reader, key| match field(&key, &KEYS) {
            Some("always") => {
                places.insert(Field::Always, key.offset);
                when.always = boolean(reader, "when.always")?;
                Ok(())
            }
            Some("hasBindMounts") => {
                places.insert(Field::HasBindMounts, key.offset);
                when.has_bind_mounts = boolean(reader, "when.hasBindMounts")?;
                Ok(())
            }
            Some("annotations") => annotations(reader, &mut when.annotations, places),
            Some("commands") => commands.read(reader, "when.commands"),
            _ if *read_any_of && key.value == "or" => {
                when.any_of = boolean(reader, "when.or")?.unwrap_or_default();
                Ok(())
            }
            _ => skip_unknown(reader, key, "when", unknown),
        })
    }

    fn finish(mut self, places: &mut BTreeMap<Field, usize>) -> When {
        self.commands.record(places, Field::Command);
        self.when.commands = self.commands.take().unwrap_or_default();
        self.when
    }
}

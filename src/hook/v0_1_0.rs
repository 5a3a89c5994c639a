//! Hook files of version 0.1.0, translated into 1.0.0.

use std::collections::BTreeMap;

use super::decoded::{DecodeError, Decoded, Field, Result};
use super::fields::{Strings, boolean, field, object, skip_unknown, string};
use super::{Hook, OciHook, VERSION, When};
use crate::diagnostic::Code;
use crate::json::{Kind, Reader, folds_to};

/// Decodes a file of version 0.1.0 and translates it. The text's syntax has been checked.
pub(super) fn decode_hook(text: &[u8]) -> Result<Decoded> {
    const KEYS: [&str; 9] =
        ["hook", "arguments", "stages", "stage", "cmds", "cmd", "annotations", "annotation", "hasbindmounts"];
    let mut lists: [Strings; 7] = Default::default();
    let mut path: Option<String> = None;
    let mut has_bind_mounts = None;
    let mut places = BTreeMap::new();
    let mut unknown = Vec::new();
    object(&mut Reader::new(text), "a hook", |reader, key| match field(&key, &KEYS) {
        Some("hook") => {
            places.insert(Field::Path, key.offset);
            if reader.peek()? == Kind::Null {
                path = None;
                return Ok(reader.skip()?);
            }
            string(reader, "hook", path.get_or_insert_default())
        }
        Some("hasbindmounts") => {
            places.insert(Field::HasBindMounts, key.offset);
            has_bind_mounts = boolean(reader, "hasbindmounts")?;
            Ok(())
        }
        Some(name) => {
            let list = KEYS.iter().skip(1).position(|&k| k == name).and_then(|index| lists.get_mut(index));
            match name {
                "stages" | "stage" => drop(places.insert(Field::Stages, key.offset)),
                "annotations" | "annotation" => drop(places.insert(Field::Annotations, key.offset)),
                _ => {}
            }
            match list {
                Some(list) => list.read(reader, name),
                None => Ok(reader.skip()?),
            }
        }
        None if folds_to(&key.value, "version") => Ok(reader.skip()?),
        None => skip_unknown(reader, key, "", &mut unknown),
    })?;

    let [arguments, stages, stage, cmds, cmd, annotations, annotation] = lists;
    let Some(path) = path else {
        return Err(DecodeError::new(Code::MissingHook, "missing required property: hook"));
    };
    let stages = one_of(stages, stage, "cannot set both 'stage' and 'stages'")?
        .ok_or_else(|| DecodeError::new(Code::MissingStages, "missing required property: stages"))?;
    let commands = one_of(cmds, cmd, "cannot set both 'cmd' and 'cmds'")?;
    let annotations = one_of(annotations, annotation, "cannot set both 'annotation' and 'annotations'")?;

    let args = arguments.take().map_or_else(Vec::new, |arguments| {
        let mut args = vec![path.clone()];
        args.extend(arguments);
        args
    });
    if let Some(commands) = &commands {
        commands.record(&mut places, Field::Command);
    }
    let when = When {
        always: None,
        has_bind_mounts,
        annotations: annotations
            .and_then(Strings::take)
            .map(|entries| BTreeMap::from([(".*".to_owned(), entries.join("|"))]))
            .unwrap_or_default(),
        commands: commands.and_then(Strings::take).unwrap_or_default(),
        any_of: true,
    };
    stages.record(&mut places, Field::Stage);
    let stages = stages.take();
    let hook = OciHook { path, args, env: Vec::new(), timeout: None };
    Ok(Decoded {
        hook: Hook { version: VERSION.to_owned(), hook, when, stages },
        places,
        unknown,
        version: String::new(),
    })
}

/// The one of two spellings that is given; both is an error.
fn one_of(plural: Strings, singular: Strings, both: &str) -> Result<Option<Strings>> {
    match (plural.given, singular.given) {
        (true, true) => Err(DecodeError::new(Code::ConflictingKeys, both)),
        (true, false) => Ok(Some(plural)),
        (false, true) => Ok(Some(singular)),
        (false, false) => Ok(None),
    }
}

//! From JSON to a hook, as Go decodes it: keys in any case, duplicates that merge, `null` that leaves or resets.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::{Hook, OciHook, When, quote};
use crate::diagnostic::{Code, Position};
use crate::error::{Error, ErrorKind};
use crate::json::{JsonError, Kind, Reader, SyntaxError, Text, folds_to};

/// A hook file that gives no hook, before validation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DecodeError {
    pub code: Code,
    pub message: String,
    /// Where in the text; of what is missing there is no place.
    pub offset: Option<usize>,
}

impl DecodeError {
    fn new(code: Code, message: &str) -> DecodeError {
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

type Result<T> = std::result::Result<T, DecodeError>;

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
        "1.0.0" => decode_hook(text),
        "0.1.0" | "" => decode_0_1_0(text),
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

/// Decodes a hook of version 1.0.0, whatever its `version` says.
pub(crate) fn decode_hook(text: &[u8]) -> Result<Decoded> {
    Reader::check(text)?;
    let mut decoded = Decoded::default();
    let mut builder = Builder::default();
    let mut stages = Strings::default();
    let (mut args, mut env) = (Strings::default(), Strings::default());
    let Decoded { hook, places, unknown, .. } = &mut decoded;
    object(&mut Reader::new(text), "a hook", |reader, key| {
        match field(&key, &["version", "hook", "when", "stages"]) {
            Some("version") => {
                places.insert(Field::Version, key.offset);
                string(reader, "version", &mut hook.version)
            }
            Some("hook") => {
                object(reader, "hook", |reader, key| match field(&key, &["path", "args", "env", "timeout"]) {
                    Some("path") => {
                        places.insert(Field::Path, key.offset);
                        string(reader, "hook.path", &mut hook.hook.path)
                    }
                    Some("args") => args.read(reader, "hook.args"),
                    Some("env") => env.read(reader, "hook.env"),
                    Some("timeout") => {
                        places.insert(Field::Timeout, key.offset);
                        hook.hook.timeout = integer(reader, "hook.timeout")?;
                        Ok(())
                    }
                    _ => skip_unknown(reader, key, "hook", unknown),
                })
            }
            Some("when") => builder.read(reader, places, unknown),
            Some("stages") => {
                places.insert(Field::Stages, key.offset);
                stages.read(reader, "stages")
            }
            _ => skip_unknown(reader, key, "", unknown),
        }
    })?;
    hook.hook.args = args.take().unwrap_or_default();
    hook.hook.env = env.take().unwrap_or_default();
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

/// Decodes a file of version 0.1.0 and translates it.
fn decode_0_1_0(text: &[u8]) -> Result<Decoded> {
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
            .and_then(|list| list.take())
            .map(|entries| BTreeMap::from([(".*".to_owned(), entries.join("|"))]))
            .unwrap_or_default(),
        commands: commands.and_then(Strings::take).unwrap_or_default(),
        any_of: true,
    };
    stages.record(&mut places, Field::Stage);
    let stages = stages.take();
    let hook = OciHook { path, args, env: Vec::new(), timeout: None };
    Ok(Decoded {
        hook: Hook { version: super::VERSION.to_owned(), hook, when, stages },
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

/// The field that Go stores this key's value in: the one of that name, or else one that folds to it.
fn field<'n>(key: &Text<'_>, names: &[&'n str]) -> Option<&'n str> {
    let exact = names.iter().find(|&&name| name == key.value);
    exact.or_else(|| names.iter().find(|&&name| folds_to(&key.value, name))).copied()
}

fn skip_unknown(
    reader: &mut Reader<'_>,
    key: Text<'_>,
    object: &'static str,
    unknown: &mut Vec<UnknownKey>,
) -> Result<()> {
    unknown.push(UnknownKey { key: key.value.into_owned(), offset: key.offset, object });
    Ok(reader.skip()?)
}

/// An object; `null` changes nothing.
fn object<'a>(
    reader: &mut Reader<'a>,
    name: impl Display,
    member: impl FnMut(&mut Reader<'a>, Text<'a>) -> Result<()>,
) -> Result<()> {
    if reader.expect(Kind::Object, name)? { reader.object(member) } else { Ok(()) }
}

/// A string; `null` changes nothing.
fn string(reader: &mut Reader<'_>, name: impl Display, value: &mut String) -> Result<()> {
    if reader.expect(Kind::String, name)? {
        *value = reader.string()?.value.into_owned();
    }
    Ok(())
}

/// A boolean; `null` is none.
fn boolean(reader: &mut Reader<'_>, name: impl Display) -> Result<Option<bool>> {
    Ok(if reader.expect(Kind::Bool, name)? { Some(reader.bool()?) } else { None })
}

/// An integer of 64 bits, written without fraction and exponent; `null` is none.
fn integer(reader: &mut Reader<'_>, name: impl Display) -> Result<Option<i64>> {
    if !reader.expect(Kind::Number, &name)? {
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
fn annotations(
    reader: &mut Reader<'_>,
    map: &mut BTreeMap<String, String>,
    places: &mut BTreeMap<Field, usize>,
) -> Result<()> {
    const NAME: &str = "when.annotations";
    if !reader.expect(Kind::Object, NAME)? {
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
struct Strings {
    /// All that was ever stored since the last `[]` or `null`, and where it stands.
    slots: Vec<(String, usize)>,
    length: usize,
    given: bool,
}

impl Strings {
    fn read(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<()> {
        self.given = reader.expect(Kind::Array, name)?;
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
    fn record(&self, places: &mut BTreeMap<Field, usize>, field: fn(usize) -> Field) {
        let slots = self.slots.iter().take(self.length).enumerate();
        places.extend(slots.map(|(index, (_, offset))| (field(index), *offset)));
    }

    /// The strings, if there is an array.
    fn take(mut self) -> Option<Vec<String>> {
        self.slots.truncate(self.length);
        self.given.then(|| self.slots.into_iter().map(|(value, _)| value).collect())
    }
}
}

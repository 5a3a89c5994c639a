//! Reading a container's config: the properties that conditions evaluate, and the offsets at which
//! hooks are inserted (docs/spec.md, section 6).
//!
//! One pass over the JSON, borrowing from it. Members that are not needed are only checked to be
//! JSON.

use std::borrow::Cow;
use std::ops::Range;

use super::form::form_of;
use super::view::{Annotations, Args, Container, Pairs, Process, bytes_of, read_pairs};
use crate::go::json::{JsonError, JsonErrorKind, JsonReader, Kind, Text, folds_to};
use crate::hook::Stage;
use crate::limits;
use crate::position::Position;
use crate::problem::{Cause, Error, ErrorKind, JsonForm, Result, check_limit};

/// A container's config, `config.json` of the OCI runtime specification, parsed once. It borrows
/// the JSON.
///
/// ```
/// use libhooks::Config;
///
/// let config = Config::parse(r#"{"process": {"args": ["/bin/sh"]}}"#)?;
/// let container = config.container();
/// # let _ = container;
/// # Ok::<(), libhooks::Error>(())
/// ```
#[derive(Debug)]
pub struct Config<'a> {
    pub(crate) text: &'a str,
    process: Process<'a>,
    args: Args<'a>,
    annotations: Pairs<'a>,
    bind_mounts: bool,
    /// Where a member can be added to the config.
    pub(crate) end: End,
    pub(crate) hooks: Hooks,
    /// The entries of `hooks.prestart`, which runtimes run with those of `createRuntime`.
    pub(crate) prestart: Vec<Range<usize>>,
}

/// The member `hooks`.
#[derive(Debug, Default)]
pub(crate) enum Hooks {
    #[default]
    Absent,
    /// `null`, at this range.
    Null(Range<usize>),
    Object {
        end: End,
        stages: [StageEntries; Stage::ALL.len()],
    },
}

/// The entries of a stage, in the order of [`Stage::ALL`].
#[derive(Debug, Clone, Default)]
pub(crate) enum StageEntries {
    #[default]
    Absent,
    Null(Range<usize>),
    Array {
        end: End,
        entries: Vec<Range<usize>>,
    },
}

/// Where the next member of an object or element of an array is inserted: after the last one, or
/// after the opening bracket.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct End {
    pub offset: usize,
    pub empty: bool,
}

type Read<T> = std::result::Result<T, JsonError>;

impl<'a> Config<'a> {
    /// Parses a config.
    ///
    /// # Errors
    /// [`ErrorKind::Json`](crate::ErrorKind::Json) if it is not a JSON object, if a value that is
    /// read has a wrong type, or if two readers could interpret it differently: a key that is read
    /// occurs twice, or a key differs from it only in case.
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if it is larger than
    /// [`limits::CONFIG`].
    pub fn parse(json: &'a str) -> Result<Config<'a>> {
        check_limit("bytes of the config", json.len(), limits::CONFIG)?;
        Config::read(json).map_err(|error| Error::in_json(error, json.as_bytes()).context("config"))
    }

    /// Checks that JSON is not something else that is often confused with a container's config: the
    /// output of `podman inspect`, `docker inspect` or `crictl inspect`, a container's state, or a
    /// hook file. [`Config::parse`] accepts most of them, because every member of a config is
    /// optional. Invalid JSON is no error here.
    ///
    /// ```
    /// use libhooks::{Code, Config};
    ///
    /// let state = r#"{"id": "a", "status": "created", "bundle": "/run/a"}"#;
    /// let error = Config::reject_other_json(state).unwrap_err();
    /// assert_eq!(error.code(), Code::NotAConfig);
    /// assert!(Config::reject_other_json("{}").is_ok());
    /// ```
    ///
    /// # Errors
    /// [`Code::NotAConfig`](crate::Code::NotAConfig) for such JSON. The message says what it is and
    /// where the config is.
    pub fn reject_other_json(json: &str) -> Result<()> {
        match form_of(json) {
            Some((form, offset)) if form != JsonForm::Config => {
                let position = Position::of(json.as_bytes(), offset);
                let cause = Cause::NotAConfig(form);
                Err(Error::new(ErrorKind::Json, cause).with_position(Some(position)))
            }
            _ => Ok(()),
        }
    }

    fn read(text: &'a str) -> Read<Config<'a>> {
        let mut config = Config {
            text,
            process: Process::Absent,
            args: Args::Unknown,
            annotations: Vec::new(),
            bind_mounts: false,
            end: End::default(),
            hooks: Hooks::Absent,
            prestart: Vec::new(),
        };
        let mut reader = JsonReader::of_str(text);
        match reader.peek()? {
            Kind::Object => {}
            found => return Err(JsonError::wrong_type(reader.offset(), "it", Kind::Object, found)),
        }
        let mut keys = Keys::new("", ["annotations", "hooks", "mounts", "process"]);
        config.end = members(&mut reader, &mut |reader, key| {
            match keys.find(&key)? {
                Some("annotations") => config.annotations = read_pairs(reader, "annotations")?,
                Some("hooks") => (config.hooks, config.prestart) = read_hooks(reader)?,
                Some("mounts") => config.bind_mounts = read_mounts(reader)?,
                Some("process") => {
                    (config.process, config.args) = read_process(reader, text)?;
                }
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        reader.end()?;
        Ok(config)
    }

    /// Returns the JSON that was parsed.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Returns the container that the config describes.
    pub fn container(&self) -> Container<'_> {
        let process = match &self.process {
            Process::Absent => Process::Absent,
            Process::NoArgs => Process::NoArgs,
            Process::Command(command) => Process::Command(Cow::Borrowed(command)),
        };
        let annotations = self.annotations.iter().map(|(key, value)| (key, value));
        let container = Container::from_parts(process, annotations, self.bind_mounts);
        Container { args: self.args, ..container }
    }

    /// Returns a copy of the annotations. To change those of a container, change the copy and pass
    /// it to [`Container::annotations`].
    pub fn annotations(&self) -> Annotations {
        self.annotations.iter().map(|(key, value)| (&**key, &**value)).collect()
    }
}

/// Returns whether a mount of this type, or with this option, is a bind mount.
pub(crate) fn is_bind(type_or_option: &str, is_option: bool) -> bool {
    type_or_option == "bind" || is_option && type_or_option == "rbind"
}

/// The keys that are read from an object.
struct Keys<const N: usize> {
    object: &'static str,
    names: [&'static str; N],
    seen: [bool; N],
}

impl<const N: usize> Keys<N> {
    fn new(object: &'static str, names: [&'static str; N]) -> Keys<N> {
        Keys { object, names, seen: [false; N] }
    }

    fn find(&mut self, key: &Text<'_>) -> Read<Option<&'static str>> {
        for (name, seen) in self.names.iter().zip(&mut self.seen) {
            if key.value == *name {
                if std::mem::replace(seen, true) {
                    return Err(JsonError::duplicate(key, self.object));
                }
                return Ok(Some(name));
            }
            if folds_to(&key.value, name) {
                let kind = JsonErrorKind::Folded { key: (*key.value).into(), name };
                return Err(JsonError { kind, offset: key.offset });
            }
        }
        Ok(None)
    }
}

/// Reads an object's members, and returns where the next member would be inserted.
fn members<'a>(
    reader: &mut JsonReader<'a>,
    member: &mut dyn FnMut(&mut JsonReader<'a>, Text<'a>) -> Read<()>,
) -> Read<End> {
    reader.peek()?;
    let mut end = End { offset: reader.offset() + 1, empty: true };
    reader.object(|reader, key| {
        member(reader, key)?;
        end = End { offset: reader.offset(), empty: false };
        Ok::<(), JsonError>(())
    })?;
    Ok(end)
}

impl Container<'_> {
    /// Returns the words of `process.args`, up to `most` of them.
    pub(crate) fn words(&self, most: usize) -> Vec<String> {
        match self.args {
            Args::Unknown => Vec::new(),
            Args::Json(array) => {
                let mut words = Vec::new();
                // The array was already read once, so this succeeds.
                let _ = strings(&mut JsonReader::of_str(array), "process.args", |_, word| {
                    if words.len() < most {
                        words.push(word.into_owned());
                    }
                });
                words
            }
            #[cfg(feature = "oci-spec")]
            Args::Strings(words) => words.iter().take(most).cloned().collect(),
        }
    }
}

/// Reads `process` of the config with this JSON.
fn read_process<'a>(reader: &mut JsonReader<'a>, text: &'a str) -> Read<(Process<'a>, Args<'a>)> {
    if !reader.given(Kind::Object, &"process")? {
        return Ok((Process::Absent, Args::Unknown));
    }
    let (mut process, mut args) = (Process::NoArgs, Args::Unknown);
    let mut keys = Keys::new("process", ["args"]);
    members(reader, &mut |reader, key| {
        match keys.find(&key)? {
            Some(_) => {
                reader.peek()?;
                let start = reader.offset();
                strings(reader, "process.args", |index, text| {
                    if index == 0 {
                        process = Process::Command(bytes_of(text));
                    }
                })?;
                args = text.get(start..reader.offset()).map_or(Args::Unknown, Args::Json);
            }
            None => reader.skip()?,
        }
        Ok(())
    })?;
    Ok((process, args))
}

/// Reads `mounts`, and returns whether one of them is a bind mount.
fn read_mounts(reader: &mut JsonReader<'_>) -> Read<bool> {
    let mut bind = false;
    if !reader.given(Kind::Array, &"mounts")? {
        return Ok(bind);
    }
    reader.array(|reader| {
        if !reader.given(Kind::Object, &"an entry of mounts")? {
            return Ok(());
        }
        let mut keys = Keys::new("mounts", ["options", "type"]);
        members(reader, &mut |reader, key| {
            match keys.find(&key)? {
                Some("options") => {
                    strings(reader, "mounts.options", |_, option| {
                        bind |= matches!(&*option, "bind" | "rbind")
                    })?;
                }
                Some(_) => {
                    if reader.given(Kind::String, &"mounts.type")? {
                        bind |= is_bind(&reader.string()?.value, false);
                    }
                }
                None => reader.skip()?,
            }
            Ok(())
        })?;
        Ok::<(), JsonError>(())
    })?;
    Ok(bind)
}

/// Reads an array of strings. `null` counts as an empty array, and an element that is `null` as "".
fn strings<'a>(
    reader: &mut JsonReader<'a>,
    name: &str,
    mut element: impl FnMut(usize, Cow<'a, str>),
) -> Read<()> {
    let mut index = 0;
    if !reader.given(Kind::Array, &name)? {
        return Ok(());
    }
    reader.array(|reader| {
        let given = reader.given(Kind::String, &format_args!("{name}[{index}]"))?;
        element(index, if given { reader.string()?.value } else { Cow::Borrowed("") });
        index += 1;
        Ok(())
    })
}

/// Reads `hooks`, and returns it with the entries of `prestart`.
fn read_hooks(reader: &mut JsonReader<'_>) -> Read<(Hooks, Vec<Range<usize>>)> {
    reader.peek()?;
    let start = reader.offset();
    if !reader.given(Kind::Object, &"hooks")? {
        return Ok((Hooks::Null(start..reader.offset()), Vec::new()));
    }
    let mut stages: [StageEntries; Stage::ALL.len()] = Default::default();
    let mut prestart = Vec::new();
    let names: [&str; 6] =
        ["createContainer", "createRuntime", "poststart", "poststop", "startContainer", "prestart"];
    let mut keys = Keys::new("hooks", names);
    let end = members(reader, &mut |reader, key| {
        match keys.find(&key)? {
            Some(name) => {
                let entries = read_entries(reader, name)?;
                // `prestart` is deprecated: its entries stay, and no entries are added to it.
                let slot = Stage::ALL.iter().position(|stage| stage.as_str() == name);
                if let Some(slot) = slot.and_then(|index| stages.get_mut(index)) {
                    *slot = entries;
                } else if let StageEntries::Array { entries, .. } = entries {
                    prestart = entries;
                }
            }
            None => reader.skip()?,
        }
        Ok(())
    })?;
    Ok((Hooks::Object { end, stages }, prestart))
}

fn read_entries(reader: &mut JsonReader<'_>, name: &str) -> Read<StageEntries> {
    reader.peek()?;
    let start = reader.offset();
    if !reader.given(Kind::Array, &format_args!("hooks.{name}"))? {
        return Ok(StageEntries::Null(start..reader.offset()));
    }
    let mut entries = Vec::new();
    reader.array(|reader| {
        reader.peek()?;
        let start = reader.offset();
        reader.skip()?;
        entries.push(start..reader.offset());
        Ok::<(), JsonError>(())
    })?;
    let end = match entries.last() {
        Some(last) => End { offset: last.end, empty: false },
        None => End { offset: start + 1, empty: true },
    };
    Ok(StageEntries::Array { end, entries })
}

//! Recognises JSON that is confused with a container's config or state, by its keys.

use std::borrow::Cow;

use crate::go::json::{JsonError, JsonReader, Kind, Text};
use crate::problem::{Cause, Error, ErrorKind, JsonForm, NotAState, Result};

type Read<T> = std::result::Result<T, JsonError>;

/// The keys at the top level of a config that no other form has.
const OF_CONFIG: [&str; 11] = [
    "process",
    "root",
    "mounts",
    "hooks",
    "hostname",
    "domainname",
    "linux",
    "solaris",
    "windows",
    "vm",
    "zos",
];

/// The members that a state must have. They are strings.
const OF_STATE: [&str; 3] = ["ociVersion", "id", "status"];

/// Returns the form of a JSON text, and the offset of what shows it. `None` if no form is
/// recognised, as for `{}`, or if the text is not JSON.
pub(crate) fn form_of(text: &str) -> Option<(JsonForm, usize)> {
    read(&mut JsonReader::of_str(text)).ok()?.form()
}

/// Checks that this is the JSON of a container's state: an object with `ociVersion`, `id` and
/// `status`, which are strings.
///
/// # Errors
/// [`Code::NotAState`](crate::Code::NotAState) if it is not; the message says what it is.
pub fn check_state(state: &[u8]) -> Result<()> {
    let reject = |reason| Err(Error::new(ErrorKind::Json, Cause::NotAState(reason)));
    if state.trim_ascii().is_empty() {
        return reject(NotAState::Empty);
    }
    let read = match read(&mut JsonReader::new(state)) {
        Ok(read) => read,
        Err(_) => return reject(NotAState::Text),
    };
    let Value::Object(members) = &read.value else {
        return match read.form() {
            Some((form @ JsonForm::Inspect { .. }, _)) => reject(NotAState::Form(form)),
            _ => reject(NotAState::Value(read.kind)),
        };
    };
    match OF_STATE.into_iter().find(|name| members.text(name).is_none()) {
        None => Ok(()),
        Some(missing) => match read.form() {
            Some((JsonForm::State { .. }, _)) | None => reject(NotAState::Lacks(missing)),
            Some((form, _)) => reject(NotAState::Form(form)),
        },
    }
}

/// The members of a config without which no runtime starts a container.
const OF_RUNTIMES: [&str; 3] = ["ociVersion", "process", "root"];

/// Returns which of [`OF_RUNTIMES`] a config has, other than as `null`.
pub(crate) fn top_level(config: &str) -> Vec<&'static str> {
    let members = Members::read(&mut JsonReader::of_str(config)).unwrap_or_default();
    OF_RUNTIMES.into_iter().filter(|name| members.find(name).is_some()).collect()
}

/// A JSON text, as far as its form depends on it.
struct Content<'a> {
    kind: Kind,
    offset: usize,
    value: Value<'a>,
}

enum Value<'a> {
    Object(Members<'a>),
    /// The first element, if it is an object.
    Array(Option<Members<'a>>),
    Other,
}

fn read<'a>(reader: &mut JsonReader<'a>) -> Read<Content<'a>> {
    let kind = reader.peek()?;
    let offset = reader.offset();
    let value = match kind {
        Kind::Object => Value::Object(Members::read(reader)?),
        Kind::Array => {
            let (mut first, mut is_first) = (None, true);
            reader.array(|reader| {
                let is_object = reader.peek()? == Kind::Object;
                if std::mem::replace(&mut is_first, false) && is_object {
                    first = Some(Members::read(reader)?);
                } else {
                    reader.skip()?;
                }
                Ok::<(), JsonError>(())
            })?;
            Value::Array(first)
        }
        _ => {
            reader.skip()?;
            Value::Other
        }
    };
    reader.end()?;
    Ok(Content { kind, offset, value })
}

impl Content<'_> {
    fn form(&self) -> Option<(JsonForm, usize)> {
        match &self.value {
            Value::Object(members) => members.form(),
            Value::Array(first) => {
                let inspected = first.as_ref().and_then(Members::inspected);
                Some((inspected.map_or(JsonForm::Array, |(form, _)| form), self.offset))
            }
            Value::Other => None,
        }
    }
}

/// The members of an object that decide its form.
#[derive(Default)]
struct Members<'a>(Vec<Member<'a>>);

struct Member<'a> {
    key: Cow<'a, str>,
    offset: usize,
    kind: Kind,
    /// The value, if it is a string.
    text: Option<Cow<'a, str>>,
}

impl<'a> Members<'a> {
    /// Reads an object. The members of `info` are read too, under their names with `info.` before.
    fn read(reader: &mut JsonReader<'a>) -> Read<Members<'a>> {
        let mut members = Members::default();
        reader.object(|reader, key| {
            if key.value == "info" && reader.peek()? == Kind::Object {
                reader.object(|reader, inner| {
                    let value = Cow::Owned(format!("info.{}", inner.value));
                    members.add(reader, Text { value, ..inner })
                })
            } else {
                members.add(reader, key)
            }
        })?;
        Ok(members)
    }

    fn add(&mut self, reader: &mut JsonReader<'a>, key: Text<'a>) -> Read<()> {
        const KNOWN: [&str; 11] = [
            "ociVersion",
            "id",
            "status",
            "bundle",
            "info.runtimeSpec",
            "Id",
            "Config",
            "OCIConfigPath",
            "hook",
            "stages",
            "stage",
        ];
        let is_known = |names: &[&str]| names.contains(&&*key.value);
        let kind = reader.peek()?;
        if kind == Kind::Null || !(is_known(&KNOWN) || is_known(&OF_CONFIG)) {
            reader.skip()?;
            return Ok(());
        }
        let text = if kind == Kind::String {
            Some(reader.string()?.value)
        } else {
            reader.skip()?;
            None
        };
        self.0.push(Member { key: key.value, offset: key.offset, kind, text });
        Ok(())
    }

    fn find(&self, name: &str) -> Option<&Member<'a>> {
        self.0.iter().find(|member| member.key == name)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.find(name)?.text.as_deref()
    }

    /// Returns the form, and the offset of the first key that shows it.
    fn form(&self) -> Option<(JsonForm, usize)> {
        if let Some(member) = OF_CONFIG.iter().find_map(|name| self.find(name)) {
            return Some((JsonForm::Config, member.offset));
        }
        if let Some(spec) = self.find("info.runtimeSpec").filter(|spec| spec.kind == Kind::Object) {
            return Some((JsonForm::CriInspect, spec.offset));
        }
        if let (Some(status), Some(bundle)) = (self.find("status"), self.text("bundle")) {
            if status.kind == Kind::String {
                let bundle = bundle.trim_end_matches('/').into();
                return Some((JsonForm::State { bundle }, status.offset));
            }
        }
        self.inspected().or_else(|| {
            let is_config = self.find("ociVersion").is_some();
            let hook = ["hook", "stages", "stage"].iter().find_map(|name| self.find(name));
            hook.filter(|_| !is_config).map(|hook| (JsonForm::HookFile, hook.offset))
        })
    }

    /// Returns the form of one element of the output of `podman inspect` or `docker inspect`.
    fn inspected(&self) -> Option<(JsonForm, usize)> {
        let id = self.find("Id").filter(|id| id.kind == Kind::String)?;
        self.find("Config").filter(|config| config.kind == Kind::Object)?;
        let config = self.text("OCIConfigPath").filter(|path| !path.is_empty());
        Some((JsonForm::Inspect { config: config.map(Into::into) }, id.offset))
    }
}

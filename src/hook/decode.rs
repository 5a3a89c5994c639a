//! Decoding a hook file: selects the reader for its version.

use std::borrow::Cow;

use super::custom_reader::{Reader, Reading};
use super::decoded::{DecodeError, Decoded, Notes, Result, Wanted};
use super::definition::{Hook, OciHook, VERSION, When};
use super::fields::{object, string};
use super::{v0_1_0, v1_0_0};
use crate::go::json::{self, Kind, folds_to};
use crate::go::quote;
use crate::limits;
use crate::position::Position;
use crate::problem::{Cause, Error, check_limit};

/// Decodes a file of either version, or of a version that the caller's reader reads (docs/spec.md,
/// section 3). Returns `None` if that reader returns a nil hook. The error message lacks the path.
pub(crate) fn decode<'a>(
    text: &'a [u8],
    reader: Option<&Reader>,
    wanted: Wanted,
) -> Result<Option<Decoded<'a>>> {
    // Most files are valid and of version 1.0.0: one pass is enough for them.
    if reader.is_none() {
        match v1_0_0::decode_hook(text, Notes::new(wanted)) {
            Ok(decoded) if decoded.hook.version == VERSION => {
                return Ok(Some(Decoded { version: VERSION.into(), ..decoded }));
            }
            _ => {}
        }
    }
    decode_in_steps(text, reader, Notes::new(wanted))
}

/// Decodes a file again that was decoded without a reader, with or without success. Returns an
/// empty result if that fails.
pub(crate) fn decode_again(text: &[u8], wanted: Wanted) -> Decoded<'_> {
    decode(text, None, wanted).ok().flatten().unwrap_or_default()
}

/// Decodes in the order of Go: first the syntax, then the version, then the rest.
fn decode_in_steps<'a>(
    text: &'a [u8],
    reader: Option<&Reader>,
    notes: Notes,
) -> Result<Option<Decoded<'a>>> {
    let version = version_of(text).map_err(|error| error.in_step("version check"))?;
    let reading = reader.map_or(Reading::Default, |reader| reader(&version.value, text));
    let decoded = match reading {
        Reading::Default => match &*version.value {
            "1.0.0" => v1_0_0::decode_hook(text, notes).map(Some),
            "0.1.0" | "" => v0_1_0::decode_hook(text, notes).map(Some),
            _ => return Err(version.unrecognized()),
        },
        Reading::Unrecognized => return Err(version.unrecognized()),
        Reading::Hook(hook) => Ok(hook.map(|hook| Decoded {
            hook: (*hook).into(),
            by_reader: true,
            ..Decoded::default()
        })),
        Reading::Failed(message) => Err(DecodeError::new(Cause::Reader(message.into()), None)),
    };
    match decoded {
        Ok(decoded) => Ok(decoded.map(|decoded| Decoded { version: version.value, ..decoded })),
        Err(error) => Err(error.in_step(&version.value)),
    }
}

impl Hook {
    /// Decodes the content of a hook file without validating it. `version` is the version to decode
    /// it as, `1.0.0` or `0.1.0`, whatever the content says. If `version` is `None`, the version in
    /// the content is used. Decoding `null` as 1.0.0 returns `None`.
    ///
    /// # Errors
    /// [`ErrorKind::Json`](crate::ErrorKind::Json) if it is not a hook of that version;
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) for another `version`.
    pub fn decode(
        content: &[u8],
        version: Option<&str>,
    ) -> std::result::Result<Option<Hook>, Error> {
        check_limit("bytes of the hook", content.len(), limits::HOOK_FILE)?;
        let decoded = match version {
            None => decode(content, None, Wanted::Hook),
            Some("1.0.0") => decode_1_0_0(content, Notes::default()),
            Some("0.1.0") => check(content)
                .and_then(|()| v0_1_0::decode_hook(content, Notes::default()))
                .map(Some),
            Some(other) => {
                return Err(Error::invalid_argument(format!(
                    "version is {}",
                    quote(other.as_bytes())
                )));
            }
        };
        let decoded = decoded.map_err(|error| error.in_argument(content))?;
        Ok(decoded.map(|decoded| decoded.hook.into()))
    }

    /// Returns the unknown keys of a hook file with their positions, at most the first 100. A
    /// decoded [`Hook`] does not contain their values.
    pub fn unknown_keys(content: &[u8]) -> Vec<(String, Position)> {
        let unknown = decode_again(content, Wanted::Notes).notes.unknown.into_iter();
        unknown.map(|unknown| (unknown.key, Position::of(content, unknown.offset))).collect()
    }

    /// Reads the output of [`Hook::to_json`], `or` included, without validating it. `null` becomes
    /// `None`.
    ///
    /// # Errors
    /// [`ErrorKind::Json`](crate::ErrorKind::Json) if it is not a hook as JSON.
    pub fn from_json(json: &str) -> std::result::Result<Option<Hook>, Error> {
        let content = json.as_bytes();
        check_limit("bytes of the hook", content.len(), limits::HOOK_FILE)?;
        let decoded = check(content).and_then(|()| v1_0_0::decode_own_hook(content));
        let decoded = decoded.map_err(|error| error.in_argument(content))?;
        Ok((!is_null(content)).then(|| decoded.hook.into()))
    }
}

impl When {
    /// Reads conditions, `when` of a hook of version 1.0.0, without validating them. With
    /// `"or": true` in `when`, one condition that holds is enough.
    ///
    /// # Errors
    /// [`ErrorKind::Json`](crate::ErrorKind::Json) if it is not `when` as JSON.
    pub fn from_json(json: &str) -> std::result::Result<When, Error> {
        let content = json.as_bytes();
        check_limit("bytes of the conditions", content.len(), limits::HOOK_FILE)?;
        let when = v1_0_0::decode_when(content)
            .map_err(|error| error.in_argument(content).context("when"))?;
        Ok(when.into())
    }
}

impl OciHook {
    /// Reads one entry of `config.hooks` or an array of entries, as Go does. `null` is an empty
    /// list.
    ///
    /// # Errors
    /// [`ErrorKind::Json`](crate::ErrorKind::Json) if it is neither.
    pub fn list_from_json(json: &str) -> std::result::Result<Vec<OciHook>, Error> {
        let content = json.as_bytes();
        check_limit("bytes of the hooks", content.len(), limits::CONFIG)?;
        v1_0_0::decode_entries(content).map_err(|error| error.in_argument(content))
    }
}

/// Decodes a hook of version 1.0.0, whatever its `version`. Returns `None` for `null`.
pub(crate) fn decode_1_0_0(text: &[u8], notes: Notes) -> Result<Option<Decoded<'_>>> {
    check(text)?;
    let decoded = v1_0_0::decode_hook(text, notes)?;
    Ok((!is_null(text)).then_some(decoded))
}

/// Returns whether the text is `null`, which decodes into an empty hook.
fn is_null(text: &[u8]) -> bool {
    json::JsonReader::new(text).peek() == Ok(Kind::Null)
}

/// Checks the syntax of the whole text. As in Go, a syntax error is reported before a wrong type.
fn check(text: &[u8]) -> Result<()> {
    Ok(json::JsonReader::check(text)?)
}

#[derive(Default)]
struct Version<'a> {
    value: Cow<'a, str>,
    offset: Option<usize>,
}

impl Version<'_> {
    fn unrecognized(&self) -> DecodeError {
        DecodeError::new(Cause::UnrecognizedVersion { version: (*self.value).into() }, self.offset)
    }
}

/// Checks the syntax of the whole text, and reads its `version`.
fn version_of(text: &[u8]) -> Result<Version<'_>> {
    check(text)?;
    let mut version = Version::default();
    let mut reader = json::JsonReader::new(text);
    object(&mut reader, "a hook", &mut |reader, key| {
        if !folds_to(&key.value, "version") {
            return Ok(reader.skip()?);
        }
        version.offset = Some(key.offset);
        string(reader, &"version", &mut version.value)
    })?;
    Ok(version)
}

//! From JSON to a hook: which version a file has, and who reads it.

use super::decoded::{DecodeError, Decoded, Result};
use super::fields::{object, string};
use super::{quote, v0_1_0, v1_0_0};
use crate::diagnostic::Code;
use crate::json::{Reader, folds_to};

/// Decodes a file of either version (SPEC §3). The error's text lacks the path.
pub(crate) fn decode(text: &[u8]) -> Result<Decoded> {
    let version = version_of(text).map_err(|error| error.context("version check"))?;
    let decoded = match version.value.as_str() {
        "1.0.0" => v1_0_0::decode_hook(text),
        "0.1.0" | "" => v0_1_0::decode_hook(text),
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

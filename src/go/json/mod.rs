//! JSON as Go's `encoding/json` reads it, with positions (docs/spec.md, section 3).
//!
//! [`JsonReader`] reads one value after another from a text. It skips values without recursion, so
//! nesting costs no stack, and it reads each byte once. It borrows: values that the caller does not
//! read are not copied. serde_json writes the output.
//!
//! serde_json is not used for reading, because Go's reader merges duplicate keys, matches keys in
//! any case, replaces invalid UTF-8 and lone surrogates by U+FFFD, and allows a depth of 10,000.
//! Diagnostics also need the offset of each value.

use std::borrow::Cow;

use crate::terminal::escape_json;

mod error;
mod kind;
mod nesting;
mod read;
mod strings;
mod typed;

pub(crate) use error::{Expected, JsonError, JsonErrorKind, SyntaxError, SyntaxErrorKind};
pub(crate) use kind::Kind;
pub(crate) use read::JsonReader;
pub(crate) use strings::{Text, folds_to};

/// Returns JSON that callers may print: characters that a terminal would interpret are escaped.
pub(crate) fn to_string<T: serde::Serialize>(value: &T) -> String {
    let text = to_raw_string(value);
    match escape_json(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(escaped) => escaped,
    }
}

/// Returns JSON that becomes part of a config. Only the characters that JSON requires are escaped.
///
/// The values that this crate serialises have string keys and do not fail to serialise, so an error
/// is a bug in this crate.
pub(crate) fn to_raw_string<T: serde::Serialize>(value: &T) -> String {
    let mut out = Out(Vec::with_capacity(128));
    let written = serde_json::to_writer(&mut out, value).map_err(|error| error.to_string());
    let text = written.and_then(|()| String::from_utf8(out.0).map_err(|error| error.to_string()));
    text.unwrap_or_else(|error| format!("{{\"bug\":{error:?}}}"))
}

/// The output. Its methods are not inlined: those of `Vec` would be copied into the code for each
/// comma of each type.
struct Out(Vec<u8>);

impl std::io::Write for Out {
    #[inline(never)]
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    #[inline(never)]
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

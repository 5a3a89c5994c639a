//! JSON as Go's `encoding/json` reads it, with positions (docs/spec.md, section 3).
//!
//! [`JsonReader`] pulls one value after another out of a text. It never recurses into what it only
//! skips, so nesting costs no stack, and it goes over each byte once. It borrows: what the caller
//! does not ask for is not copied. Output is serde_json's.
//!
//! Why not serde_json for reading: duplicate keys that merge, keys that match in any case, invalid
//! UTF-8 and lone surrogates that become U+FFFD, a depth of 10,000, and the place of each value.

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

/// JSON that callers may print: what must not reach a terminal raw is escaped.
pub(crate) fn to_string<T: serde::Serialize>(value: &T) -> String {
    let text = to_raw_string(value);
    match escape_json(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(escaped) => escaped,
    }
}

/// JSON that becomes part of a config, which is not escaped more than JSON asks for.
///
/// The values that this crate serialises have string keys and no failing parts, so an error here is
/// a bug in it.
pub(crate) fn to_raw_string<T: serde::Serialize>(value: &T) -> String {
    let mut out = Out(Vec::with_capacity(128));
    let written = serde_json::to_writer(&mut out, value).map_err(|error| error.to_string());
    let text = written.and_then(|()| String::from_utf8(out.0).map_err(|error| error.to_string()));
    text.unwrap_or_else(|error| format!("{{\"bug\":{error:?}}}"))
}

/// Where output goes. A `Vec` would do, but for its code: it would be there once for each comma of
/// each type.
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

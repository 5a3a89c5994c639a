//! JSON as Go's `encoding/json` reads it, with positions (SPEC §3).
//!
//! [`Reader`] pulls one value after another out of a text. It never recurses into what it only skips, so nesting costs
//! no stack, and it goes over each byte once. It borrows: what the caller does not ask for is not copied. Output is
//! serde_json's.
//!
//! Why not serde_json for reading: duplicate keys that merge, keys that match in any case, invalid UTF-8 and lone
//! surrogates that become U+FFFD, a depth of 10,000, and the place of each value.

mod error;
mod read;
mod strings;

pub(crate) use error::{JsonError, SyntaxError};
pub(crate) use read::{Kind, Reader};
pub(crate) use strings::{Text, folds_to, text_of};

/// Output: what this crate serialises has string keys and no failing parts, so an error here is a bug in it.
pub(crate) fn to_string<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"bug\":{:?}}}", error.to_string()))
}

//! Paths in messages and in JSON, which are Unicode strings.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::ser::SerializeMap;

/// Writes a path as JSON: a string under `key`, with U+FFFD for each byte that is not UTF-8. If the
/// path has such bytes, all its bytes follow in hexadecimal digits under `key_hex`.
pub(crate) fn serialize_path<M: SerializeMap>(
    map: &mut M,
    key: &str,
    path: &Path,
) -> Result<(), M::Error> {
    let bytes = path.as_os_str().as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) => map.serialize_entry(key, text),
        Err(_) => {
            map.serialize_entry(key, &text_of(path.as_os_str()))?;
            let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            map.serialize_entry(&format!("{key}_hex"), &hex)
        }
    }
}

/// Returns a name as a string. Each byte that is not UTF-8 becomes one U+FFFD, as in Go.
pub(crate) fn text_of(name: &OsStr) -> String {
    crate::go::text_of_bytes(name.as_bytes()).into_owned()
}

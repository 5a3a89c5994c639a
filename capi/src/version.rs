//! Which version is loaded.

use std::ffi::{CStr, c_char};
use std::ptr;

use crate::boundary;

/// The version, from the one place that states it, as C has it. (One with a NUL would not compile.)
const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("the version holds a NUL"),
    };

/// A decimal number of the version, at compile time; too large a one does not compile.
const fn number(text: &str, max: u32) -> u32 {
    let (bytes, mut i, mut number) = (text.as_bytes(), 0, 0);
    while i < bytes.len() {
        number = number * 10 + (bytes[i] - b'0') as u32;
        i += 1;
    }
    assert!(number <= max);
    number
}

const VERSION_NUMBER: u32 = (number(env!("CARGO_PKG_VERSION_MAJOR"), 0xff) << 16)
    | (number(env!("CARGO_PKG_VERSION_MINOR"), 0xff) << 8)
    | number(env!("CARGO_PKG_VERSION_PATCH"), 0xff);

/// The version of the library that is loaded, such as "0.1.0"; HOOKS_VERSION is that of the header
/// compiled against.
///
/// @return a text that lives as long as the library is loaded
#[unsafe(no_mangle)]
pub extern "C" fn hooks_version() -> *const c_char {
    boundary::value("hooks_version", ptr::null(), || VERSION.as_ptr())
}

/// The version of the library that is loaded as one number, to be compared with
/// HOOKS_VERSION_NUMBER, made by HOOKS_MAKE_VERSION().
///
/// @return major * 65536 + minor * 256 + patch
#[unsafe(no_mangle)]
pub extern "C" fn hooks_version_number() -> u32 {
    boundary::value("hooks_version_number", 0, || VERSION_NUMBER)
}

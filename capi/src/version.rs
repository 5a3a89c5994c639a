//! The version of the library.

use std::ffi::{CStr, c_char};
use std::ptr;

use crate::boundary;

/// The version of the crate, as a C string. (A version with a NUL would not compile.)
const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("the version has a NUL"),
    };

/// Parses a decimal number of the version at compile time. A number above `max` does not compile.
const fn number(digits: &str, max: u32) -> u32 {
    let (bytes, mut i, mut number) = (digits.as_bytes(), 0, 0);
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

/// Returns the version of the loaded library, such as "0.1.0". HOOKS_VERSION is the version of the
/// header that the program was compiled with.
///
/// @return a string that is valid as long as the library is loaded
#[unsafe(no_mangle)]
pub extern "C" fn hooks_version() -> *const c_char {
    boundary::value("hooks_version", ptr::null(), || VERSION.as_ptr())
}

/// Returns the version of the loaded library as one number. Compare it with HOOKS_VERSION_NUMBER,
/// or with a number from HOOKS_MAKE_VERSION().
///
/// @return major * 65536 + minor * 256 + patch
#[unsafe(no_mangle)]
pub extern "C" fn hooks_version_number() -> u32 {
    boundary::value("hooks_version_number", 0, || VERSION_NUMBER)
}

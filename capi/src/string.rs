//! Strings that functions return.

use std::ffi::{CString, c_char};

use crate::boundary;
use crate::convert::{bytes, take_string};

/// Makes a string that a callback can hand to the library.
///
/// @param text the bytes of the string, which are copied
/// @return the string; NULL if text is NULL. Free it with hooks_string_free(), unless a callback
///         hands it to the library
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_string_new(text: *const c_char) -> *mut c_char {
    boundary::value("hooks_string_new", std::ptr::null_mut(), || {
        // SAFETY: the header asks for NULL or a string.
        unsafe { bytes(text, "text") }
            .map_or(std::ptr::null_mut(), |text| CString::new(text).unwrap_or_default().into_raw())
    })
}

/// Frees a string that a function of this library returned. Does nothing if s is NULL.
///
/// @param s the string, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_string_free(s: *mut c_char) {
    boundary::nothing("hooks_string_free", || {
        // SAFETY: the header asks for NULL or a string of ours that is not freed yet.
        drop(unsafe { take_string(s) });
    });
}

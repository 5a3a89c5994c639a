//! Strings that functions return.

use std::ffi::{CString, c_char};

use crate::boundary;
use crate::convert::{bytes, take_string};

/// Makes a string that a hooks_reader_fn can return to the library in *text_out.
///
/// @param text the bytes of the string, which end in NUL and are copied
/// @return the string; NULL if text is NULL, or after a bug in libhooks. The library frees it if a
///         hooks_reader_fn returns it; otherwise the caller frees it with hooks_string_free()
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_string_new(text: *const c_char) -> *mut c_char {
    boundary::value("hooks_string_new", std::ptr::null_mut(), || {
        // SAFETY: the header asks for NULL or a string.
        unsafe { bytes(text, "text") }
            .map_or(std::ptr::null_mut(), |text| CString::new(text).unwrap_or_default().into_raw())
    })
}

/// Frees a string that a function of this library made: a `char *`, not a `const char *`. Does
/// nothing if s is NULL.
///
/// @param s the string, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_string_free(s: *mut c_char) {
    boundary::nothing("hooks_string_free", || {
        // SAFETY: the header asks for NULL or a string of ours that is not freed yet.
        drop(unsafe { take_string(s) });
    });
}

//! Converts arguments and results: strings, paths, arrays, objects, numbers and outputs.

use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::fmt::Display;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use libhooks::{Annotations, Container, Error, Result};

fn null(name: &str) -> Error {
    Error::invalid_argument(format!("{name} is NULL"))
}

/// Returns the error for an argument that is not in its range, which `range` describes.
pub(crate) fn out_of_range(name: &str, range: &str, got: impl Display) -> Error {
    Error::invalid_argument(format!("{name} must be {range}, got {got}"))
}

/// Returns the object that a pointer points to. The pointer must not be NULL.
///
/// # Safety
/// `pointer` is NULL, or points to a `T` that no thread changes or frees during `'a`.
pub(crate) unsafe fn object<'a, T>(pointer: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: this function's contract is that of `as_ref`.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(name))
}

/// Returns the object that a pointer points to, for changing it. The pointer must not be NULL.
///
/// # Safety
/// `pointer` is NULL, or points to a `T` that no other thread uses during `'a`.
pub(crate) unsafe fn object_mut<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T> {
    // SAFETY: this function's contract is that of `as_mut`.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(name))
}

/// Returns the bytes before a NUL.
///
/// # Safety
/// `pointer` is NULL, or points to bytes that end in NUL and do not change during `'a`.
pub(crate) unsafe fn bytes<'a>(pointer: *const c_char, name: &str) -> Result<&'a [u8]> {
    if pointer.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, so by this function's contract bytes that end in NUL and do not change.
    Ok(unsafe { CStr::from_ptr(pointer) }.to_bytes())
}

/// Returns a string, which must be UTF-8. The pointer must not be NULL.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn string<'a>(pointer: *const c_char, name: &str) -> Result<&'a str> {
    // SAFETY: the same contract.
    let bytes = unsafe { bytes(pointer, name)? };
    std::str::from_utf8(bytes).map_err(|e| {
        let at = e.valid_up_to();
        Error::not_utf8(name, at)
    })
}

/// Returns a path, which may have any bytes. The pointer must not be NULL.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn path<'a>(pointer: *const c_char, name: &str) -> Result<&'a Path> {
    // SAFETY: the same contract.
    Ok(Path::new(OsStr::from_bytes(unsafe { bytes(pointer, name)? })))
}

/// The annotations and bind mounts from the caller, which replace those of the config.
pub(crate) struct Known {
    annotations: Option<Annotations>,
    has_bind_mounts: Option<bool>,
}

impl Known {
    /// Returns the container with the caller's annotations and bind mounts.
    pub(crate) fn of<'c>(&'c self, container: Container<'c>) -> Container<'c> {
        container.annotations(self.annotations.as_ref()).bind_mounts(self.has_bind_mounts)
    }
}

/// Converts the arguments `annotations_json` (NULL: those of the config) and `has_bind_mounts` (0,
/// 1 or [`DETECT`]).
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn known(
    annotations_json: *const c_char,
    has_bind_mounts: c_int,
) -> Result<Known> {
    let annotations = if annotations_json.is_null() {
        None
    } else {
        // SAFETY: the same contract.
        Some(Annotations::from_json(unsafe { string(annotations_json, "annotations_json")? })?)
    };
    let has_bind_mounts = match has_bind_mounts {
        DETECT => None,
        0 => Some(false),
        1 => Some(true),
        value => return Err(out_of_range("has_bind_mounts", "0, 1 or -1", value)),
    };
    Ok(Known { annotations, has_bind_mounts })
}

/// Converts each element of an array with `element`, which also gets its name (`dirs[3]`).
///
/// # Safety
/// `array` is NULL, or points to `len` pointers that do not change during the call.
unsafe fn array<T>(
    array: *const *const c_char,
    len: usize,
    name: &str,
    element: impl Fn(*const c_char, &str) -> Result<T>,
) -> Result<Vec<T>> {
    if len == 0 {
        return Ok(Vec::new());
    }
    if array.is_null() {
        return Err(Error::invalid_argument(format!("{name} is NULL, but {name}_len is {len}")));
    }
    // No object is larger than isize::MAX bytes. No memory is reserved for `len` elements in
    // advance: `len` may be wrong.
    if len > isize::MAX as usize / size_of::<*const c_char>() {
        return Err(Error::invalid_argument(format!("{name}_len is {len}, larger than any array")));
    }
    let mut elements = Vec::new();
    for i in 0..len {
        // SAFETY: `i` is less than `len`, so by this function's contract that element can be read.
        let pointer = unsafe { array.add(i).read() };
        elements.push(element(pointer, &format!("{name}[{i}]"))?);
    }
    Ok(elements)
}

/// Returns the strings of an array.
///
/// # Safety
/// `pointers` is NULL, or points to `len` pointers, each as for [`bytes`].
pub(crate) unsafe fn strings<'a>(
    pointers: *const *const c_char,
    len: usize,
    name: &str,
) -> Result<Vec<&'a str>> {
    // SAFETY: the same contract, which also holds for each element.
    unsafe { array(pointers, len, name, |pointer, name| string(pointer, name)) }
}

/// Returns the paths of an array.
///
/// # Safety
/// As [`strings`].
pub(crate) unsafe fn paths<'a>(
    pointers: *const *const c_char,
    len: usize,
    name: &str,
) -> Result<Vec<&'a Path>> {
    // SAFETY: the same contract, which also holds for each element.
    unsafe { array(pointers, len, name, |pointer, name| path(pointer, name)) }
}

/// `HOOKS_BIND_MOUNTS_DETECT`.
const DETECT: c_int = -1;

/// Converts 0 or 1.
pub(crate) fn switch(value: c_int, name: &str) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(out_of_range(name, "0 or 1", value)),
    }
}

/// Checks that an output is not NULL.
pub(crate) fn required<T>(out: *mut T, name: &str) -> Result<()> {
    if out.is_null() { Err(null(name)) } else { Ok(()) }
}

/// Writes an output that may be NULL.
///
/// # Safety
/// `out` is NULL, or points to memory for one `T`.
pub(crate) unsafe fn put<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: not NULL, so by this function's contract memory for one `T`.
        unsafe { out.write(value) };
    }
}

/// Writes a string output that may be NULL; in that case the string is not made.
///
/// # Safety
/// `out` is NULL, or points to memory for one pointer.
pub(crate) unsafe fn put_string(out: *mut *mut c_char, make: impl FnOnce() -> String) {
    if !out.is_null() {
        // SAFETY: the same contract.
        unsafe { put(out, c_string(make()).into_raw()) };
    }
}

/// Writes a new object to an output that may be NULL.
///
/// # Safety
/// `out` is NULL, or points to memory for one pointer.
pub(crate) unsafe fn put_object<T>(out: *mut *mut T, object: T) {
    if !out.is_null() {
        // SAFETY: the same contract.
        unsafe { put(out, Box::into_raw(Box::new(object))) };
    }
}

/// Frees an object that C owns.
///
/// # Safety
/// `pointer` is NULL, or points to a `T` that `Box::into_raw` returned, that is not freed yet, and
/// that no thread uses.
pub(crate) unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: by this function's contract `Box::into_raw` made it, and only this call frees it.
        drop(unsafe { Box::from_raw(pointer) });
    }
}

/// Returns a string for C. A NUL in it (a hook file can have `"a\u0000b"`, and an error can quote
/// it) would end the string early, so it becomes the two characters `\0`.
pub(crate) fn c_string(string: impl Into<String>) -> CString {
    CString::new(string.into()).unwrap_or_else(|e| {
        let escaped = String::from_utf8_lossy(&e.into_vec()).replace('\0', "\\0");
        // There is no NUL left, so the default (an empty string) is never used.
        CString::new(escaped).unwrap_or_default()
    })
}

/// Takes back a string that a function of this library returned.
///
/// # Safety
/// `pointer` is NULL, or points to such a string that is not freed yet and that no thread uses.
pub(crate) unsafe fn take_string(pointer: *mut c_char) -> Option<CString> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: by this function's contract `into_raw` returned it, and no other thread frees it.
    Some(unsafe { CString::from_raw(pointer) })
}

/// Returns `len` bytes. The pointer must not be NULL.
///
/// # Safety
/// `pointer` is NULL, or points to `len` bytes that do not change during `'a`.
pub(crate) unsafe fn sized_bytes<'a>(
    pointer: *const c_void,
    len: usize,
    name: &str,
) -> Result<&'a [u8]> {
    if pointer.is_null() {
        return Err(null(name));
    }
    if len > isize::MAX as usize {
        return Err(Error::invalid_argument(format!(
            "the length of {name} is {len}, larger than any object"
        )));
    }
    // SAFETY: not NULL and not too long, so by this function's contract `len` bytes that do not
    // change.
    Ok(unsafe { std::slice::from_raw_parts(pointer.cast(), len) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_does_not_end_a_string_early() {
        assert_eq!(c_string("a\0b\0").to_bytes(), b"a\\0b\\0");
        assert_eq!(c_string("").to_bytes(), b"");
        assert_eq!(c_string("aé").to_bytes(), "aé".as_bytes());
    }
}

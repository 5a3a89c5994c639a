//! What goes in and out: text, paths, arrays of them, objects, outputs, and the three-way switch.

use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use libhooks::{Annotations, Container, Error, Result};

fn null(name: &str) -> Error {
    Error::invalid_argument(format!("{name} is NULL"))
}

/// The object behind a pointer that must not be NULL.
///
/// # Safety
/// `pointer` is NULL, or points to a `T` that nobody changes or frees during `'a`.
pub(crate) unsafe fn object<'a, T>(pointer: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: this function's contract is that of `as_ref`.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(name))
}

/// The object behind a pointer that must not be NULL, to be changed.
///
/// # Safety
/// `pointer` is NULL, or points to a `T` that nobody else uses during `'a`.
pub(crate) unsafe fn object_mut<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T> {
    // SAFETY: this function's contract is that of `as_mut`.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(name))
}

/// Bytes that end in NUL, without it.
///
/// # Safety
/// `pointer` is NULL, or points to bytes that end in NUL and stay as they are during `'a`.
pub(crate) unsafe fn bytes<'a>(pointer: *const c_char, name: &str) -> Result<&'a [u8]> {
    if pointer.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, so by this function's contract it ends in NUL and stays.
    Ok(unsafe { CStr::from_ptr(pointer) }.to_bytes())
}

/// Text that must be there, and be UTF-8.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str> {
    // SAFETY: the same contract.
    let bytes = unsafe { bytes(pointer, name)? };
    std::str::from_utf8(bytes).map_err(|e| {
        let at = e.valid_up_to();
        Error::not_utf8(name, at)
    })
}

/// A path: any bytes.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn path<'a>(pointer: *const c_char, name: &str) -> Result<&'a Path> {
    // SAFETY: the same contract.
    Ok(Path::new(OsStr::from_bytes(unsafe { bytes(pointer, name)? })))
}

/// The annotations and bind mounts that the caller gives, which count in place of those of the
/// config.
pub(crate) struct Known {
    annotations: Option<Annotations>,
    has_bind_mounts: Option<bool>,
}

impl Known {
    /// The container with what the caller gives.
    pub(crate) fn of<'c>(&'c self, container: Container<'c>) -> Container<'c> {
        container.annotations(self.annotations.as_ref()).bind_mounts(self.has_bind_mounts)
    }
}

/// The arguments `annotations_json` (NULL: the config's own) and `has_bind_mounts` (0, 1, or
/// [`DETECT`]).
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
        Some(Annotations::from_json(unsafe { text(annotations_json, "annotations_json")? })?)
    };
    let has_bind_mounts = match has_bind_mounts {
        DETECT => None,
        value => Some(switch(value, "has_bind_mounts")?),
    };
    Ok(Known { annotations, has_bind_mounts })
}

/// An array, each element converted by `element`, which is told the element's name (`dirs[3]`).
///
/// # Safety
/// `array` is NULL, or points to `len` pointers that stay as they are during the call.
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
        return Err(Error::invalid_argument(format!("{name} is NULL, and its length is {len}")));
    }
    // No object is larger than isize::MAX bytes. Nor is memory reserved on the word of `len`.
    if len > isize::MAX as usize / size_of::<*const c_char>() {
        return Err(Error::invalid_argument(format!(
            "the length of {name}, {len}, is larger than any array"
        )));
    }
    let mut elements = Vec::new();
    for i in 0..len {
        // SAFETY: `i` is below `len`, so by this function's contract that element is there to be
        // read.
        let pointer = unsafe { array.add(i).read() };
        elements.push(element(pointer, &format!("{name}[{i}]"))?);
    }
    Ok(elements)
}

/// An array of texts.
///
/// # Safety
/// `pointers` is NULL, or points to `len` pointers, each as [`bytes`] has it.
pub(crate) unsafe fn texts<'a>(
    pointers: *const *const c_char,
    len: usize,
    name: &str,
) -> Result<Vec<&'a str>> {
    // SAFETY: the same contract, which also holds for each element.
    unsafe { array(pointers, len, name, |pointer, name| text(pointer, name)) }
}

/// An array of paths.
///
/// # Safety
/// As [`texts`].
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

/// 0 or 1.
pub(crate) fn switch(value: c_int, name: &str) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::invalid_argument(format!("{name} is {value}"))),
    }
}

/// That an output which a call is pointless without is there.
pub(crate) fn wanted<T>(out: *mut T, name: &str) -> Result<()> {
    if out.is_null() { Err(null(name)) } else { Ok(()) }
}

/// Writes an output, if it is wanted.
///
/// # Safety
/// `out` is NULL, or points to memory for one `T`.
pub(crate) unsafe fn put<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: not NULL, so by this function's contract memory for one `T`.
        unsafe { out.write(value) };
    }
}

/// Writes a text output, if it is wanted; it is not made for nothing.
///
/// # Safety
/// `out` is NULL, or points to memory for one pointer.
pub(crate) unsafe fn put_text(out: *mut *mut c_char, text: impl FnOnce() -> String) {
    if !out.is_null() {
        // SAFETY: the same contract.
        unsafe { put(out, c_string(text()).into_raw()) };
    }
}

/// Writes a new object, if it is wanted.
///
/// # Safety
/// `out` is NULL, or points to memory for one pointer.
pub(crate) unsafe fn put_object<T>(out: *mut *mut T, object: T) {
    if !out.is_null() {
        // SAFETY: the same contract.
        unsafe { put(out, Box::into_raw(Box::new(object))) };
    }
}

/// Frees an object that [`put_object`] handed out.
///
/// # Safety
/// `pointer` is NULL, or was handed out as a `T` and not freed since, and nobody uses it.
pub(crate) unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: by this function's contract `Box::into_raw` made it, and nobody else frees it.
        drop(unsafe { Box::from_raw(pointer) });
    }
}

/// The text for C. A NUL in it (a hook file can hold `"a\u0000b"`, and an error quote it) would cut
/// it short: it becomes the two characters `\0`.
pub(crate) fn c_string(text: impl Into<String>) -> CString {
    CString::new(text.into()).unwrap_or_else(|e| {
        let escaped = String::from_utf8_lossy(&e.into_vec()).replace('\0', "\\0");
        // There is no NUL left, so the default (an empty text) never happens.
        CString::new(escaped).unwrap_or_default()
    })
}

/// Takes back a string that `hooks_string_new` handed out.
///
/// # Safety
/// `pointer` is NULL, or was handed out as a string and not freed since, and nobody uses it.
pub(crate) unsafe fn take_string(pointer: *mut c_char) -> Option<CString> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: by this function's contract `into_raw` made it, and nobody else frees it.
    Some(unsafe { CString::from_raw(pointer) })
}

/// Bytes with a length.
///
/// # Safety
/// `pointer` is NULL, or points to `len` bytes that stay as they are during `'a`.
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
            "the length of {name}, {len}, is larger than any object"
        )));
    }
    // SAFETY: not NULL, not too long, so by this function's contract bytes that stay.
    Ok(unsafe { std::slice::from_raw_parts(pointer.cast(), len) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_does_not_cut_a_text_short() {
        assert_eq!(c_string("a\0b\0").to_bytes(), b"a\\0b\\0");
        assert_eq!(c_string("").to_bytes(), b"");
        assert_eq!(c_string("aé").to_bytes(), "aé".as_bytes());
    }
}

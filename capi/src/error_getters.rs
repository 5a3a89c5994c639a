//! The functions that read an error.

use std::ffi::{c_char, c_int};
use std::ptr;

use crate::error::{hooks_error_t, hooks_status};
use crate::{boundary, convert};

/// Returns the status of an error: the number that the failed call returned.
///
/// @param err the error, or NULL
/// @return an enum hooks_status; HOOKS_STATUS_OK if err is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_error_code(err: *const hooks_error_t) -> c_int {
    boundary::value("hooks_error_code", hooks_status::HOOKS_STATUS_PANIC as c_int, || {
        // SAFETY: the header asks for NULL or an error of ours that is not freed yet; errors never
        // change.
        unsafe { err.as_ref() }.map_or(hooks_status::HOOKS_STATUS_OK as c_int, |err| err.status)
    })
}

/// Returns the error number of the system call that failed, as in errno.h (ENOENT, EACCES, ...).
///
/// @param err the error, or NULL
/// @return the error number; 0 if no system call failed, or err is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_error_errno(err: *const hooks_error_t) -> c_int {
    boundary::value("hooks_error_errno", 0, || {
        // SAFETY: as for hooks_error_code.
        unsafe { err.as_ref() }.map_or(0, |err| err.os_error)
    })
}

/// Returns the error message, for people: one or more lines of UTF-8 without a trailing newline. A
/// NUL byte in the message is written as the two characters \0.
///
/// @param err the error, or NULL
/// @return the message, which belongs to the error; NULL if err is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_error_message(err: *const hooks_error_t) -> *const c_char {
    boundary::value("hooks_error_message", ptr::null(), || {
        // SAFETY: as for hooks_error_code.
        unsafe { err.as_ref() }.map_or(ptr::null(), |err| err.message.as_ptr())
    })
}

/// Returns the error as a JSON object, for programs (docs/json.md). Its members are:
///
///     kind         the status, in words such as "invalid-argument"
///     code         the kind of problem, such as "file-too-large"
///     cause        the kind of problem in more detail than code
///     message      as from hooks_error_message()
///     errno        as from hooks_error_errno()
///     system       if a system call failed: the "operation" that failed, and its "path"
///     where        the place: "path", "line", "column" and "hook", each only if it is known
///     diagnostics  if directories could not be loaded: all diagnostics of all directories; if a
///                  hook could not be started: why its program cannot run
///
/// @param err the error, or NULL
/// @return the JSON object, which belongs to the error; NULL if err is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_error_json(err: *const hooks_error_t) -> *const c_char {
    boundary::value("hooks_error_json", ptr::null(), || {
        // SAFETY: as for hooks_error_code.
        unsafe { err.as_ref() }.map_or(ptr::null(), |err| err.json.as_ptr())
    })
}

/// Frees an error and the strings that belong to it. Does nothing if err is NULL.
///
/// @param err the error, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_error_free(err: *mut hooks_error_t) {
    boundary::nothing("hooks_error_free", || {
        // SAFETY: the header asks for NULL or an error of ours that is not freed yet.
        unsafe { convert::free(err) }
    });
}

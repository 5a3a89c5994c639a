//! The entry of each function. A panic stops here: it becomes an error, and stderr stays empty.

use std::cell::Cell;
use std::ffi::c_int;
use std::panic::{self, AssertUnwindSafe};

use libhooks::{Error, Result};

use crate::error::{hooks_error_t, hooks_status, status_of};

thread_local! {
    /// How many entries this thread is inside: a log callback may call the library again. It has no
    /// destructor and a constant start value, so it can be read while the thread ends, and Rust
    /// needs no setup for it.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Runs when the library is loaded, before a program can call it. So calls need no setup: no lock
/// and no once-cell that the child of a fork could wait for.
///
/// The panic hook belongs to the library's own copy of `std`. A Rust program that loads the library
/// has its own panic hook, and keeps it.
#[used]
// SAFETY: the loader calls the entries of this section as C functions, and `silence` is one. The
// caller cleans up the arguments that glibc passes (argc, argv, envp), so a function without
// parameters may ignore them.
#[unsafe(link_section = ".init_array")]
static INSTALL: extern "C" fn() = silence;

extern "C" fn silence() {
    let outside = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        // The error reports a caught panic, not a message and a backtrace on the program's stderr.
        if DEPTH.get() == 0 {
            outside(info);
        }
    }));
}

/// Runs `body` as the entry called `name`; returns the message of a panic in it as an error.
fn guard<T>(name: &'static str, body: impl FnOnce() -> T) -> std::result::Result<T, String> {
    let mut body = Some(body);
    let mut result = None;
    let panicked = catch(name, &mut || result = body.take().map(|body| body()));
    match (result, panicked) {
        (Some(result), None) => Ok(result),
        (_, panicked) => Err(panicked.unwrap_or_default()),
    }
}

/// Runs `body`, and returns the message of a panic in it. It is not generic: the copies in all
/// entries would be a tenth of the library.
///
/// `AssertUnwindSafe`: after a panic the header allows the caller only to free its objects, and
/// freeing reads nothing that an unfinished call may have left inconsistent.
#[inline(never)]
fn catch(name: &'static str, body: &mut dyn FnMut()) -> Option<String> {
    DEPTH.set(DEPTH.get().saturating_add(1));
    let result = panic::catch_unwind(AssertUnwindSafe(|| {
        planted(name);
        body();
    }));
    DEPTH.set(DEPTH.get().saturating_sub(1));
    let payload = result.err()?;
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Some(format!("panic in {name}, a bug in libhooks: {message}"))
}

/// Runs an entry that returns a status and writes an error to `err`.
///
/// # Safety
/// `err` is NULL, or points to memory for one pointer.
pub(crate) unsafe fn status(
    name: &'static str,
    err: *mut *mut hooks_error_t,
    body: impl FnOnce() -> Result<()>,
) -> c_int {
    match guard(name, body) {
        Ok(Ok(())) => hooks_status::HOOKS_STATUS_OK as c_int,
        // SAFETY: the same contract.
        Ok(Err(error)) => unsafe { fail(err, error) },
        // SAFETY: the same contract.
        Err(message) => unsafe { fail(err, Error::panic(&message)) },
    }
}

/// Writes an error to `err`, and returns its status.
///
/// # Safety
/// As [`status`].
#[inline(never)]
unsafe fn fail(err: *mut *mut hooks_error_t, error: Error) -> c_int {
    let status = status_of(error.kind());
    // The library also makes the caller's error and drops its own inside the boundary: both could
    // panic.
    let made = guard(MAKING_AN_ERROR, move || {
        (!err.is_null()).then(|| Box::new(hooks_error_t::new(&error)))
    });
    let (status, made) = match made {
        Ok(None) => return status,
        Ok(Some(made)) => (status, made),
        Err(_) if err.is_null() => return status,
        Err(_) => (hooks_status::HOOKS_STATUS_PANIC as c_int, Box::new(hooks_error_t::of_panic())),
    };
    // SAFETY: not NULL, so by this function's contract memory for one pointer.
    unsafe { err.write(Box::into_raw(made)) };
    status
}

/// The name in `HOOKS_PANIC_IN` for the step after an entry has failed.
const MAKING_AN_ERROR: &str = "making an error";

/// Runs an entry that returns a status only.
pub(crate) fn code(name: &'static str, body: impl FnOnce() -> Result<()>) -> c_int {
    // SAFETY: NULL is allowed.
    unsafe { status(name, std::ptr::null_mut(), body) }
}

/// Runs an entry that returns a value; returns `fallback` after a panic.
pub(crate) fn value<T>(name: &'static str, fallback: T, body: impl FnOnce() -> T) -> T {
    guard(name, body).unwrap_or(fallback)
}

/// Runs an entry that returns nothing.
pub(crate) fn nothing(name: &'static str, body: impl FnOnce()) {
    value(name, (), body);
}

/// Panics in the entry that `HOOKS_PANIC_IN` names, for `tests/c/panic.c`.
#[cfg(feature = "planted-panic")]
fn planted(name: &str) {
    assert!(std::env::var_os("HOOKS_PANIC_IN").is_none_or(|planted| planted != name), "planted");
}

#[cfg(not(feature = "planted-panic"))]
fn planted(_name: &str) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_stops_at_the_boundary() {
        let mut err = std::ptr::null_mut();
        // SAFETY: `err` is memory for one pointer.
        let status = unsafe { status("f", &mut err, || panic!("oh {}", "no")) };
        assert_eq!(status, -11);
        // SAFETY: `status` wrote it, and made it with `Box::into_raw`.
        let err = unsafe { Box::from_raw(err) };
        assert_eq!(err.message.to_str(), Ok("panic in f, a bug in libhooks: oh no"));
        assert_eq!(value("f", 7, || panic!("oh")), 7);
        assert_eq!(DEPTH.get(), 0);
    }
}

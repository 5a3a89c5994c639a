//! The one way into the library: a panic ends here, as an error and without a word on stderr.

use std::cell::Cell;
use std::ffi::c_int;
use std::panic::{self, AssertUnwindSafe};

use libhooks::{Error, Result};

use crate::error::{hooks_error_t, hooks_status, status_of};

thread_local! {
    /// How many entries this thread is inside of: a log callback may call us again. Without a destructor and constant
    /// at the start, so that it can be read while the thread ends, and Rust sets up nothing for it.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Runs when the library is loaded, before anything can call it. On the calling path there is then
/// nothing to set up: no lock, no once-cell that the child of a fork might wait for.
///
/// The panic hook is that of our own copy of `std`; a Rust program that loads this library has its
/// own, and keeps it.
#[used]
// SAFETY: the loader calls what this section holds as functions of C, and `silence` is one; the
// arguments that glibc passes (argc, argv, envp) are the caller's to clean up, so a function that
// takes none may ignore them.
#[unsafe(link_section = ".init_array")]
static INSTALL: extern "C" fn() = silence;

extern "C" fn silence() {
    let outside = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        // A caught panic is reported by its error, not by message and backtrace on the host's
        // stderr.
        if DEPTH.get() == 0 {
            outside(info);
        }
    }));
}

/// Runs `body` as the entry called `name`; a panic in it comes back as its text.
fn guard<T>(name: &'static str, body: impl FnOnce() -> T) -> std::result::Result<T, String> {
    let mut body = Some(body);
    let mut result = None;
    let panicked = catch(name, &mut || result = body.take().map(|body| body()));
    match (result, panicked) {
        (Some(result), None) => Ok(result),
        (_, panicked) => Err(panicked.unwrap_or_default()),
    }
}

/// Runs `body`, and returns the text of a panic in it. It is not generic: a copy in each entry
/// would be a tenth of the library.
///
/// `AssertUnwindSafe`: after a panic the caller is told to do no more than free what it holds, and
/// freeing looks at nothing that a half-done call may have left inconsistent.
#[inline(never)]
fn catch(name: &'static str, body: &mut dyn FnMut()) -> Option<String> {
    DEPTH.set(DEPTH.get().saturating_add(1));
    let result = panic::catch_unwind(AssertUnwindSafe(|| {
        planted(name);
        body();
    }));
    DEPTH.set(DEPTH.get().saturating_sub(1));
    let payload = result.err()?;
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text");
    Some(format!("panic in {name}, a bug in libhooks: {text}"))
}

/// An entry that returns a status and says more in `err`.
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
        Err(text) => unsafe { fail(err, Error::panic(&text)) },
    }
}

/// The status of an error, which becomes the caller's.
///
/// # Safety
/// As [`status`].
#[inline(never)]
unsafe fn fail(err: *mut *mut hooks_error_t, error: Error) -> c_int {
    let status = status_of(error.kind());
    // To make the caller's error, and to drop ours, is work of the library's too: it stays inside
    // the boundary.
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

/// What `HOOKS_PANIC_IN` calls the step after an entry has failed.
const MAKING_AN_ERROR: &str = "making an error";

/// An entry that returns a status and cannot say more.
pub(crate) fn code(name: &'static str, body: impl FnOnce() -> Result<()>) -> c_int {
    // SAFETY: NULL is allowed.
    unsafe { status(name, std::ptr::null_mut(), body) }
}

/// An entry that returns a value; `fallback` if it panicked.
pub(crate) fn value<T>(name: &'static str, fallback: T, body: impl FnOnce() -> T) -> T {
    guard(name, body).unwrap_or(fallback)
}

/// An entry that returns nothing.
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
    fn a_panic_ends_at_the_boundary() {
        let mut err = std::ptr::null_mut();
        // SAFETY: `err` is memory for one pointer.
        let status = unsafe { status("f", &mut err, || panic!("oh {}", "no")) };
        assert_eq!(status, -11);
        // SAFETY: written by `status`, which made it by `Box::into_raw`.
        let err = unsafe { Box::from_raw(err) };
        assert_eq!(err.message.to_str(), Ok("panic in f, a bug in libhooks: oh no"));
        assert_eq!(value("f", 7, || panic!("oh")), 7);
        assert_eq!(DEPTH.get(), 0);
    }
}

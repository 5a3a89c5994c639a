//! Running a hook, and the result.

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;

use libhooks::OciHook;
use libhooks::exec::{self, RunResult};

use crate::boundary;
use crate::convert;
use crate::error::hooks_error_t;
use crate::exec_options::hooks_exec_options_t;

/// The result of a hook that was started. It never changes, and many threads may read it at once.
/// Free a result of hooks_exec_run() with hooks_exec_result_free(). A result from
/// hooks_filter_result_hook() belongs to the filter's result, and must not be freed.
pub struct hooks_exec_result_t {
    result: RunResult,
    message: Option<CString>,
    json: CString,
}

impl hooks_exec_result_t {
    pub(crate) fn new(result: RunResult) -> hooks_exec_result_t {
        hooks_exec_result_t {
            message: result.error.as_deref().map(convert::c_string),
            json: convert::c_string(result.to_json()),
            result,
        }
    }
}

/// Runs a hook and waits for its end (docs/spec.md, section 9). The hook starts with the file
/// descriptors 0, 1 and 2 only, with no signal blocked or ignored, and with no environment
/// variables other than those in "env".
///
/// If a hook was started, the call returns HOOKS_STATUS_OK, even if the hook fails, is killed by a
/// signal, exceeds its timeout or is cancelled. To find out whether the hook succeeded, call
/// hooks_exec_result_message().
///
/// If the hook exceeds its timeout or is cancelled, it is killed together with its process group or
/// its descendants (hooks_exec_options_set_process_group()). If it exits by itself, the call does
/// not wait for the descendants that are still running. They continue to run; their later output is
/// discarded, and does not block them. (If /proc is not mounted, they get SIGPIPE when they write.)
///
/// The library waits for no other child of the program. If the program itself reaps the hook
/// (SIGCHLD is ignored, or another thread waits for any child), the result has no exit status, and
/// has an error.
///
/// @param hook_json the hook, an entry of config.hooks: a JSON object with "path", "args", "env"
///                  and "timeout" (in seconds)
/// @param state     the bytes for the hook's stdin, usually the OCI state of the container as JSON;
///                  may be NULL if state_len is 0
/// @param state_len the length of state in bytes
/// @param opts      the options; NULL: the defaults
/// @param out       receives the result, which hooks_exec_result_free() frees
/// @param err       receives the error; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8, _JSON, or _IO if the hook
///         could not be started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_run(
    hook_json: *const c_char,
    state: *const c_void,
    state_len: usize,
    opts: *const hooks_exec_options_t,
    out: *mut *mut hooks_exec_result_t,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for a string, `state_len` bytes, NULL or live options whose
    // descriptors are open, and NULL or memory for the output and `err`.
    unsafe {
        boundary::status("hooks_exec_run", err, || {
            let hooks = OciHook::list_from_json(convert::string(hook_json, "hook_json")?)?;
            let [hook] = hooks.as_slice() else {
                return Err(convert::out_of_range("hook_json", "one hook", hooks.len()));
            };
            let state =
                if state_len == 0 { &[] } else { convert::sized_bytes(state, state_len, "state")? };
            convert::required(out, "out")?;
            let defaults = hooks_exec_options_t::default();
            let opts = opts.as_ref().unwrap_or(&defaults);
            let result = opts.with(|options| exec::run(hook, state, options))?;
            convert::put_object(out, hooks_exec_result_t::new(result));
            Ok(())
        })
    }
}

/// Returns the exit status of a hook.
///
/// @param r the result, or NULL
/// @return the exit status, from 0 to 255; -1 if a signal killed the hook, if its end is unknown
///         (another part of the program reaped it, or it did not end in time after it was killed),
///         or if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_exit_status(r: *const hooks_exec_result_t) -> c_int {
    boundary::value("hooks_exec_result_exit_status", -1, || {
        // SAFETY: the header asks for NULL or a live result; results never change.
        unsafe { r.as_ref() }.and_then(|r| r.result.exit_status).unwrap_or(-1)
    })
}

/// Returns the signal that killed a hook.
///
/// @param r the result, or NULL
/// @return the signal number; 0 if no signal killed the hook, if its end is unknown, or if r is
///         NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_signal(r: *const hooks_exec_result_t) -> c_int {
    boundary::value("hooks_exec_result_signal", 0, || {
        // SAFETY: as for hooks_exec_result_exit_status.
        unsafe { r.as_ref() }.and_then(|r| r.result.signal).unwrap_or(0)
    })
}

/// Returns whether a hook exceeded its timeout and was therefore killed. (For a cancel, see the
/// member "cancelled" of hooks_exec_result_json().)
///
/// @param r the result, or NULL
/// @return true if it exceeded its timeout; false if not, or if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_timed_out(r: *const hooks_exec_result_t) -> bool {
    boundary::value("hooks_exec_result_timed_out", false, || {
        // SAFETY: as for hooks_exec_result_exit_status.
        unsafe { r.as_ref() }.is_some_and(|r| r.result.timed_out)
    })
}

/// Returns how long a run took, from before the start of the hook until after its end.
///
/// @param r the result, or NULL
/// @return microseconds; 0 if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_duration_us(r: *const hooks_exec_result_t) -> i64 {
    boundary::value("hooks_exec_result_duration_us", 0, || {
        // SAFETY: as for hooks_exec_result_exit_status.
        unsafe { r.as_ref() }
            .map_or(0, |r| i64::try_from(r.result.duration.as_micros()).unwrap_or(i64::MAX))
    })
}

/// Returns the error message of a run. A run succeeded if the hook exited with 0, was neither
/// cancelled nor killed at its timeout, and no callback failed.
///
/// @param r the result, or NULL
/// @return the message, which belongs to the result; NULL if the run succeeded, or if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_message(r: *const hooks_exec_result_t) -> *const c_char {
    boundary::value("hooks_exec_result_message", ptr::null(), || {
        // SAFETY: as for hooks_exec_result_exit_status.
        let message = unsafe { r.as_ref() }.and_then(|r| r.message.as_ref());
        message.map_or(ptr::null(), |message| message.as_ptr())
    })
}

/// Returns the whole result as a JSON object, for programs (docs/json.md).
///
/// @param r the result, or NULL
/// @return the JSON object, which belongs to the result; NULL if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_json(r: *const hooks_exec_result_t) -> *const c_char {
    boundary::value("hooks_exec_result_json", ptr::null(), || {
        // SAFETY: as for hooks_exec_result_exit_status.
        unsafe { r.as_ref() }.map_or(ptr::null(), |r| r.json.as_ptr())
    })
}

/// Returns the captured stdout of a hook: its last bytes, up to the capture limit. The members
/// "stdout" and "stderr" of hooks_exec_result_json() say whether earlier bytes were dropped.
///
/// @param r       the result, or NULL
/// @param len_out receives the number of bytes, 0 if r is NULL; may be NULL
/// @return the bytes, which do not end in NUL and belong to the result; NULL only if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_stdout(
    r: *const hooks_exec_result_t,
    len_out: *mut usize,
) -> *const u8 {
    boundary::value("hooks_exec_result_stdout", ptr::null(), || {
        // SAFETY: as for hooks_exec_result_exit_status; and NULL or memory for the length.
        unsafe { lend(r.as_ref().map(|r| r.result.stdout.tail.as_slice()), len_out) }
    })
}

/// Returns the captured stderr of a hook, as hooks_exec_result_stdout() does for stdout.
///
/// @param r       the result, or NULL
/// @param len_out receives the number of bytes, 0 if r is NULL; may be NULL
/// @return the bytes, which do not end in NUL and belong to the result; NULL only if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_stderr(
    r: *const hooks_exec_result_t,
    len_out: *mut usize,
) -> *const u8 {
    boundary::value("hooks_exec_result_stderr", ptr::null(), || {
        // SAFETY: as for hooks_exec_result_stdout.
        unsafe { lend(r.as_ref().map(|r| r.result.stderr.tail.as_slice()), len_out) }
    })
}

/// Returns a pointer to bytes, and writes their number to `len_out`; NULL and 0 without bytes.
///
/// # Safety
/// `len_out` is NULL, or points to memory for one length.
unsafe fn lend(bytes: Option<&[u8]>, len_out: *mut usize) -> *const u8 {
    // SAFETY: the same contract.
    unsafe { convert::put(len_out, bytes.map_or(0, <[u8]>::len)) };
    bytes.map_or(ptr::null(), |bytes| {
        // The pointer of an empty `Vec` is a small number. Go checks the values of pointers, and
        // would report it as a bad pointer.
        if bytes.is_empty() { c"".as_ptr().cast() } else { bytes.as_ptr() }
    })
}

/// Frees a result of hooks_exec_run(), and the bytes and strings that belong to it. Does nothing if
/// r is NULL.
///
/// @param r the result, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_free(r: *mut hooks_exec_result_t) {
    boundary::nothing("hooks_exec_result_free", || {
        // SAFETY: the header asks for NULL or a result that hooks_exec_run made and that is not
        // freed yet.
        unsafe { convert::free(r) }
    });
}

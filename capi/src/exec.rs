//! Running a hook, and what became of it.

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;

use libhooks::exec::{self, RunResult};
use libhooks::{Error, OciHook};

use crate::boundary;
use crate::convert;
use crate::error::hooks_error_t;
use crate::exec_options::hooks_exec_options_t;

/// What became of a hook that was started. It does not change, and may be read by many threads at
/// once. Freed by hooks_exec_result_free(), unless it belongs to another object.
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

/// Runs a hook and waits for its end (docs/spec.md, section 9). It is started with no descriptor
/// but 0, 1 and 2, no signal blocked and none ignored, and with the environment that the hook has
/// and no other. A hook that fails is a result.
///
/// When its time is over, or the caller asks for its end, it is killed, with its process group or
/// with its descendants (hooks_exec_options_set_process_group()). When it exits by itself, the
/// processes that it has left behind live on: what they write then is lost, and they do not wait
/// for it. (Where /proc is not mounted, it is SIGPIPE to them.)
///
/// No signal handler is installed and no other child is waited for. If the host reaps the hook
/// itself (SIGCHLD is ignored, another thread waits for any child), the result says that its end is
/// not known.
///
/// @param hook_json the hook, an entry of config.hooks: a JSON object with "path", "args", "env"
/// and "timeout" @param state     what it reads on stdin: the container's state, any bytes; NULL if
/// state_len is 0 @param state_len how many bytes
/// @param opts      options; NULL: the defaults
/// @param out       receives the result, freed by hooks_exec_result_free()
/// @param err       receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8, _JSON, _IO: the hook could not
/// be started
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
            let hooks = OciHook::list_from_json(convert::text(hook_json, "hook_json")?)?;
            let [hook] = hooks.as_slice() else {
                return Err(Error::invalid_argument(format!(
                    "hook_json holds {} hooks",
                    hooks.len()
                )));
            };
            let state =
                if state_len == 0 { &[] } else { convert::sized_bytes(state, state_len, "state")? };
            convert::wanted(out, "out")?;
            let defaults = hooks_exec_options_t::default();
            let opts = opts.as_ref().unwrap_or(&defaults);
            let result = opts.with(|options| exec::run(hook, state, options))?;
            convert::put_object(out, hooks_exec_result_t::new(result));
            Ok(())
        })
    }
}

/// What the hook exited with.
///
/// @param r the result, or NULL
/// @return the status, from 0 to 255; -1: it was killed, it is not known, or r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_exit_status(r: *const hooks_exec_result_t) -> c_int {
    boundary::value("hooks_exec_result_exit_status", -1, || {
        // SAFETY: the header asks for NULL or a live result; results never change.
        unsafe { r.as_ref() }.and_then(|r| r.result.exit_status).unwrap_or(-1)
    })
}

/// The signal that killed the hook.
///
/// @param r the result, or NULL
/// @return its number; 0: it was not killed, it is not known, or r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_signal(r: *const hooks_exec_result_t) -> c_int {
    boundary::value("hooks_exec_result_signal", 0, || {
        // SAFETY: as for hooks_exec_result_exit_status.
        unsafe { r.as_ref() }.and_then(|r| r.result.signal).unwrap_or(0)
    })
}

/// Whether the hook was killed because its time was over.
///
/// @param r the result, or NULL
/// @return whether; false if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_timed_out(r: *const hooks_exec_result_t) -> bool {
    boundary::value("hooks_exec_result_timed_out", false, || {
        // SAFETY: as for hooks_exec_result_exit_status.
        unsafe { r.as_ref() }.is_some_and(|r| r.result.timed_out)
    })
}

/// How long it took, from before the hook's start to after its end.
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

/// What did not go well, in words.
///
/// @param r the result, or NULL
/// @return the text, which belongs to the result; NULL if it went well, or r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_message(r: *const hooks_exec_result_t) -> *const c_char {
    boundary::value("hooks_exec_result_message", ptr::null(), || {
        // SAFETY: as for hooks_exec_result_exit_status.
        let message = unsafe { r.as_ref() }.and_then(|r| r.message.as_ref());
        message.map_or(ptr::null(), |message| message.as_ptr())
    })
}

/// All of the result, as a JSON object for programs (docs/json.md).
///
/// @param r the result, or NULL
/// @return the JSON text, which belongs to the result; NULL if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_json(r: *const hooks_exec_result_t) -> *const c_char {
    boundary::value("hooks_exec_result_json", ptr::null(), || {
        // SAFETY: as for hooks_exec_result_exit_status.
        unsafe { r.as_ref() }.map_or(ptr::null(), |r| r.json.as_ptr())
    })
}

/// What the hook wrote to stdout, if that was captured: the last bytes of it, as many as the
/// capture limit allows.
///
/// @param r       the result, or NULL
/// @param len_out receives how many bytes; NULL: not wanted
/// @return the bytes, which belong to the result, without a NUL at the end; NULL only if r is NULL
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

/// What the hook wrote to stderr, as hooks_exec_result_stdout().
///
/// @param r       the result, or NULL
/// @param len_out receives how many bytes; NULL: not wanted
/// @return the bytes, which belong to the result, without a NUL at the end; NULL only if r is NULL
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

/// # Safety
/// `len_out` is NULL, or points to memory for one length.
unsafe fn lend(bytes: Option<&[u8]>, len_out: *mut usize) -> *const u8 {
    // SAFETY: the same contract.
    unsafe { convert::put(len_out, bytes.map_or(0, <[u8]>::len)) };
    bytes.map_or(ptr::null(), |bytes| {
        // The pointer to no bytes of a `Vec` is a small number: to Go, which looks at what pointers
        // hold, a broken one.
        if bytes.is_empty() { c"".as_ptr().cast() } else { bytes.as_ptr() }
    })
}

/// Frees a result and what it lent. NULL is allowed.
///
/// @param r the result, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_free(r: *mut hooks_exec_result_t) {
    boundary::nothing("hooks_exec_result_free", || {
        // SAFETY: the header asks for NULL or a result of ours that hooks_exec_run handed out and
        // that is not freed yet.
        unsafe { convert::free(r) }
    });
}

//! Passing a config through hooks, and the result.

use std::ffi::{CString, c_char, c_int};
use std::ptr;

use libhooks::OciHook;
use libhooks::exec::{self, FilterResult, patch_to_json};

use crate::boundary;
use crate::convert;
use crate::error::{hooks_error_t, hooks_status, status_of};
use crate::exec::hooks_exec_result_t;
use crate::exec_options::hooks_exec_options_t;

/// The result of passing a config through hooks. It never changes, and many threads may read it at
/// once. Free it with hooks_filter_result_free().
pub struct hooks_filter_result_t {
    status: c_int,
    message: Option<CString>,
    json: CString,
    config: CString,
    runs: Vec<hooks_exec_result_t>,
    patches: Vec<CString>,
}

impl hooks_filter_result_t {
    fn new(result: FilterResult) -> hooks_filter_result_t {
        let failure = result.failure.as_ref();
        hooks_filter_result_t {
            status: failure
                .map_or(hooks_status::HOOKS_STATUS_OK as c_int, |failure| status_of(failure.kind)),
            message: failure.map(|failure| convert::c_string(failure.message())),
            json: convert::c_string(result.to_json()),
            patches: result
                .patches
                .iter()
                .flatten()
                .map(|patch| convert::c_string(patch_to_json(patch)))
                .collect(),
            config: convert::c_string(result.config),
            runs: result.runs.into_iter().map(hooks_exec_result_t::new).collect(),
        }
    }
}

/// Passes a container's config through hooks, one after another (docs/spec.md, section 9). The
/// first hook reads config_json on its stdin, and each later hook the config that the previous hook
/// printed, byte for byte. Each hook prints the new config on its stdout. If a hook cannot be
/// started, fails or does not print a config, the filter ends: the later hooks are not run.
///
/// The call then still returns HOOKS_STATUS_OK. To find out whether the filter succeeded, call
/// hooks_filter_result_status(). To get the new config, call hooks_filter_result_config().
///
/// @param hooks_json  the hooks, a JSON array of entries as for hooks_exec_run();
///                    hooks_manager_hooks() returns such an array for each extension stage
/// @param config_json the container's OCI config
/// @param opts        the options, of which out_fd and merge_stderr are ignored; NULL: the defaults
/// @param out         receives the result, which hooks_filter_result_free() frees
/// @param err         receives the error; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8 or _JSON
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_filter(
    hooks_json: *const c_char,
    config_json: *const c_char,
    opts: *const hooks_exec_options_t,
    out: *mut *mut hooks_filter_result_t,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for strings, NULL or live options whose descriptors are open, and
    // NULL or memory for the output and `err`.
    unsafe {
        boundary::status("hooks_exec_filter", err, || {
            let hooks = OciHook::list_from_json(convert::string(hooks_json, "hooks_json")?)?;
            let config = convert::string(config_json, "config_json")?;
            convert::required(out, "out")?;
            let defaults = hooks_exec_options_t::default();
            let opts = opts.as_ref().unwrap_or(&defaults);
            let result = opts.with_filter(|options| exec::filter(&hooks, config, options))?;
            convert::put_object(out, hooks_filter_result_t::new(result));
            Ok(())
        })
    }
}

/// Returns whether a filter succeeded, as a status.
///
/// @param r the result, or NULL
/// @return HOOKS_STATUS_OK if all hooks succeeded, or if r is NULL; HOOKS_STATUS_HOOK_FAILED if a
///         hook could not be started, failed, or did not print a config; HOOKS_STATUS_TIMEOUT if a
///         hook exceeded its timeout; HOOKS_STATUS_CANCELLED if the filter was cancelled;
///         HOOKS_STATUS_IO if a file could not be opened that an annotation names
///         (hooks_exec_options_set_output_annotations())
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_filter_result_status(r: *const hooks_filter_result_t) -> c_int {
    boundary::value("hooks_filter_result_status", hooks_status::HOOKS_STATUS_PANIC as c_int, || {
        // SAFETY: the header asks for NULL or a live result; results never change.
        unsafe { r.as_ref() }.map_or(hooks_status::HOOKS_STATUS_OK as c_int, |r| r.status)
    })
}

/// Returns the error message of a filter: which hook failed, its error, and the end of its stderr.
///
/// @param r the result, or NULL
/// @return the message, which belongs to the result; NULL if the filter succeeded, or if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_filter_result_message(
    r: *const hooks_filter_result_t,
) -> *const c_char {
    boundary::value("hooks_filter_result_message", ptr::null(), || {
        // SAFETY: as for hooks_filter_result_status.
        let message = unsafe { r.as_ref() }.and_then(|r| r.message.as_ref());
        message.map_or(ptr::null(), |message| message.as_ptr())
    })
}

/// Returns the whole result as a JSON object, for programs (docs/json.md).
///
/// @param r the result, or NULL
/// @return the JSON object, which belongs to the result; NULL if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_filter_result_json(
    r: *const hooks_filter_result_t,
) -> *const c_char {
    boundary::value("hooks_filter_result_json", ptr::null(), || {
        // SAFETY: as for hooks_filter_result_status.
        unsafe { r.as_ref() }.map_or(ptr::null(), |r| r.json.as_ptr())
    })
}

/// Returns the config that the last successful hook printed; the original config if no hook
/// succeeded. It is also returned if the filter failed, so check hooks_filter_result_status()
/// first.
///
/// @param r the result, or NULL
/// @return the config, which belongs to the result; NULL only if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_filter_result_config(
    r: *const hooks_filter_result_t,
) -> *const c_char {
    boundary::value("hooks_filter_result_config", ptr::null(), || {
        // SAFETY: as for hooks_filter_result_status.
        unsafe { r.as_ref() }.map_or(ptr::null(), |r| r.config.as_ptr())
    })
}

/// Returns the number of hooks that were started, including a hook that failed.
///
/// @param r the result, or NULL
/// @return the number; 0 if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_filter_result_count(r: *const hooks_filter_result_t) -> usize {
    boundary::value("hooks_filter_result_count", 0, || {
        // SAFETY: as for hooks_filter_result_status.
        unsafe { r.as_ref() }.map_or(0, |r| r.runs.len())
    })
}

/// Returns the result of one hook that was started.
///
/// @param r the result, or NULL
/// @param i the position of the hook, from 0
/// @return its result, which belongs to r and must not be freed; NULL if there is no such hook, or
///         if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_filter_result_hook(
    r: *const hooks_filter_result_t,
    i: usize,
) -> *const hooks_exec_result_t {
    boundary::value("hooks_filter_result_hook", ptr::null(), || {
        // SAFETY: as for hooks_filter_result_status.
        unsafe { r.as_ref() }.and_then(|r| r.runs.get(i)).map_or(ptr::null(), ptr::from_ref)
    })
}

/// Returns the changes of one hook as a JSON Patch (RFC 6902). The patch turns the config that the
/// hook read into the config that it printed. Numbers are as the hook wrote them; a number in
/// another notation (1.0 for 1) is a change. The changes are only recorded if
/// hooks_exec_options_set_patches() was called with 1.
///
/// @param r the result, or NULL
/// @param i the position of the hook, from 0
/// @return a JSON array ("[]" without changes), which belongs to the result; NULL if changes are
///         not recorded, if there is no such hook, if it failed, or if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_filter_result_patch(
    r: *const hooks_filter_result_t,
    i: usize,
) -> *const c_char {
    boundary::value("hooks_filter_result_patch", ptr::null(), || {
        // SAFETY: as for hooks_filter_result_status.
        unsafe { r.as_ref() }
            .and_then(|r| r.patches.get(i))
            .map_or(ptr::null(), |patch| patch.as_ptr())
    })
}

/// Frees the result of a filter, and the results and strings that belong to it. Does nothing if r
/// is NULL.
///
/// @param r the result, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_filter_result_free(r: *mut hooks_filter_result_t) {
    boundary::nothing("hooks_filter_result_free", || {
        // SAFETY: the header asks for NULL or a result of ours that is not freed yet.
        unsafe { convert::free(r) }
    });
}

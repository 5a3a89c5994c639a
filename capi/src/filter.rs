//! Passing a config through hooks, and what became of it.

use std::ffi::{CString, c_char, c_int};
use std::ptr;

use libhooks::OciHook;
use libhooks::exec::{self, FilterResult, patch_to_json};

use crate::boundary;
use crate::convert;
use crate::error::{hooks_error_t, hooks_status, status_of};
use crate::exec::hooks_exec_result_t;
use crate::exec_options::hooks_exec_options_t;

/// What became of a config that was passed through hooks. It does not change, and may be read by
/// many threads at once. Freed by hooks_filter_result_free().
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

/// Passes a container's config through hooks (docs/spec.md, section 9): each gets on its stdin what
/// the one before it printed, byte for byte, and what it prints is the new config. A hook that
/// fails, or prints no config, ends it; that is a result.
///
/// @param hooks_json  the hooks, a JSON array of entries as hooks_exec_run() takes them: what
/// hooks_manager_hooks() gives                    for an extension stage
/// @param config_json the container's OCI config
/// @param opts        options, of which out_fd is not used; NULL: the defaults
/// @param out         receives the result, freed by hooks_filter_result_free()
/// @param err         receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8, _JSON
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
            let hooks = OciHook::list_from_json(convert::text(hooks_json, "hooks_json")?)?;
            let config = convert::text(config_json, "config_json")?;
            convert::wanted(out, "out")?;
            let defaults = hooks_exec_options_t::default();
            let opts = opts.as_ref().unwrap_or(&defaults);
            let result = opts.with_filter(|options| exec::filter(&hooks, config, options))?;
            convert::put_object(out, hooks_filter_result_t::new(result));
            Ok(())
        })
    }
}

/// Whether the config got through.
///
/// @param r the result, or NULL
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_HOOK_FAILED: a hook could not be started, failed, or
/// printed no config;         HOOKS_STATUS_TIMEOUT, HOOKS_STATUS_CANCELLED: a hook was killed;
/// HOOKS_STATUS_IO: a file that an annotation         names cannot be opened; HOOKS_STATUS_OK if r
/// is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_filter_result_status(r: *const hooks_filter_result_t) -> c_int {
    boundary::value("hooks_filter_result_status", hooks_status::HOOKS_STATUS_PANIC as c_int, || {
        // SAFETY: the header asks for NULL or a live result; results never change.
        unsafe { r.as_ref() }.map_or(hooks_status::HOOKS_STATUS_OK as c_int, |r| r.status)
    })
}

/// What did not go well, in words: which hook it was, its error, and the end of what it wrote to
/// stderr.
///
/// @param r the result, or NULL
/// @return the text, which belongs to the result; NULL if it went well, or r is NULL
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

/// All of the result, as a JSON object for programs (docs/json.md).
///
/// @param r the result, or NULL
/// @return the JSON text, which belongs to the result; NULL if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_filter_result_json(
    r: *const hooks_filter_result_t,
) -> *const c_char {
    boundary::value("hooks_filter_result_json", ptr::null(), || {
        // SAFETY: as for hooks_filter_result_status.
        unsafe { r.as_ref() }.map_or(ptr::null(), |r| r.json.as_ptr())
    })
}

/// The config as the last good hook made it; as it was passed in, if there was none.
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

/// How many hooks were started, the failing one included.
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

/// What became of one of the hooks that were started.
///
/// @param r the result, or NULL
/// @param i its position, from 0
/// @return its result, which belongs to this one and is not to be freed; NULL if there is none, or
/// r is NULL
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

/// What one of the hooks changed, if hooks_exec_options_set_patches() asked for it: a JSON Patch
/// (RFC 6902), to be applied to the config that the hook was given. Numbers are written as the hook
/// wrote them, and one that it wrote in another way (1 as 1.0) is a change.
///
/// @param r the result, or NULL
/// @param i the hook's position, from 0
/// @return a JSON array, which belongs to the result, "[]" if it changed nothing; NULL if it was
/// not asked for, if there is no         such hook or it failed, or r is NULL
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

/// Frees a result and what it lent. NULL is allowed.
///
/// @param r the result, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_filter_result_free(r: *mut hooks_filter_result_t) {
    boundary::nothing("hooks_filter_result_free", || {
        // SAFETY: the header asks for NULL or a result of ours that is not freed yet.
        unsafe { convert::free(r) }
    });
}

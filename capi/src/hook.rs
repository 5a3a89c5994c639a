//! Hook files and conditions by themselves, without a manager.

use std::ffi::{c_char, c_int};

use crate::boundary;
use crate::error::hooks_error_t;
use crate::text;

/// Reads one hook file and checks it (SPEC 3).
///
/// @param path       the file, any bytes; its name must end in ".json"
/// @param stages     stages beyond those of OCI that it may name; NULL if stages_len is 0
/// @param stages_len how many
/// @param hook_out   receives the hook as JSON, in the form of version 1.0.0 whatever the file's is, freed by
///                   hooks_string_free(); NULL: not wanted
/// @param err        receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8 (stages), _NO_JSON_SUFFIX, _IO, _HOOK_FILE, _STAGE
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_read_file(
    path: *const c_char,
    stages: *const *const c_char,
    stages_len: usize,
    hook_out: *mut *mut c_char,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for strings, an array of as many as its length says, and NULL or memory for the output
    // and `err`.
    unsafe {
        boundary::status("hooks_read_file", err, || {
            let path = text::path(path, "path")?;
            let stages = text::texts(stages, stages_len, "stages")?;
            let hook = libhooks::read(path, &stages)?;
            text::put_text(hook_out, || hook.to_json());
            Ok(())
        })
    }
}

/// Reads the hook files of one directory and checks them (SPEC 1 and 3), as ReadDir of the Go package does.
///
/// @param path       the directory, any bytes
/// @param stages     stages beyond those of OCI that hooks may name; NULL if stages_len is 0
/// @param stages_len how many
/// @param hooks_out  receives the good hooks by file name, a JSON object of objects, freed by hooks_string_free(); NULL:
///                   not wanted. It is written when a file or the directory is bad too, but not when an argument is
/// @param err        receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8 (stages): *hooks_out is not written; or
///         HOOKS_STATUS_IO, _HOOK_FILE, _STAGE: it is
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_read_dir(
    path: *const c_char,
    stages: *const *const c_char,
    stages_len: usize,
    hooks_out: *mut *mut c_char,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: as for hooks_read_file.
    unsafe {
        boundary::status("hooks_read_dir", err, || {
            let path = text::path(path, "path")?;
            let stages = text::texts(stages, stages_len, "stages")?;
            let (hooks, error) = libhooks::read_dir(path, &stages);
            text::put_text(hooks_out, || hooks.to_json());
            error.map_or(Ok(()), Err)
        })
    }
}

/// Checks a hook of version 1.0.0 (SPEC 3).
///
/// @param hook_json  the hook; "null" is the error "nil hook"
/// @param stages     stages beyond those of OCI that it may name; NULL if stages_len is 0
/// @param stages_len how many
/// @param err        receives the error, whose text says what is wrong; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8, _JSON, _HOOK_FILE, _IO, _STAGE
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_validate(
    hook_json: *const c_char,
    stages: *const *const c_char,
    stages_len: usize,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for strings, an array of as many as its length says, and NULL or memory for `err`.
    unsafe {
        boundary::status("hooks_validate", err, || {
            let hook = text::text(hook_json, "hook_json")?;
            let stages = text::texts(stages, stages_len, "stages")?;
            libhooks::validate(hook, &stages)
        })
    }
}

/// Says whether conditions hold for a container (SPEC 5). They need not have been checked: a pattern that is none is an
/// error when it is reached.
///
/// @param when_json        the conditions: the "when" of a hook of version 1.0.0
/// @param config_json      the container's OCI config
/// @param annotations_json its annotations, a JSON object of strings; NULL: those of the config
/// @param has_bind_mounts  0, 1, or HOOKS_BIND_MOUNTS_DETECT
/// @param match_out        receives whether they hold
/// @param err              receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8, _JSON, _HOOK_FILE (a pattern), _MATCH
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_when_match(
    when_json: *const c_char,
    config_json: *const c_char,
    annotations_json: *const c_char,
    has_bind_mounts: c_int,
    match_out: *mut bool,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for strings, and NULL or memory for the output and `err`.
    unsafe {
        boundary::status("hooks_when_match", err, || {
            let when = text::text(when_json, "when_json")?;
            let config = text::text(config_json, "config_json")?;
            let annotations = text::annotations(annotations_json, "annotations_json")?;
            let has_bind_mounts = text::has_bind_mounts(has_bind_mounts)?;
            text::wanted(match_out, "match_out")?;
            let matches = libhooks::when_match(when, config, annotations.as_ref(), has_bind_mounts)?;
            text::put(match_out, matches);
            Ok(())
        })
    }
}

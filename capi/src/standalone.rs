//! Hook files and conditions by themselves, without a manager.

use std::ffi::{c_char, c_int, c_void};

use libhooks::{Config, Hook, HookDir, HookFile, When, ffi};

use crate::boundary;
use crate::convert;
use crate::error::hooks_error_t;
use crate::options::hooks_options_t;

/// Reads one hook file and validates it (docs/spec.md, section 3).
///
/// @param path       the file, any bytes; its name must end in ".json"
/// @param stages     the extension stages that the file may name; may be NULL if stages_len is 0
/// @param stages_len the number of extension stages
/// @param hook_out   receives the hook as JSON, in the form of version 1.0.0 for every version of
///                   the file, which hooks_string_free() frees; may be NULL
/// @param err        receives the error; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8 (stages), _NO_JSON_SUFFIX, _IO,
///         _HOOK_FILE or _STAGE
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_read_file(
    path: *const c_char,
    stages: *const *const c_char,
    stages_len: usize,
    hook_out: *mut *mut c_char,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for strings, an array of as many as its length says, and NULL or
    // memory for the output and `err`.
    unsafe {
        boundary::status("hooks_read_file", err, || {
            let path = convert::path(path, "path")?;
            let stages = convert::strings(stages, stages_len, "stages")?;
            let hook = Hook::read(path, &hooks_options_t::default().read_options(&stages)?)?;
            convert::put_string(hook_out, || hook.to_json());
            Ok(())
        })
    }
}

/// Reads the hook files of one directory and validates them, as ReadDir of Podman's package does
/// (docs/spec.md, sections 1 and 3).
///
/// @param path       the directory, any bytes
/// @param stages     the extension stages that hooks may name; may be NULL if stages_len is 0
/// @param stages_len the number of extension stages
/// @param hooks_out  receives the valid hooks, a JSON object with a hook for each file name, which
///                   hooks_string_free() frees; may be NULL. It is also written if the directory
///                   cannot be read ("{}") or a file is invalid, but usually not if an argument is
///                   invalid. So set it to NULL before the call, and always free it
/// @param err        receives the error; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8 (stages), _IO, _HOOK_FILE or
///         _STAGE
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
            let path = convert::path(path, "path")?;
            let stages = convert::strings(stages, stages_len, "stages")?;
            let read = HookDir::read(path, &hooks_options_t::default().read_options(&stages)?);
            convert::put_string(hooks_out, || ffi::by_name_to_json(&read.listing));
            read.error.map_or(Ok(()), Err)
        })
    }
}

/// Reads one hook file and validates it, as hooks_read_file() does, but with options.
///
/// @param path       the file, any bytes; its name must end in ".json"
/// @param stages     the extension stages that the file may name; may be NULL if stages_len is 0
/// @param stages_len the number of extension stages
/// @param opts       the options, of which only the reader and the root have an effect; NULL:
///                   the defaults
/// @param hook_out   receives the hook as JSON, as from hooks_read_file(), which
///                   hooks_string_free() frees; may be NULL. It is also written if the call fails
///                   because the hook is invalid, but not if the file has no hook. So set it to
///                   NULL before the call, and always free it
/// @param err        receives the error; may be NULL
/// @return as hooks_read_file()
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_read_file_with_options(
    path: *const c_char,
    stages: *const *const c_char,
    stages_len: usize,
    opts: *const hooks_options_t,
    hook_out: *mut *mut c_char,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: as for hooks_read_file; and NULL or live options.
    unsafe {
        boundary::status("hooks_read_file_with_options", err, || {
            let path = convert::path(path, "path")?;
            let stages = convert::strings(stages, stages_len, "stages")?;
            let options =
                opts.as_ref().unwrap_or(&hooks_options_t::default()).read_options(&stages)?;
            let read = HookFile::read(path, &options);
            if let Some(hook) = read.hook {
                convert::put_string(hook_out, || hook.to_json());
            }
            read.error.map_or(Ok(()), Err)
        })
    }
}

/// Reads the hook files of one directory and validates them, as hooks_read_dir() does, but with
/// options. It returns a list that also has the path of each hook file.
///
/// @param path       the directory, any bytes
/// @param stages     the extension stages that hooks may name; may be NULL if stages_len is 0
/// @param stages_len the number of extension stages
/// @param opts       the options, of which only the reader, the log and the root have an effect;
///                   NULL: the defaults
/// @param list_out   receives the valid hooks, as a list like that of hooks_manager_list(), which
///                   hooks_string_free() frees; may be NULL. It is also written on failure, as
///                   *hooks_out of hooks_read_dir() is: set it to NULL before the call, and always
///                   free it
/// @param err        receives the error; may be NULL
/// @return as hooks_read_dir()
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_read_dir_with_options(
    path: *const c_char,
    stages: *const *const c_char,
    stages_len: usize,
    opts: *const hooks_options_t,
    list_out: *mut *mut c_char,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: as for hooks_read_file_with_options.
    unsafe {
        boundary::status("hooks_read_dir_with_options", err, || {
            let path = convert::path(path, "path")?;
            let stages = convert::strings(stages, stages_len, "stages")?;
            let options =
                opts.as_ref().unwrap_or(&hooks_options_t::default()).read_options(&stages)?;
            let read = HookDir::read(path, &options);
            convert::put_string(list_out, || read.listing.to_json());
            read.error.map_or(Ok(()), Err)
        })
    }
}

/// Decodes the content of a hook file, without validating it (docs/spec.md, section 3).
///
/// @param content  the content of the file, any bytes
/// @param len      the length of content in bytes
/// @param version  "1.0.0" or "0.1.0": the version to decode it as, even if the file states another
///                 one; NULL: the version that the file states
/// @param hook_out receives the hook as JSON, as from hooks_read_file(), which hooks_string_free()
///                 frees; the string "null" if the content is the JSON value null and is decoded
///                 as version 1.0.0. May be NULL
/// @param err      receives the error; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8 (version) or _JSON
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_decode(
    content: *const c_void,
    len: usize,
    version: *const c_char,
    hook_out: *mut *mut c_char,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for `len` bytes, NULL or a string, and NULL or memory for the output
    // and `err`.
    unsafe {
        boundary::status("hooks_decode", err, || {
            let content = convert::sized_bytes(content, len, "content")?;
            let version =
                if version.is_null() { None } else { Some(convert::string(version, "version")?) };
            let hook = Hook::decode(content, version)?;
            convert::put_string(hook_out, || {
                hook.map_or_else(|| "null".to_owned(), |hook| hook.to_json())
            });
            Ok(())
        })
    }
}

/// Validates a hook of version 1.0.0 (docs/spec.md, section 3). This includes checking that the
/// executable of the hook exists.
///
/// @param hook_json  the hook, a JSON object; the string "null" causes the error "nil hook"
/// @param stages     the extension stages that the hook may name; may be NULL if stages_len is 0
/// @param stages_len the number of extension stages
/// @param err        receives the error, whose message describes the problem; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8, _JSON, _HOOK_FILE, _IO (the
///         executable) or _STAGE
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_validate(
    hook_json: *const c_char,
    stages: *const *const c_char,
    stages_len: usize,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for strings, an array of as many as its length says, and NULL or
    // memory for `err`.
    unsafe {
        boundary::status("hooks_validate", err, || {
            let hook = convert::string(hook_json, "hook_json")?;
            let stages = convert::strings(stages, stages_len, "stages")?;
            ffi::validate(hook, &stages)
        })
    }
}

/// Evaluates the conditions of one hook for a container (docs/spec.md, section 5). The conditions
/// need not be validated first: an invalid pattern is reported when it is evaluated.
///
/// @param when_json        the conditions: the member "when" of a hook of version 1.0.0
/// @param config_json      as for hooks_manager_hooks()
/// @param annotations_json as for hooks_manager_hooks(); may be NULL
/// @param has_bind_mounts  as for hooks_manager_hooks()
/// @param match_out        receives true if the conditions match, else false
/// @param err              receives the error; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8, _JSON, _HOOK_FILE (an invalid
///         pattern) or _MATCH
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
            let when = convert::string(when_json, "when_json")?;
            let config = convert::string(config_json, "config_json")?;
            let known = convert::known(annotations_json, has_bind_mounts)?;
            convert::required(match_out, "match_out")?;
            let when = When::from_json(when)?;
            let matches = when.matches(&known.of(Config::parse(config)?.container()))?;
            convert::put(match_out, matches);
            Ok(())
        })
    }
}

/// Evaluates conditions for a container, as hooks_when_match() does. The caller describes the
/// container in the binary format of hooks_snapshot_match(), so its strings may have any bytes.
///
/// @param when_json       the conditions, as for hooks_when_match()
/// @param request         the container, as for hooks_snapshot_match()
/// @param len             the length of the request in bytes
/// @param has_bind_mounts whether the container has bind mounts: 0 or 1
/// @param match_out       receives true if the conditions match, else false
/// @param err             receives the error; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8, _JSON, _HOOK_FILE (an invalid
///         pattern) or _MATCH
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_when_match_request(
    when_json: *const c_char,
    request: *const c_void,
    len: usize,
    has_bind_mounts: c_int,
    match_out: *mut bool,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for a string, `len` bytes of request, and NULL or memory for the
    // output and `err`.
    unsafe {
        boundary::status("hooks_when_match_request", err, || {
            let when = convert::string(when_json, "when_json")?;
            let request = convert::sized_bytes(request, len, "request")?;
            let has_bind_mounts = convert::switch(has_bind_mounts, "has_bind_mounts")?;
            convert::required(match_out, "match_out")?;
            let matches =
                When::from_json(when)?.matches(&ffi::container(request, has_bind_mounts)?)?;
            convert::put(match_out, matches);
            Ok(())
        })
    }
}

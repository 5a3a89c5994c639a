//! Hook files and conditions by themselves, without a manager.

use std::ffi::{c_char, c_int, c_void};

use libhooks::{Config, Hook, HookDir, HookFile, When, ffi};

use crate::boundary;
use crate::convert;
use crate::error::hooks_error_t;
use crate::options::hooks_options_t;

/// Reads one hook file and checks it (docs/spec.md, section 3).
///
/// @param path       the file, any bytes; its name must end in ".json"
/// @param stages     stages beyond those of OCI that it may name; NULL if stages_len is 0
/// @param stages_len how many
/// @param hook_out   receives the hook as JSON, in the form of version 1.0.0 whatever the file's
/// is, freed by                   hooks_string_free(); NULL: not wanted
/// @param err        receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8 (stages), _NO_JSON_SUFFIX, _IO,
/// _HOOK_FILE, _STAGE
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
            let stages = convert::texts(stages, stages_len, "stages")?;
            let hook = Hook::read(path, &hooks_options_t::default().read_options(&stages))?;
            convert::put_text(hook_out, || hook.to_json());
            Ok(())
        })
    }
}

/// Reads the hook files of one directory and checks them (docs/spec.md, sections 1 and 3), as
/// ReadDir of the Go package does.
///
/// @param path       the directory, any bytes
/// @param stages     stages beyond those of OCI that hooks may name; NULL if stages_len is 0
/// @param stages_len how many
/// @param hooks_out  receives the good hooks by file name, a JSON object of objects, freed by
/// hooks_string_free(); NULL:                   not wanted. It is written when a file or the
/// directory is bad too, but not when an argument is @param err        receives the error; NULL:
/// not wanted @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8 (stages): *hooks_out
/// is not written; or         HOOKS_STATUS_IO, _HOOK_FILE, _STAGE: it is
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
            let stages = convert::texts(stages, stages_len, "stages")?;
            let read = HookDir::read(path, &hooks_options_t::default().read_options(&stages));
            convert::put_text(hooks_out, || ffi::by_name_to_json(&read.listing));
            read.error.map_or(Ok(()), Err)
        })
    }
}

/// Reads one hook file and checks it, as hooks_read_file() does, with options.
///
/// @param path       the file, any bytes; its name must end in ".json"
/// @param stages     stages beyond those of OCI that it may name; NULL if stages_len is 0
/// @param stages_len how many
/// @param opts       options, of which the reader counts; NULL: the defaults
/// @param hook_out   receives the hook as JSON, as from hooks_read_file(); NULL: not wanted. It is
/// written also when the                   file is a hook that is not valid
/// @param err        receives the error; NULL: not wanted
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
            let stages = convert::texts(stages, stages_len, "stages")?;
            let options =
                opts.as_ref().unwrap_or(&hooks_options_t::default()).read_options(&stages);
            let read = HookFile::read(path, &options);
            if let Some(hook) = read.hook {
                convert::put_text(hook_out, || hook.to_json());
            }
            read.error.map_or(Ok(()), Err)
        })
    }
}

/// Reads the hook files of one directory and checks them, as hooks_read_dir() does, with options,
/// and into a list that says which file each hook is from.
///
/// @param path       the directory, any bytes
/// @param stages     stages beyond those of OCI that hooks may name; NULL if stages_len is 0
/// @param stages_len how many
/// @param opts       options, of which the reader and the log count; NULL: the defaults
/// @param list_out   receives the good hooks as hooks_manager_list() lists them, freed by
/// hooks_string_free(); NULL: not                   wanted. It is written when a file or the
/// directory is bad too, but not when an argument is @param err        receives the error; NULL:
/// not wanted @return as hooks_read_dir()
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
            let stages = convert::texts(stages, stages_len, "stages")?;
            let options =
                opts.as_ref().unwrap_or(&hooks_options_t::default()).read_options(&stages);
            let read = HookDir::read(path, &options);
            convert::put_text(list_out, || read.listing.to_json());
            read.error.map_or(Ok(()), Err)
        })
    }
}

/// Decodes what a hook file holds, without checking it (docs/spec.md, section 3).
///
/// @param content  the content of the file, any bytes
/// @param len      its length in bytes
/// @param version  the version to read it as, whatever it says itself: "1.0.0" or "0.1.0"; NULL:
/// the one that it says @param hook_out receives the hook as JSON, as from hooks_read_file(), freed
/// by hooks_string_free(); "null" where                 the content is null and is read as version
/// 1.0.0; NULL: not wanted @param err      receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8 (version), _JSON
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
                if version.is_null() { None } else { Some(convert::text(version, "version")?) };
            let hook = Hook::decode(content, version)?;
            convert::put_text(hook_out, || {
                hook.map_or_else(|| "null".to_owned(), |hook| hook.to_json())
            });
            Ok(())
        })
    }
}

/// Checks a hook of version 1.0.0 (docs/spec.md, section 3).
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
    // SAFETY: the header asks for strings, an array of as many as its length says, and NULL or
    // memory for `err`.
    unsafe {
        boundary::status("hooks_validate", err, || {
            let hook = convert::text(hook_json, "hook_json")?;
            let stages = convert::texts(stages, stages_len, "stages")?;
            ffi::validate(hook, &stages)
        })
    }
}

/// Says whether conditions hold for a container (docs/spec.md, section 5). They need not have been
/// checked: a pattern that is none is an error when it is reached.
///
/// @param when_json        the conditions: the "when" of a hook of version 1.0.0
/// @param config_json      the container's OCI config
/// @param annotations_json its annotations, a JSON object of strings; NULL: those of the config
/// @param has_bind_mounts  0, 1, or HOOKS_BIND_MOUNTS_DETECT
/// @param match_out        receives whether they hold
/// @param err              receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8, _JSON, _HOOK_FILE (a pattern),
/// _MATCH
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
            let when = convert::text(when_json, "when_json")?;
            let config = convert::text(config_json, "config_json")?;
            let known = convert::known(annotations_json, has_bind_mounts)?;
            convert::wanted(match_out, "match_out")?;
            let when = When::from_json(when)?;
            let matches = when.matches(&known.of(Config::parse(config)?.container()))?;
            convert::put(match_out, matches);
            Ok(())
        })
    }
}

/// Says whether conditions hold for a container that comes in a flat form, so that it may hold any
/// bytes and no JSON is made or read of it. They need not have been checked.
///
/// @param when_json       the conditions, as for hooks_when_match()
/// @param request         the container, as for hooks_snapshot_match()
/// @param len             the length of the request in bytes
/// @param has_bind_mounts whether the container has bind mounts: 0 or 1
/// @param match_out       receives whether they hold
/// @param err             receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8, _JSON, _HOOK_FILE (a pattern),
/// _MATCH
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
            let when = convert::text(when_json, "when_json")?;
            let request = convert::sized_bytes(request, len, "request")?;
            let has_bind_mounts = convert::switch(has_bind_mounts, "has_bind_mounts")?;
            convert::wanted(match_out, "match_out")?;
            let matches =
                When::from_json(when)?.matches(&ffi::container(request, has_bind_mounts)?)?;
            convert::put(match_out, matches);
            Ok(())
        })
    }
}

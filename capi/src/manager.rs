//! Managers: the hooks of some directories, which are injected into configs.

use std::ffi::{c_char, c_int};
use std::ptr;

use libhooks::{Config, Manager, diagnostics_to_json};

use crate::boundary;
use crate::convert;
use crate::error::hooks_error_t;
use crate::options::hooks_options_t;
use crate::snapshot::hooks_snapshot_t;

/// The hooks of some directories, ready to be injected. Any number of threads may use a manager at
/// once; none of them waits for another thread or for a reload in another thread. Free it with
/// hooks_manager_free().
pub struct hooks_manager_t(pub(crate) Manager);

/// Reads directories of hook files and makes a manager (docs/spec.md, sections 1, 2 and 3).
///
/// @param dirs       the paths of the directories, from the lowest to the highest precedence. A
///                   file in a later directory masks the file of the same name in an earlier one:
///                   the hook of the earlier file is not used. A directory that does not exist is
///                   not an error. Relative paths are resolved at each load. Engines usually pass
///                   HOOKS_DEFAULT_DIR and HOOKS_OVERRIDE_DIR. May be NULL if dirs_len is 0
/// @param dirs_len   the number of directories; 0: the manager has no hooks
/// @param stages     the extension stages: stages that hooks may name in addition to those of OCI.
///                   Their hooks are returned separately, in stage_hooks_out of
///                   hooks_manager_hooks(). May be NULL if stages_len is 0
/// @param stages_len the number of extension stages
/// @param opts       the options; NULL: the defaults
/// @param out        receives the manager, which hooks_manager_free() frees
/// @param err        receives the error; may be NULL. hooks_error_json() has all diagnostics of all
///                   directories
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT or _UTF8 (stages); or _IO, _HOOK_FILE,
///         _STAGE or _STRICT: the status of the first problem that the policy does not tolerate
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_manager_new(
    dirs: *const *const c_char,
    dirs_len: usize,
    stages: *const *const c_char,
    stages_len: usize,
    opts: *const hooks_options_t,
    out: *mut *mut hooks_manager_t,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for arrays of as many strings as their lengths say, NULL or live
    // options, and NULL or memory for `out` and `err`.
    unsafe {
        boundary::status("hooks_manager_new", err, || {
            let dirs = convert::paths(dirs, dirs_len, "dirs")?;
            let stages = convert::strings(stages, stages_len, "stages")?;
            let builder = opts.as_ref().unwrap_or(&hooks_options_t::default()).builder(&stages)?;
            convert::required(out, "out")?;
            let manager = builder.directories(dirs).load()?;
            convert::put_object(out, hooks_manager_t(manager));
            Ok(())
        })
    }
}

/// Injects the hooks that match a container into its OCI config (docs/spec.md, sections 5 and 6).
/// The new config has the same bytes as config_json outside the member "hooks". If the call fails,
/// it writes neither output.
///
/// @param m                the manager
/// @param config_json      the container's OCI config: the content of its config.json
/// @param annotations_json the annotations to match against, a JSON object of strings. They replace
///                         those of the config for matching only, and are not written to the new
///                         config. NULL: the annotations of the config
/// @param has_bind_mounts  whether the container has bind mounts: 0, 1 or HOOKS_BIND_MOUNTS_DETECT
/// @param config_out       receives the new config, which hooks_string_free() frees; may be NULL
/// @param stage_hooks_out  receives the hooks of the extension stages, a JSON object that has for
///                         each stage an array of hooks, as hooks_exec_filter() takes it ("{}" if
///                         there are no such hooks). hooks_string_free() frees it; may be NULL
/// @param err              receives the error; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8, _JSON (the config or the
///         annotations), _MATCH, or _HOOK_FILE if the hooks exceed a limit (docs/limits.md)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_manager_hooks(
    m: *const hooks_manager_t,
    config_json: *const c_char,
    annotations_json: *const c_char,
    has_bind_mounts: c_int,
    config_out: *mut *mut c_char,
    stage_hooks_out: *mut *mut c_char,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for a live manager, strings, and NULL or memory for the outputs and
    // `err`.
    unsafe {
        boundary::status("hooks_manager_hooks", err, || {
            let manager = &convert::object(m, "m")?.0;
            let config = convert::string(config_json, "config_json")?;
            let known = convert::known(annotations_json, has_bind_mounts)?;
            let config = Config::parse(config)?;
            let injection = manager.select(&known.of(config.container()))?.inject(&config);
            // Both outputs are made before the first is written, so that a panic in between cannot
            // leave only one of them.
            let stages = injection.extension_stage_hooks.to_json();
            convert::put_string(config_out, || injection.config);
            convert::put_string(stage_hooks_out, || stages);
            Ok(())
        })
    }
}

/// Explains for each hook why it matches a container or does not (docs/spec.md, section 8). The
/// explanation has for each condition its result, its position in the file, its pattern, the
/// strings that the pattern was matched against, and, if the pattern almost matches one of them,
/// the difference. A hook that matches has its errors and warnings. To find out whether its program
/// can run, this function reads the program and the files that it needs. The explanation also lists
/// the files that are masked or could not be loaded. docs/json.md describes the members.
///
/// @param m                the manager
/// @param config_json      as for hooks_manager_hooks()
/// @param annotations_json as for hooks_manager_hooks(); may be NULL
/// @param has_bind_mounts  as for hooks_manager_hooks()
/// @param json_out         receives the explanation, a JSON object, which hooks_string_free() frees
/// @param err              receives the error; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8 or _JSON (the config or the
///         annotations). It does not fail with _MATCH or _HOOK_FILE: if hooks_manager_hooks() fails
///         with one of them, the member "error" of the explanation has that error
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_manager_explain(
    m: *const hooks_manager_t,
    config_json: *const c_char,
    annotations_json: *const c_char,
    has_bind_mounts: c_int,
    json_out: *mut *mut c_char,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: as for hooks_manager_hooks.
    unsafe {
        boundary::status("hooks_manager_explain", err, || {
            let manager = &convert::object(m, "m")?.0;
            let config = convert::string(config_json, "config_json")?;
            let known = convert::known(annotations_json, has_bind_mounts)?;
            convert::required(json_out, "json_out")?;
            let config = Config::parse(config)?;
            let container = known.of(config.container());
            container.check()?;
            let explanation = manager.explain(&container);
            convert::put_string(json_out, || explanation.to_json());
            Ok(())
        })
    }
}

/// Lists the hooks in the order in which they are injected, with their paths, stages and
/// conditions; and lists the files that are masked (docs/spec.md, section 8; docs/json.md).
///
/// @param m        the manager
/// @param json_out receives the list, a JSON object, which hooks_string_free() frees
/// @param err      receives the error; may be NULL
/// @return HOOKS_STATUS_OK or HOOKS_STATUS_INVALID_ARGUMENT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_manager_list(
    m: *const hooks_manager_t,
    json_out: *mut *mut c_char,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for a live manager, and NULL or memory for the output and `err`.
    unsafe {
        boundary::status("hooks_manager_list", err, || {
            let manager = &convert::object(m, "m")?.0;
            convert::required(json_out, "json_out")?;
            convert::put_string(json_out, || manager.list().to_json());
            Ok(())
        })
    }
}

/// Returns all diagnostics of the current hooks, including those that the policy tolerates
/// (docs/spec.md, section 8). The diagnostics of a reload that failed are in its error.
///
/// @param m        the manager
/// @param json_out receives a JSON array with an object for each diagnostic ("severity", "code",
///                 "cause", "path", "line", "column", "message", "reference", "hint", "errno"),
///                 which hooks_string_free() frees
/// @param err      receives the error; may be NULL
/// @return HOOKS_STATUS_OK or HOOKS_STATUS_INVALID_ARGUMENT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_manager_diagnostics(
    m: *const hooks_manager_t,
    json_out: *mut *mut c_char,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: as for hooks_manager_list.
    unsafe {
        boundary::status("hooks_manager_diagnostics", err, || {
            let manager = &convert::object(m, "m")?.0;
            convert::required(json_out, "json_out")?;
            convert::put_string(json_out, || diagnostics_to_json(&manager.diagnostics()));
            Ok(())
        })
    }
}

/// Reads the directories again, and replaces the whole set of hooks at once (docs/spec.md, section
/// 7). A call in another thread uses the old set or the new set, never a mixture. If the reload
/// fails, the old hooks stay. If several threads reload at once, the hooks of the reload that
/// started last stay.
///
/// @param m   the manager
/// @param err receives the error; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT, or _IO if the system has no file
///         descriptor or no memory left for reading (EMFILE, ENFILE, ENOMEM); with
///         HOOKS_POLICY_STRICT also the errors of hooks_manager_new()
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_manager_reload(
    m: *const hooks_manager_t,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for a live manager, and NULL or memory for `err`.
    unsafe { boundary::status("hooks_manager_reload", err, || convert::object(m, "m")?.0.reload()) }
}

/// Returns the generation number of the current hooks. It grows each time a new set of hooks
/// replaces the old one, so a caller can use it to notice a reload.
///
/// @param m the manager, or NULL
/// @return the number; 0 only if m is NULL, or after a bug in libhooks
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_manager_generation(m: *const hooks_manager_t) -> u64 {
    boundary::value("hooks_manager_generation", 0, || {
        // SAFETY: the header asks for NULL or a live manager.
        unsafe { m.as_ref() }.map_or(0, |m| m.0.generation())
    })
}

/// Makes a snapshot: the current set of hooks, which later reloads do not change. It may outlive
/// the manager.
///
/// @param m the manager, or NULL
/// @return the snapshot, which hooks_snapshot_free() frees; NULL only if m is NULL, or after a bug
///         in libhooks
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_manager_snapshot(
    m: *const hooks_manager_t,
) -> *mut hooks_snapshot_t {
    boundary::value("hooks_manager_snapshot", ptr::null_mut(), || {
        // SAFETY: the header asks for NULL or a live manager.
        unsafe { m.as_ref() }
            .map_or(ptr::null_mut(), |m| Box::into_raw(Box::new(hooks_snapshot_t(m.0.snapshot()))))
    })
}

/// Frees a manager. No other thread may be using it. Its snapshots and monitors stay valid. Does
/// nothing if m is NULL.
///
/// @param m the manager, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_manager_free(m: *mut hooks_manager_t) {
    boundary::nothing("hooks_manager_free", || {
        // SAFETY: the header asks for NULL or a manager of ours that is not freed yet and that
        // no thread uses.
        unsafe { convert::free(m) }
    });
}

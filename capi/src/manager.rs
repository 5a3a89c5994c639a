//! Managers: the hooks of some directories, and what they do to a config.

use std::ffi::{c_char, c_int};
use std::ptr;

use libhooks::{Config, Manager, diagnostics_to_json};

use crate::boundary;
use crate::convert;
use crate::error::hooks_error_t;
use crate::options::hooks_options_t;
use crate::snapshot::hooks_snapshot_t;

/// The hooks of some directories, ready to be injected. Any number of threads may use it at once;
/// none of them waits for another, nor for a reload. Freed by hooks_manager_free().
pub struct hooks_manager_t(pub(crate) Manager);

/// Reads directories of hook files and makes a manager of them (docs/spec.md, section 1, 2 and 3).
///
/// @param dirs       the directories, in increasing preference: a file in a later one masks that of
/// the same name in                   an earlier one. Any bytes. One that does not exist is no
/// error. Often { HOOKS_DEFAULT_DIR,                   HOOKS_OVERRIDE_DIR }. NULL if dirs_len is 0
/// @param dirs_len   how many; 0: none, and so no hooks
/// @param stages     stages beyond those of OCI that hooks may name; theirs come back apart
/// (stage_hooks_out of                   hooks_manager_hooks()). NULL if stages_len is 0
/// @param stages_len how many
/// @param opts       options; NULL: the defaults
/// @param out        receives the manager, freed by hooks_manager_free()
/// @param err        receives the error; NULL: not wanted. hooks_error_json() holds every problem
/// of every directory @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8 (stages),
/// _IO, _HOOK_FILE, _STAGE, _STRICT: what         the directory's first problem is that the policy
/// does not bear
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
            let stages = convert::texts(stages, stages_len, "stages")?;
            let builder = opts.as_ref().unwrap_or(&hooks_options_t::default()).builder(&stages)?;
            convert::wanted(out, "out")?;
            let manager = builder.directories(dirs).load()?;
            convert::put_object(out, hooks_manager_t(manager));
            Ok(())
        })
    }
}

/// Injects the hooks that match a container into its OCI config (docs/spec.md, sections 5 and 6).
/// All of the config but its "hooks" comes out byte for byte as it went in. On failure nothing is
/// injected.
///
/// @param m                the manager
/// @param config_json      the container's OCI config (config.json)
/// @param annotations_json the container's annotations, a JSON object of strings; NULL: those of
/// the config @param has_bind_mounts  whether it has bind mounts: 0, 1, or HOOKS_BIND_MOUNTS_DETECT
/// @param config_out       receives the config with the hooks, freed by hooks_string_free(); NULL:
/// not wanted @param stage_hooks_out  receives the hooks of the extension stages as a JSON object
/// of arrays, "{}" if there are                         none, freed by hooks_string_free(); NULL:
/// not wanted @param err              receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8, _JSON (config or annotations),
/// _MATCH
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
            let config = convert::text(config_json, "config_json")?;
            let known = convert::known(annotations_json, has_bind_mounts)?;
            let config = Config::parse(config)?;
            let injection = manager.select(&known.of(config.container()))?.inject(&config);
            // Both are made before the first is written: a panic in between must not leave half an
            // answer.
            let stages = injection.extension_stage_hooks.to_json();
            convert::put_text(config_out, || injection.config);
            convert::put_text(stage_hooks_out, || stages);
            Ok(())
        })
    }
}

/// Says for each hook whether it matches a container, and why: each condition with its own verdict,
/// its place in the file, the pattern, what it was tried on, and what keeps one from matching that
/// nearly does; and which files are masked or give no hook (docs/spec.md, section 8). docs/json.md
/// describes the members.
///
/// @param m                the manager
/// @param config_json      the container's OCI config
/// @param annotations_json its annotations, a JSON object of strings; NULL: those of the config
/// @param has_bind_mounts  0, 1, or HOOKS_BIND_MOUNTS_DETECT
/// @param json_out         receives the explanation, a JSON object, freed by hooks_string_free()
/// @param err              receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8, _JSON (config or annotations).
/// Not _MATCH: that         hooks_manager_hooks() would fail is said in the JSON, as "error"
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
            let config = convert::text(config_json, "config_json")?;
            let known = convert::known(annotations_json, has_bind_mounts)?;
            convert::wanted(json_out, "json_out")?;
            let config = Config::parse(config)?;
            let container = known.of(config.container());
            container.check()?;
            let explanation = manager.explain(&container);
            convert::put_text(json_out, || explanation.to_json());
            Ok(())
        })
    }
}

/// Lists the hooks in the order in which they are injected, with path, stages and conditions, and
/// what masks what (docs/spec.md, section 8).
///
/// @param m        the manager
/// @param json_out receives the list, a JSON object, freed by hooks_string_free()
/// @param err      receives the error; NULL: not wanted
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
            convert::wanted(json_out, "json_out")?;
            convert::put_text(json_out, || manager.list().to_json());
            Ok(())
        })
    }
}

/// Every problem found when the hooks were loaded last, those that the policy bears too
/// (docs/spec.md, section 8).
///
/// @param m        the manager
/// @param json_out receives a JSON array with an object for each problem ("severity", "code",
/// "cause", "path", "line",                 "column", "message", "reference", "hint", "errno");
/// free it with hooks_string_free() @param err      receives the error; NULL: not wanted
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
            convert::wanted(json_out, "json_out")?;
            convert::put_text(json_out, || diagnostics_to_json(&manager.diagnostics()));
            Ok(())
        })
    }
}

/// Reads the directories again and swaps the new hooks in as a whole (docs/spec.md, section 7): a
/// call under way in another thread goes on with the old set or the new one, never with a mixture.
///
/// @param m   the manager
/// @param err receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT; _IO if there are no descriptors or no
/// memory left to read them;         and only under HOOKS_POLICY_STRICT what hooks_manager_new()
/// returns. The old hooks stay where it fails
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_manager_reload(
    m: *const hooks_manager_t,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for a live manager, and NULL or memory for `err`.
    unsafe { boundary::status("hooks_manager_reload", err, || convert::object(m, "m")?.0.reload()) }
}

/// A number that grows with each set of hooks swapped in.
///
/// @param m the manager, or NULL
/// @return the number; 0 only if m is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_manager_generation(m: *const hooks_manager_t) -> u64 {
    boundary::value("hooks_manager_generation", 0, || {
        // SAFETY: the header asks for NULL or a live manager.
        unsafe { m.as_ref() }.map_or(0, |m| m.0.generation())
    })
}

/// The hooks as they are now; a reload does not change them. It outlives its manager.
///
/// @param m the manager, or NULL
/// @return the snapshot, freed by hooks_snapshot_free(); NULL only if m is NULL (or after a bug in
/// libhooks)
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

/// Frees a manager. No other thread may be using it. Its snapshots and monitors live on. NULL is
/// allowed.
///
/// @param m the manager, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_manager_free(m: *mut hooks_manager_t) {
    boundary::nothing("hooks_manager_free", || {
        // SAFETY: the header asks for NULL or a manager of ours that is not freed yet and that
        // nobody uses.
        unsafe { convert::free(m) }
    });
}

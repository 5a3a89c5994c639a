//! Snapshots: a set of hooks that does not change, matched by index and without JSON.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use libhooks::{Error, Snapshot, ffi};

use crate::boundary;
use crate::convert;
use crate::error::hooks_error_t;

/// A set of hooks that does not change under its user. Any number of threads may use it at once. It
/// outlives its manager. Freed by hooks_snapshot_free().
pub struct hooks_snapshot_t(pub(crate) Arc<Snapshot>);

/// The generation of the manager that this set was.
///
/// @param s the snapshot, or NULL
/// @return as hooks_manager_generation(); 0 only if s is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_snapshot_generation(s: *const hooks_snapshot_t) -> u64 {
    boundary::value("hooks_snapshot_generation", 0, || {
        // SAFETY: the header asks for NULL or a live snapshot.
        unsafe { s.as_ref() }.map_or(0, |s| s.0.generation())
    })
}

/// How many hooks the set has.
///
/// @param s the snapshot, or NULL
/// @return the number; 0 if s is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_snapshot_len(s: *const hooks_snapshot_t) -> usize {
    boundary::value("hooks_snapshot_len", 0, || {
        // SAFETY: the header asks for NULL or a live snapshot.
        unsafe { s.as_ref() }.map_or(0, |s| s.0.len())
    })
}

/// Lists the hooks of the set, as hooks_manager_list() does.
///
/// @param s        the snapshot
/// @param json_out receives the list, a JSON object, freed by hooks_string_free()
/// @param err      receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK or HOOKS_STATUS_INVALID_ARGUMENT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_snapshot_list(
    s: *const hooks_snapshot_t,
    json_out: *mut *mut c_char,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for a live snapshot, and NULL or memory for the output and `err`.
    unsafe {
        boundary::status("hooks_snapshot_list", err, || {
            let snapshot = &convert::object(s, "s")?.0;
            convert::wanted(json_out, "json_out")?;
            convert::put_text(json_out, || snapshot.list().to_json());
            Ok(())
        })
    }
}

/// One hook of the set.
///
/// @param s        the snapshot
/// @param index    its position (from 0) in the order of hooks_snapshot_list()
/// @param json_out receives the hook as it stands in the list, a JSON object, freed by
/// hooks_string_free() @param err      receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT: also if there is no hook at that
/// position
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_snapshot_hook(
    s: *const hooks_snapshot_t,
    index: usize,
    json_out: *mut *mut c_char,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: as for hooks_snapshot_list.
    unsafe {
        boundary::status("hooks_snapshot_hook", err, || {
            let snapshot = &convert::object(s, "s")?.0;
            convert::wanted(json_out, "json_out")?;
            let hook = snapshot
                .hook(index)
                .ok_or_else(|| Error::invalid_argument(format!("index is {index}")))?;
            convert::put_text(json_out, || hook.to_json());
            Ok(())
        })
    }
}

/// Says which hooks match a container, as positions (from 0) in the order of hooks_snapshot_list().
/// What conditions look at comes in a flat form, so that it may hold any bytes and no JSON is made
/// or read.
///
/// The request, without padding; every number is a uint32_t in the machine's byte order:
///
///     process        0: the container has none; 1: it has one without args; 2: it has args, and
/// args[0] follows:       length         its length in bytes
///       bytes          args[0], without a NUL at the end
///     annotations    how many; then for each:
///       length         the length of the key in bytes
///       bytes          the key
///       length         the length of the value in bytes
///       bytes          the value
///
/// Whatever is left over at the end is an error, as is any length that goes beyond it.
///
/// @param s               the snapshot
/// @param request         the request
/// @param len             its length in bytes
/// @param has_bind_mounts whether the container has bind mounts: 0 or 1 (there are no mounts to
/// look at) @param indexes         receives the positions, growing, as many as there is room for;
/// NULL if cap is 0 @param cap             how many there is room for
/// @param count_out       receives how many hooks match; more than cap: call again with more room
/// @param err             receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _MATCH
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_snapshot_match(
    s: *const hooks_snapshot_t,
    request: *const c_void,
    len: usize,
    has_bind_mounts: c_int,
    indexes: *mut u32,
    cap: usize,
    count_out: *mut usize,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for a live snapshot, `len` bytes of request, memory for `cap`
    // indexes, and NULL or memory for `count_out` and `err`. No more than `cap` are written.
    unsafe {
        boundary::status("hooks_snapshot_match", err, || {
            let snapshot = &convert::object(s, "s")?.0;
            let request = convert::sized_bytes(request, len, "request")?;
            let has_bind_mounts = convert::switch(has_bind_mounts, "has_bind_mounts")?;
            if cap > 0 {
                convert::wanted(indexes, "indexes")?;
            }
            convert::wanted(count_out, "count_out")?;
            let mut matched = Vec::new();
            snapshot.matching(&ffi::container(request, has_bind_mounts)?, &mut matched)?;
            for (i, &index) in matched.iter().take(cap).enumerate() {
                indexes.add(i).write(index);
            }
            convert::put(count_out, matched.len());
            Ok(())
        })
    }
}

/// Frees a snapshot. NULL is allowed.
///
/// @param s the snapshot, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_snapshot_free(s: *mut hooks_snapshot_t) {
    boundary::nothing("hooks_snapshot_free", || {
        // SAFETY: the header asks for NULL or a snapshot of ours that is not freed yet and that
        // nobody uses.
        unsafe { convert::free(s) }
    });
}

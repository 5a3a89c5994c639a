//! Snapshots: sets of hooks that do not change, which are matched without JSON.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use libhooks::{Snapshot, ffi};

use crate::boundary;
use crate::convert;
use crate::error::hooks_error_t;

/// A set of hooks that never changes. Any number of threads may use it at once. It may outlive its
/// manager. Free it with hooks_snapshot_free().
pub struct hooks_snapshot_t(pub(crate) Arc<Snapshot>);

/// Returns the generation number of a snapshot: the value of hooks_manager_generation() at the time
/// when the snapshot was made.
///
/// @param s the snapshot, or NULL
/// @return the number; 0 only if s is NULL, or after a bug in libhooks
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_snapshot_generation(s: *const hooks_snapshot_t) -> u64 {
    boundary::value("hooks_snapshot_generation", 0, || {
        // SAFETY: the header asks for NULL or a live snapshot.
        unsafe { s.as_ref() }.map_or(0, |s| s.0.generation())
    })
}

/// Returns the number of hooks in a snapshot.
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

/// Lists the hooks of a snapshot, as hooks_manager_list() does.
///
/// @param s        the snapshot
/// @param json_out receives the list, a JSON object, which hooks_string_free() frees
/// @param err      receives the error; may be NULL
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
            convert::required(json_out, "json_out")?;
            convert::put_string(json_out, || snapshot.list().to_json());
            Ok(())
        })
    }
}

/// Returns one hook of a snapshot.
///
/// @param s        the snapshot
/// @param index    the hook's position (from 0) in the order of hooks_snapshot_list()
/// @param json_out receives the hook, a JSON object as in the list, which hooks_string_free() frees
/// @param err      receives the error; may be NULL
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if a pointer is NULL, or index is not
///         less than hooks_snapshot_len()
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
            convert::required(json_out, "json_out")?;
            let hook = snapshot.hook(index).ok_or_else(|| {
                let range = format!("less than {}, the number of hooks", snapshot.len());
                convert::out_of_range("index", &range, index)
            })?;
            convert::put_string(json_out, || hook.to_json());
            Ok(())
        })
    }
}

/// Finds the hooks that match a container, and returns their positions (from 0) in the order of
/// hooks_snapshot_list(). The caller describes the container in a binary format, the request. So
/// its strings may have any bytes, and no JSON is written or parsed.
///
/// The request consists of these parts, without padding. Each part except bytes is a uint32_t in
/// the byte order of the machine, and need not be aligned:
///
///     process        0: the config has no process; 1: it has a process without args; 2: it has a
///                    process with args, and args[0] follows:
///       length         the length of args[0] in bytes
///       bytes          args[0], without a NUL at the end
///     annotations    the number of annotations; then for each:
///       length         the length of the key in bytes
///       bytes          the key
///       length         the length of the value in bytes
///       bytes          the value
///
/// If a length exceeds the request, or bytes follow the last annotation, the call fails with
/// HOOKS_STATUS_INVALID_ARGUMENT.
///
/// @param s               the snapshot
/// @param request         the request
/// @param len             the length of the request in bytes
/// @param has_bind_mounts whether the container has bind mounts: 0 or 1 (the request has no mounts,
///                        so the library cannot detect them)
/// @param indexes         an array that receives the positions in ascending order, at most cap of
///                        them; may be NULL if cap is 0
/// @param cap             the number of positions that indexes has space for
/// @param count_out       receives the number of hooks that match. If it is larger than cap, only
///                        the first cap positions were written, and the call still succeeds: call
///                        again with more space (hooks_snapshot_len() positions are always enough)
/// @param err             receives the error; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT or _MATCH
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
                convert::required(indexes, "indexes")?;
            }
            convert::required(count_out, "count_out")?;
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

/// Frees a snapshot. No other thread may be using it. Does nothing if s is NULL.
///
/// @param s the snapshot, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_snapshot_free(s: *mut hooks_snapshot_t) {
    boundary::nothing("hooks_snapshot_free", || {
        // SAFETY: the header asks for NULL or a snapshot of ours that is not freed yet and that
        // no thread uses.
        unsafe { convert::free(s) }
    });
}

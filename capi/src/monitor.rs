//! Monitors, which reload a manager's hooks when the files change.

use std::ffi::{c_char, c_int};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use libhooks::{Canceller, Error, Monitor, Result, changes_to_json};

use crate::boundary;
use crate::convert;
use crate::error::{hooks_error_t, hooks_status};
use crate::manager::hooks_manager_t;

/// Watches the directories of a manager, and reloads its hooks when they change (docs/spec.md,
/// section 7). It works only inside hooks_monitor_dispatch() and hooks_monitor_wait(), in the
/// thread that calls them. It starts no thread and uses no signals. During a reload, any thread can
/// use the manager without waiting.
///
/// Only one thread may be inside hooks_monitor_dispatch(), hooks_monitor_wait() or
/// hooks_monitor_changes() at a time, and a callback must not call them on the same monitor. A
/// second call at the same time fails with HOOKS_STATUS_INVALID_ARGUMENT. Until the monitor is
/// freed, any thread may call hooks_monitor_cancel() and hooks_monitor_fd() at any time.
///
/// A manager may have several monitors, and may be freed before them. The callbacks of the manager
/// must stay valid until its monitors are freed. Free a monitor with hooks_monitor_free().
///
/// With an event loop (poll, epoll, glib, libuv, ...):
///
///     loop_add (hooks_monitor_fd (mon), READABLE, on_readable);
///     ...
///     void on_readable (void)
///     {
///       if (hooks_monitor_dispatch (mon, NULL, NULL) == HOOKS_STATUS_CANCELLED)
///         loop_remove (hooks_monitor_fd (mon));
///     }
///
/// With a thread of your program:
///
///     while (hooks_monitor_wait (mon, -1, NULL, &err) == HOOKS_STATUS_OK)
///       ...
///     hooks_error_free (err);
///
/// With HOOKS_POLICY_STRICT, both functions also return the error of a reload that failed. The old
/// hooks then stay, and the monitor can be used as before.
///
/// Relative directories are resolved against the current working directory at each reload. If your
/// program changes it, pass absolute paths.
///
/// In the child of a fork, a monitor may only be freed. That closes its file descriptors, and
/// changes nothing that the parent uses.
pub struct hooks_monitor_t {
    monitor: Monitor,
    /// Whether a thread is inside dispatch, wait or changes.
    in_use: AtomicBool,
    canceller: Canceller,
    descriptor: RawFd,
}

/// The parts of a monitor that only one thread may use at a time. Other threads may use the other
/// parts meanwhile, so there is never a reference to the whole monitor.
struct InUse<'a> {
    monitor: &'a mut Monitor,
    in_use: &'a AtomicBool,
}

impl<'a> InUse<'a> {
    /// # Safety
    /// `mon` is NULL, or points to a monitor that is not freed during `'a`.
    unsafe fn new(mon: *mut hooks_monitor_t) -> Result<InUse<'a>> {
        convert::required(mon, "mon")?;
        // SAFETY: not NULL, so by this function's contract a monitor; these parts of it are shared.
        let (in_use, canceller) = unsafe { (&(*mon).in_use, &(*mon).canceller) };
        // In the child of a fork, the thread that used the monitor may no longer exist.
        canceller.check_process()?;
        if in_use.swap(true, Ordering::Acquire) {
            return Err(Error::invalid_argument(
                "mon is already in use by another thread or by the calling callback",
            ));
        }
        // SAFETY: as above; no other call has this part, since no other call has set the flag.
        Ok(InUse { monitor: unsafe { &mut (*mon).monitor }, in_use })
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        self.in_use.store(false, Ordering::Release);
    }
}

/// Makes a monitor, which watches the directories of a manager from now on. It also finds changes
/// that were made between loading the hooks and this call: the file descriptor of a new monitor is
/// readable, and the first hooks_monitor_dispatch() or hooks_monitor_wait() reads the directories.
///
/// Directories need not exist. The monitor also watches their parent directories, the targets of
/// symlinks, and the executables of the hooks. If the system refuses to watch a path (the limits
/// are fs.inotify.max_user_instances and fs.inotify.max_user_watches), the monitor checks the files
/// every second instead, until the system allows it. It logs that, and reports it in
/// hooks_monitor_changes().
///
/// @param m   the manager
/// @param out receives the monitor, which hooks_monitor_free() frees
/// @param err receives the error; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT, or _IO if the system has no file
///         descriptor left
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_monitor_new(
    m: *const hooks_manager_t,
    out: *mut *mut hooks_monitor_t,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for a live manager, and NULL or memory for the output and `err`.
    unsafe {
        boundary::status("hooks_monitor_new", err, || {
            let manager = &convert::object(m, "m")?.0;
            convert::required(out, "out")?;
            let monitor = manager.monitor()?;
            let (canceller, descriptor) = (monitor.canceller(), monitor.as_fd().as_raw_fd());
            let in_use = AtomicBool::new(false);
            convert::put_object(out, hooks_monitor_t { monitor, in_use, canceller, descriptor });
            Ok(())
        })
    }
}

/// Returns the file descriptor that is readable when hooks_monitor_dispatch() has work to do. It is
/// level-triggered. It may be readable without a change, and stays readable after a cancel.
///
/// It belongs to the monitor, and is valid until the monitor is freed. A caller must only poll it,
/// not read, change or close it. Call hooks_monitor_dispatch() each time it is readable. Otherwise
/// a change of the system's mounts (mount(8), umount(8)) may be missed: it makes the file
/// descriptor readable for only a few polls.
///
/// @param mon the monitor, or NULL
/// @return the file descriptor; -1 if mon is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_monitor_fd(mon: *const hooks_monitor_t) -> c_int {
    boundary::value("hooks_monitor_fd", -1, || {
        if mon.is_null() {
            return -1;
        }
        // SAFETY: not NULL, so by the header a live monitor; this part of it never changes.
        unsafe { (*mon).descriptor }
    })
}

/// Handles changes to the files, and reloads the hooks if necessary. It may block while it reads
/// files, but does not wait for changes.
///
/// If nothing has changed for 20 ms, it handles the next change at once. It handles the changes
/// that follow within 20 ms together: as soon as 20 ms pass without a change, or after one second
/// if changes keep coming. Both times are longer if reading the files takes longer. The file
/// descriptor becomes readable when a reload is due, so the caller needs no timer.
///
/// @param mon      the monitor
/// @param reloaded receives true if the hooks or the diagnostics differ from those at the last
///                 call, also after a reload by another monitor or by hooks_manager_reload(). Then
///                 hooks_monitor_changes() returns the changes. It may still return "[]", for
///                 example if the only change is a diagnostic of severity info. May be NULL
/// @param err      receives the error; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT (also in the child of a fork), _IO or
///         _CANCELLED. With HOOKS_POLICY_STRICT also the errors of hooks_manager_new(): then the
///         old hooks stay. After _IO and after these errors the monitor continues
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_monitor_dispatch(
    mon: *mut hooks_monitor_t,
    reloaded: *mut bool,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for a monitor that no thread frees meanwhile, and NULL or memory for
    // the output and `err`.
    unsafe {
        boundary::status("hooks_monitor_dispatch", err, || {
            let done = InUse::new(mon)?.monitor.dispatch()?;
            convert::put(reloaded, done);
            Ok(())
        })
    }
}

/// Waits until the hooks or the diagnostics change, and handles changes to the files meanwhile, as
/// hooks_monitor_dispatch() does. A signal does not end the wait: the program's signal handler
/// runs, and the wait continues.
///
/// @param mon        the monitor
/// @param timeout_ms the longest time to wait, in milliseconds; -1: no limit; 0: do not wait, as
///                   hooks_monitor_dispatch(). Less than -1 is not allowed
/// @param reloaded   receives true after a change, false after the timeout; may be NULL
/// @param err        receives the error; may be NULL
/// @return as hooks_monitor_dispatch(); the timeout is not an error
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_monitor_wait(
    mon: *mut hooks_monitor_t,
    timeout_ms: c_int,
    reloaded: *mut bool,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: as for hooks_monitor_dispatch.
    unsafe {
        boundary::status("hooks_monitor_wait", err, || {
            let used = InUse::new(mon)?;
            let timeout =
                match timeout_ms {
                    -1 => None,
                    _ => Some(u64::try_from(timeout_ms).map_err(|_| {
                        convert::out_of_range("timeout_ms", "-1 or more", timeout_ms)
                    })?),
                };
            let done = used.monitor.wait(timeout.map(Duration::from_millis))?;
            convert::put(reloaded, done);
            Ok(())
        })
    }
}

/// Returns the changes since the last call of this function for this monitor, or, at the first
/// call, since the monitor was made. They include the changes of reloads by other monitors and by
/// hooks_manager_reload(). It does not reload, and works after a cancel. See docs/json.md.
///
/// @param mon      the monitor
/// @param json_out receives a JSON array of objects ("[]" without changes), which
///                 hooks_string_free() frees. The members are "change" ("added", "updated",
///                 "removed", "masked", "unmasked", "problem" or "resolved"); "path", the hook
///                 file; for "masked", "by", the file that masks it; and for "problem" and
///                 "resolved" (a problem that is gone), "diagnostic", as in
///                 hooks_manager_diagnostics()
/// @param err      receives the error; may be NULL
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT, also in the child of a fork
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_monitor_changes(
    mon: *mut hooks_monitor_t,
    json_out: *mut *mut c_char,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: as for hooks_monitor_dispatch.
    unsafe {
        boundary::status("hooks_monitor_changes", err, || {
            let used = InUse::new(mon)?;
            convert::required(json_out, "json_out")?;
            let changes = used.monitor.changes()?;
            convert::put_string(json_out, || changes_to_json(&changes));
            Ok(())
        })
    }
}

/// Cancels a monitor, for good: a running hooks_monitor_wait() returns, and it and all later calls
/// of hooks_monitor_dispatch() and hooks_monitor_wait() fail with HOOKS_STATUS_CANCELLED. Any
/// thread and any signal handler may call this function: it is async-signal-safe, and does not
/// change errno. No thread may free the monitor during the call. In the child of a fork, it does
/// nothing and returns HOOKS_STATUS_OK.
///
/// @param mon the monitor
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if mon is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_monitor_cancel(mon: *const hooks_monitor_t) -> c_int {
    // Not inside the boundary: a thread may allocate its thread-local at the first use. Nothing
    // here can panic.
    if mon.is_null() {
        return hooks_status::HOOKS_STATUS_INVALID_ARGUMENT as c_int;
    }
    // SAFETY: not NULL, so by the header a live monitor; this part of it is used from any thread.
    unsafe { (*mon).canceller.cancel() };
    hooks_status::HOOKS_STATUS_OK as c_int
}

/// Frees a monitor, and closes its file descriptors. No thread may be using it: to end a
/// hooks_monitor_wait() in another thread, call hooks_monitor_cancel() first, and wait until that
/// thread has left it. The manager keeps its hooks. In the child of a fork, this function only
/// closes the file descriptors, and may be called even if another thread of the parent was using
/// the monitor. Does nothing if mon is NULL.
///
/// @param mon the monitor, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_monitor_free(mon: *mut hooks_monitor_t) {
    boundary::nothing("hooks_monitor_free", || {
        if !mon.is_null() {
            // SAFETY: not NULL, so by the header a monitor that `put_object` made, that is not
            // freed yet, and that no thread uses. (In the child of a fork: no thread that still
            // exists.)
            let object = unsafe { Box::from_raw(mon) };
            object.monitor.close();
        }
    });
}

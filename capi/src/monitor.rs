//! Monitors: what reloads a manager's hooks when their files change.

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
/// section 7). It does so only in the thread that is inside of hooks_monitor_dispatch() or
/// hooks_monitor_wait(): there is no thread of its own, and no signal is ever its. What is in use
/// is read by any thread meanwhile, without waiting.
///
/// One thread at a time may be in dispatch, wait or changes, and so may not a callback that one of
/// them calls: another is HOOKS_STATUS_INVALID_ARGUMENT. hooks_monitor_cancel() and
/// hooks_monitor_fd() may be called from anywhere. A manager may have several monitors, and may be
/// freed before them; callbacks that it was made with are called as long as they live.
/// Freed by hooks_monitor_free().
///
/// With an event loop (poll, epoll, glib, libuv, ...):
///
///     loop_add (hooks_monitor_fd (mon), READABLE, on_readable);
///     ...
///     void on_readable (void)
///     {
///       if (hooks_monitor_dispatch (mon, NULL, &err) == HOOKS_STATUS_CANCELLED)
///         loop_remove (hooks_monitor_fd (mon));
///     }
///
/// With a thread of the caller's:
///
///     while (hooks_monitor_wait (mon, -1, NULL, &err) == HOOKS_STATUS_OK)
///       ...
///
/// Relative directories are those of the working directory at the time: who changes it gives
/// absolute ones.
///
/// In the child of a fork it may only be freed: that closes its descriptors, and touches nothing
/// that the parent uses.
pub struct hooks_monitor_t {
    monitor: Monitor,
    /// Whether somebody is in dispatch, wait or changes.
    in_use: AtomicBool,
    canceller: Canceller,
    descriptor: RawFd,
}

/// What one at a time uses of a monitor. The rest may be in use meanwhile, so there is never a
/// reference to the whole.
struct InUse<'a> {
    monitor: &'a mut Monitor,
    in_use: &'a AtomicBool,
}

impl<'a> InUse<'a> {
    /// # Safety
    /// `mon` is NULL, or points to a monitor that is not freed during `'a`.
    unsafe fn new(mon: *mut hooks_monitor_t) -> Result<InUse<'a>> {
        convert::wanted(mon, "mon")?;
        // SAFETY: not NULL, so by this function's contract a monitor; these parts of it are shared.
        let (in_use, canceller) = unsafe { (&(*mon).in_use, &(*mon).canceller) };
        // In the child of a fork, who used it may not be there any more.
        canceller.check_process()?;
        if in_use.swap(true, Ordering::Acquire) {
            return Err(Error::invalid_argument(
                "mon is already in use by another thread or by the calling callback",
            ));
        }
        // SAFETY: as above; nobody else has this part, since nobody else has set the flag.
        Ok(InUse { monitor: unsafe { &mut (*mon).monitor }, in_use })
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        self.in_use.store(false, Ordering::Release);
    }
}

/// Watches the directories of a manager from now on. What was written since its hooks were loaded
/// is found, too: the descriptor of a new monitor is readable, and the first dispatch reads the
/// directories.
///
/// Directories need not exist. Watched are also those that lead there, where symlinks lead, and the
/// hooks' executables. Where the system refuses that (fs.inotify.max_user_instances,
/// max_user_watches), the files are looked at every second instead, until it does not; that is
/// logged, and one of hooks_monitor_changes().
///
/// @param m   the manager
/// @param out receives the monitor, freed by hooks_monitor_free()
/// @param err receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _IO (there are no descriptors left)
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
            convert::wanted(out, "out")?;
            let monitor = manager.monitor()?;
            let (canceller, descriptor) = (monitor.canceller(), monitor.as_fd().as_raw_fd());
            let in_use = AtomicBool::new(false);
            convert::put_object(out, hooks_monitor_t { monitor, in_use, canceller, descriptor });
            Ok(())
        })
    }
}

/// The descriptor that is readable when hooks_monitor_dispatch() has something to do. It is
/// level-triggered, may be readable for nothing, and stays readable once the monitor is cancelled.
/// It is only to be polled, each time followed by a dispatch (of a mount, a few polls without one
/// are told, and no more); and it belongs to the monitor.
///
/// @param mon the monitor, or NULL
/// @return the descriptor; -1 if mon is NULL
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

/// Deals with what has happened to the files: reloads the hooks if they are to be. It reads files,
/// and does not block otherwise. A change after a quiet time is served at once; what follows within
/// 20 ms is served together, once 20 ms were quiet (or after a second; both are longer where
/// reading the files takes longer).
///
/// @param mon      the monitor
/// @param reloaded receives whether there are other hooks or problems than before (so that
/// hooks_monitor_changes() mostly                 has something to tell); NULL: not wanted
/// @param err      receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT (also in the child of a fork), _IO,
/// _CANCELLED; and only under         HOOKS_POLICY_STRICT what hooks_manager_new() returns: the old
/// hooks stay then, and the monitor goes on
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_monitor_dispatch(
    mon: *mut hooks_monitor_t,
    reloaded: *mut bool,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for a monitor that nobody frees meanwhile, and NULL or memory for the
    // output and `err`.
    unsafe {
        boundary::status("hooks_monitor_dispatch", err, || {
            let done = InUse::new(mon)?.monitor.dispatch()?;
            convert::put(reloaded, done);
            Ok(())
        })
    }
}

/// Waits until there are other hooks or problems. Signals do not end it: a handler of the host's
/// runs, and it goes on.
///
/// @param mon        the monitor
/// @param timeout_ms how long to wait at most, in milliseconds; -1: for ever; 0: as
/// hooks_monitor_dispatch() @param reloaded   receives whether there are; false: the time is over.
/// NULL: not wanted @param err        receives the error; NULL: not wanted
/// @return as hooks_monitor_dispatch()
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
                        Error::invalid_argument(format!("timeout_ms is {timeout_ms}"))
                    })?),
                };
            let done = used.monitor.wait(timeout.map(Duration::from_millis))?;
            convert::put(reloaded, done);
            Ok(())
        })
    }
}

/// What is different from when this was asked last (at first: from when the monitor was made),
/// whoever reloaded.
///
/// @param mon      the monitor
/// @param json_out receives a JSON array of objects, "[]" if there are none, freed by
/// hooks_string_free(): "change"                 ("added", "updated", "removed", "masked",
/// "unmasked", "problem"), "path" (of the hook file), of masked                 "by" (which file
/// masks it), and of problem "diagnostic", as hooks_manager_diagnostics() has it @param err
/// receives the error; NULL: not wanted @return HOOKS_STATUS_OK or HOOKS_STATUS_INVALID_ARGUMENT
/// (also in the child of a fork)
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
            convert::wanted(json_out, "json_out")?;
            let changes = used.monitor.changes()?;
            convert::put_text(json_out, || changes_to_json(&changes));
            Ok(())
        })
    }
}

/// Ends a monitor: whoever is in hooks_monitor_wait() returns, and dispatch and wait are
/// HOOKS_STATUS_CANCELLED from now on. Any thread may call it, and a signal handler: it is
/// async-signal-safe, and leaves errno as it was. In the child of a fork it does nothing. Nobody
/// may be freeing the monitor meanwhile.
///
/// @param mon the monitor
/// @return HOOKS_STATUS_OK or HOOKS_STATUS_INVALID_ARGUMENT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_monitor_cancel(mon: *const hooks_monitor_t) -> c_int {
    // Not within the boundary, whose thread-local may be allocated when a thread first uses it.
    // There is nothing here that could panic.
    if mon.is_null() {
        return hooks_status::HOOKS_STATUS_INVALID_ARGUMENT as c_int;
    }
    // SAFETY: not NULL, so by the header a live monitor; this part of it is used from any thread.
    unsafe { (*mon).canceller.cancel() };
    hooks_status::HOOKS_STATUS_OK as c_int
}

/// Frees a monitor, and closes its descriptors. Nobody may be using it. Its manager keeps the hooks
/// that it has. In the child of a fork it closes the descriptors and does nothing else, whatever a
/// thread of the parent was doing with it. NULL is allowed.
///
/// @param mon the monitor, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_monitor_free(mon: *mut hooks_monitor_t) {
    boundary::nothing("hooks_monitor_free", || {
        if !mon.is_null() {
            // SAFETY: not NULL, so by the header a monitor that `put_object` handed out, not freed
            // yet, that nobody uses. (In the child of a fork, that is: no thread that
            // is still there.)
            let object = unsafe { Box::from_raw(mon) };
            object.monitor.close();
        }
    });
}

//! Watching directories, and reloading their hooks when they change (docs/spec.md, section 7).
//!
//! A monitor starts no thread: it is a file descriptor for the caller's event loop, or a blocking
//! wait, and reloads in the caller's thread. `wakeups` joins the sources of events: `watches`
//! (inotify), `mounts`, and `cancel`. `polling` says when to look for changes that the kernel does
//! not report, and `fingerprint` finds them. `debounce` says when to reload. `change` finds the
//! differences between two snapshots, and `reported` remembers which of them were reported.

mod cancel;
mod change;
mod debounce;
mod fingerprint;
mod mounts;
mod polling;
mod reported;
mod wakeups;
mod watches;

use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::active::Shared;
use crate::go::Errno;
use crate::log::LogLevel;
use crate::problem::{Cause, Diagnostic, Error, ErrorKind, Refusal, Result};
use crate::snapshot::Snapshot;

pub use cancel::Canceller;
pub use change::{Change, ChangeKind, changes_to_json};
use debounce::Debounce;
use fingerprint::Fingerprint;
use mounts::Mounts;
use polling::{INTERVAL, Polling};
use reported::Reported;
use wakeups::{CANCELLED, INOTIFY, MOUNTS, Wakeups};
use watches::{Activity, Watches};

/// How often a reload is repeated at once because it found more files to watch.
const REPEATS: usize = 3;

/// Watches the directories of a [`Manager`](crate::Manager), and reloads its hooks when they
/// change. Made by [`Manager::monitor`](crate::Manager::monitor). Either may be dropped first.
///
/// Use it in one of two ways: [`Monitor::wait`] blocks until the hooks change; or add the file
/// descriptor ([`AsFd`]) to an event loop (poll or epoll in any form), and call
/// [`Monitor::dispatch`] whenever it is readable. The file descriptor is level-triggered and may be
/// readable without a change. Only poll it; do not read from it.
///
/// The monitor also watches everything that the hooks depend on: the targets of symlinks,
/// directories that do not exist yet, and the hooks' executables. A change to a quiet directory
/// causes a reload at once. Changes that follow within 20 ms share one reload, once it has been
/// quiet for 20 ms (or after a second; both times are longer where a reload takes longer). If the
/// kernel refuses a watch, the monitor polls the directories every second until the kernel accepts
/// all watches; a [`Change`] and a log line report this.
///
/// In the child of a fork it may only be dropped. That closes its file descriptors and does nothing
/// else.
///
/// ```
/// use libhooks::{ChangeKind, Manager};
///
/// let directory = std::env::temp_dir().join("libhooks-monitor-doctest.d");
/// # let _ = std::fs::remove_dir_all(&directory);
/// let manager = Manager::builder().directory(&directory).load()?;
/// let mut monitor = manager.monitor()?;
///
/// // The directory need not exist before.
/// std::fs::create_dir(&directory)?;
/// let hook = r#"{
///     "version": "1.0.0",
///     "hook": {"path": "/bin/true"},
///     "when": {"always": true},
///     "stages": []
/// }"#;
/// std::fs::write(directory.join("example.json"), hook)?;
/// while manager.list().hooks.is_empty() {
///     monitor.wait(None)?;
/// }
/// assert_eq!(monitor.changes()?[0].kind, ChangeKind::Added);
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Monitor {
    hooks: Arc<Shared>,
    canceller: Canceller,
    wakeups: Wakeups,
    watches: Watches,
    /// `None` where a security profile denies access to the table of mounts.
    mounts: Option<Mounts>,
    debounce: Debounce,
    polling: Polling,
    /// The snapshot that was read last. It is in use unless the policy refused it or a newer one
    /// is in use.
    latest: Arc<Snapshot>,
    reported: Reported,
}

impl Monitor {
    pub(crate) fn new(hooks: Arc<Shared>) -> Result<Monitor> {
        let failed = |error| system_error("cannot make a monitor", &error);
        let canceller = Canceller::new().map_err(failed)?;
        let wakeups = Wakeups::new(&canceller).map_err(failed)?;
        let snapshot = hooks.snapshot();
        let mut monitor = Monitor {
            canceller,
            mounts: match Mounts::new(&wakeups.events, MOUNTS) {
                // A security profile may deny access to it.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
                    ) =>
                {
                    hooks.options.write_log(LogLevel::Info, |line| {
                        line.write(
                            "cannot read /proc/thread-self/mountinfo: mounts over hook directories will not be noticed",
                            &[],
                        );
                    });
                    None
                }
                mounts => Some(mounts.map_err(failed)?),
            },
            wakeups,
            // The first dispatch reads all files again, since some may have changed after they were
            // loaded.
            watches: Watches::new(hooks.options.root.clone()),
            debounce: Debounce::new(Instant::now()),
            polling: Polling::default(),
            reported: Reported::new(&snapshot),
            latest: snapshot,
            hooks,
        };
        monitor.set_up_watches();
        Ok(monitor)
    }

    /// Handles the events, and reloads the hooks if a reload is due. It may block to read files,
    /// but does not wait for events. Returns whether hooks or problems have changed.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] after the monitor was cancelled. [`ErrorKind::InvalidArgument`] in
    /// the child of a fork. Under [`Policy::Strict`](crate::Policy::Strict), the error of
    /// [`Manager::reload`](crate::Manager::reload); the old hooks stay, and the monitor continues.
    pub fn dispatch(&mut self) -> Result<bool> {
        self.canceller.check_process()?;
        let ready = self
            .wakeups
            .wait(Some(Duration::ZERO))
            .map_err(|error| system_error("epoll_wait", &error))?;
        self.handle(ready)
    }

    /// Waits until hooks or problems change, and returns whether they have changed. It returns
    /// false at the timeout; `None` waits without a limit. A signal does not end it.
    ///
    /// # Errors
    /// Those of [`Monitor::dispatch`].
    pub fn wait(&mut self, timeout: Option<Duration>) -> Result<bool> {
        self.canceller.check_process()?;
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let ready =
                self.wakeups.wait(left).map_err(|error| system_error("epoll_wait", &error))?;
            if self.handle(ready)? {
                return Ok(true);
            }
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(false);
            }
        }
    }

    /// Returns the changes since the last call, or since the monitor was made. It includes those of
    /// all reloads in between, by this monitor or another caller.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] in the child of a fork.
    pub fn changes(&mut self) -> Result<Vec<Change>> {
        self.canceller.check_process()?;
        Ok(self.reported.changes(self.hooks.snapshot(), &self.latest))
    }

    /// Returns what was there at the last call of [`Monitor::changes`], or when the monitor was
    /// made: each hook ([`ChangeKind::Present`](crate::ChangeKind::Present), or
    /// [`ChangeKind::Masked`](crate::ChangeKind::Masked)), and each error and warning. The next
    /// call of [`Monitor::changes`] returns the differences from it.
    pub fn present(&self) -> Vec<Change> {
        self.reported.present()
    }

    /// Returns a canceller, which ends the monitor.
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// Closes the monitor, as dropping it does. But in the child of a fork it only closes file
    /// descriptors, since another thread of the parent may have been in the middle of a dispatch.
    pub fn close(self) {
        if self.canceller.check_process().is_ok() {
            return;
        }
        let monitor = ManuallyDrop::new(self);
        let mounts = monitor.mounts.iter().flat_map(Mounts::descriptors);
        let rest = monitor.watches.descriptor().into_iter().chain([monitor.canceller.as_fd()]);
        for descriptor in monitor.wakeups.descriptors().into_iter().chain(mounts).chain(rest) {
            crate::sys::close(descriptor);
        }
    }

    /// Handles the events of these sources. Returns whether there are changes.
    fn handle(&mut self, ready: u32) -> Result<bool> {
        if ready & CANCELLED != 0 {
            return Err(Error::new(ErrorKind::Cancelled, Cause::Cancelled));
        }
        if let Some(mounts) = self.mounts.as_mut().filter(|_| ready & MOUNTS != 0) {
            mounts.fired();
        }
        let now = Instant::now();
        let activity = self.activity(now);
        let mut outcome = Ok(());
        if self.debounce.due(now, activity, ready & INOTIFY != 0) {
            outcome = self.reload(now);
            match outcome.as_ref().err().filter(|error| error.is_out_of_resources()) {
                Some(error) => {
                    if self.reported.reload_out_of_resources() {
                        self.notify(error.to_diagnostic(None));
                    }
                    outcome = Ok(());
                    self.debounce.retry(Instant::now(), INTERVAL);
                }
                None => {
                    let done = Instant::now();
                    self.reported.reload_done();
                    self.debounce.reload_done(now, done);
                    let failed =
                        self.latest.without_hook().filter_map(Diagnostic::errno).any(may_pass);
                    self.polling.reload_done(done, failed);
                }
            }
        }
        let ready = self.rearm();
        outcome?;
        ready.map_err(|error| system_error("watching the hooks", &error))?;
        // Each monitor reports all changes, no matter who reloaded.
        Ok(self.reported.dispatch(self.hooks.snapshot()))
    }

    /// Sets the events that wake the caller next: the timer, and the other sources unless they must
    /// wait.
    fn rearm(&mut self) -> io::Result<()> {
        // The timer comes first, since without it nothing would wake the caller any more.
        let next = self.debounce.next().into_iter().chain(self.polling.next()).min();
        self.wakeups.wake_at(next)?;
        let rearmed = self.rearm_events();
        if rearmed.is_err() {
            // Events may still be muted: the timer wakes the caller for another attempt.
            let retry = Instant::now() + INTERVAL;
            self.wakeups.wake_at(Some(next.map_or(retry, |next| next.min(retry))))?;
        }
        rearmed
    }

    fn rearm_events(&mut self) -> io::Result<()> {
        let settling = self.debounce.is_settling();
        self.watches.mute(&self.wakeups.events, INOTIFY, settling)?;
        match &mut self.mounts {
            Some(mounts) if !settling => mounts.arm(&self.wakeups.events, MOUNTS),
            _ => Ok(()),
        }
    }

    /// Returns the activity since the last call.
    fn activity(&mut self, now: Instant) -> Activity {
        let read = self.watches.read();
        if self.watches.overflowed() {
            self.hooks.options.write_log(LogLevel::Info, |line| {
                line.write("events about hook files were lost: reading all hook files again", &[]);
            });
        }
        let looked = if self.polling.look_is_due(now) {
            self.set_up_watches();
            if self.polling.looks_at_directories() {
                self.look()
            } else {
                // The watches are complete again, but did not report earlier changes.
                self.watches.suspect_all();
                Activity::Complete
            }
        } else if self.debounce.is_quiet(now) && self.mounts.as_ref().is_some_and(Mounts::changed) {
            self.set_up_watches();
            let looked = self.look();
            if looked == Activity::None {
                self.debounce.poll_done(now, Instant::now());
            }
            looked
        } else {
            Activity::None
        };
        // (A reload reads the files that failed before, and the files that changed.)
        let again = if self.polling.read_is_due(now) { Activity::Complete } else { Activity::None };
        read.max(looked).max(again)
    }

    /// Compares the directories with their state at the last call.
    fn look(&mut self) -> Activity {
        let looks = Fingerprint::new(
            &self.hooks.options.root,
            &self.hooks.directories,
            &self.latest.depends_on.executables,
        );
        if !self.polling.has_changed(looks) {
            return Activity::None;
        }
        self.watches.suspect_all();
        Activity::Complete
    }

    /// Reads the hooks again, after setting up watches for everything that they depend on.
    fn reload(&mut self, start: Instant) -> Result<()> {
        // (If it was quiet, `activity` has already checked for mounts.)
        let mounted =
            !self.debounce.is_quiet(start) && self.mounts.as_ref().is_some_and(Mounts::changed);
        if mounted {
            self.watches.suspect_all();
        }
        if mounted || self.watches.are_stale() {
            self.set_up_watches();
        }
        let mut touched = self.watches.take_touched();
        for _ in 0..REPEATS {
            let rescan = self.hooks.reload(touched.take());
            if rescan.outcome.is_err() {
                // A file that was refused differs from the one in use.
                self.watches.suspect_all();
            }
            if rescan.outcome.as_ref().is_err_and(Error::is_out_of_resources) {
                return rescan.outcome;
            }
            let same = self.latest.depends_on.leads_as(&rescan.snapshot.depends_on);
            self.latest = rescan.snapshot;
            // Files that had no watch yet may have changed after they were read.
            if same || !self.set_up_watches() {
                return rescan.outcome;
            }
        }
        self.debounce.retry(Instant::now(), Duration::ZERO);
        Ok(())
    }

    /// Logs and reports a problem of the monitor itself.
    fn notify(&mut self, notice: Diagnostic) {
        self.hooks.log(&notice);
        self.reported.add_notice(notice);
    }

    /// Watches everything that the hooks depend on, and nothing else. Returns whether it watches
    /// more than before.
    fn set_up_watches(&mut self) -> bool {
        let (directories, depends_on) = (&self.hooks.directories, &self.latest.depends_on);
        let grown = self.watches.set_up(&self.wakeups.events, INOTIFY, directories, depends_on);
        if let Some(refusal) = self.watches.refusal() {
            if self.polling.start(Instant::now()) {
                let notice = refused(refusal);
                self.notify(notice);
            }
        } else if self.polling.stop() {
            self.hooks.options.write_log(LogLevel::Info, |line| {
                line.write("inotify works again", &[]);
            });
        }
        grown
    }
}

/// The file descriptor that is readable when [`Monitor::dispatch`] has something to do.
impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wakeups.as_fd()
    }
}

/// The same file descriptor as a number, for event loops that take one. It stays open and does not
/// change until the monitor is dropped.
impl AsRawFd for Monitor {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Returns whether the error may disappear without a change to a file or directory, such as an
/// error of a disk or a server.
fn may_pass(errno: Errno) -> bool {
    matches!(
        errno,
        Errno(
            libc::EIO
                | libc::EBUSY
                | libc::ESTALE
                | libc::EREMOTEIO
                | libc::ETIMEDOUT
                | libc::ENOTCONN
                | libc::ECONNRESET
                | libc::ECONNABORTED
                | libc::ECONNREFUSED
                | libc::EHOSTDOWN
                | libc::EHOSTUNREACH
                | libc::ENETDOWN
                | libc::ENETUNREACH
        )
    )
}

fn system_error(operation: &'static str, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, Cause::Watch { operation, errno: Errno::of(error), poll: None })
}

/// Returns the diagnostic for a watch that the kernel refused.
fn refused(refusal: &Refusal) -> Diagnostic {
    let hint = match refusal.errno {
        Errno(libc::EMFILE) => Some(
            "raise fs.inotify.max_user_instances (sysctl), or the limit of open files of the process",
        ),
        Errno(libc::ENOSPC) => Some("raise fs.inotify.max_user_watches (sysctl)"),
        _ => None,
    };
    let Refusal { operation, errno, .. } = *refusal;
    let cause = Cause::Watch { operation, errno, poll: Some(INTERVAL.as_secs()) };
    Diagnostic::new(refusal.path.clone(), cause).hint(hint.map(str::to_owned))
}

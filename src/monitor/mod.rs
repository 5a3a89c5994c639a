//! Watching directories, and reloading their hooks when they change (docs/spec.md, section 7).
//!
//! A monitor starts no thread: it is a descriptor for the caller's event loop, or a blocking wait,
//! and a reload happens in the caller's thread. `wakeups` joins the sources of events: `watches`
//! (inotify), `mounts`, and `cancel`. `polling` says when to look for changes that the kernel does
//! not report, and `fingerprint` finds them. `debounce` says when to reload. `change`
//! finds the differences between two sets, and `reported` remembers which of them were reported.

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

/// How often a reload is repeated at once because it found more to be watched.
const REPEATS: usize = 3;

/// Watches the directories of a [`Manager`](crate::Manager), and reloads its hooks when they
/// change. Made by [`Manager::monitor`](crate::Manager::monitor); either may go first.
///
/// It is used in one of two ways: [`Monitor::wait`] blocks until there are other hooks; or the
/// descriptor ([`AsFd`]) is put into an event loop (poll, epoll, in whatever form), and
/// [`Monitor::dispatch`] called whenever it is readable. The descriptor is level-triggered, may be
/// readable for nothing, and is only to be polled.
///
/// Also watched is what the hooks depend on: where symlinks lead, directories that do not exist
/// yet, and the hooks' executables. A change to a quiet directory is served at once; what follows
/// within 20 ms is served together, once it has been quiet for 20 ms (or after a second; both are
/// longer where a reload takes longer). Where the system refuses to tell of changes, the
/// directories are looked at every second until it does again; a [`Change`] and a log line say so.
///
/// In the child of a fork it may only be dropped: that closes its descriptors, and nothing else.
///
/// ```
/// use libhooks::{ChangeKind, Manager};
///
/// let directory = std::env::temp_dir().join("libhooks-monitor-doctest.d");
/// # let _ = std::fs::remove_dir_all(&directory);
/// let manager = Manager::builder().directory(&directory).load()?;
/// let mut monitor = manager.monitor()?;
///
/// // It need not have been there.
/// std::fs::create_dir(&directory)?;
/// let hook = r#"{"version": "1.0.0", "hook": {"path": "/bin/true"}, "when": {"always": true}, "stages": []}"#;
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
    /// The set that was read last. It is in use unless the policy refused it or a newer one is.
    latest: Arc<Snapshot>,
    reported: Reported,
}

impl Monitor {
    pub(crate) fn new(hooks: Arc<Shared>) -> Result<Monitor> {
        let failed = |error| system_error("a monitor cannot be made", &error);
        let canceller = Canceller::new().map_err(failed)?;
        let wakeups = Wakeups::new(&canceller).map_err(failed)?;
        let set = hooks.snapshot();
        let mut monitor = Monitor {
            canceller,
            mounts: match Mounts::new(&wakeups.events, MOUNTS) {
                // A security profile may keep it from us.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
                    ) =>
                {
                    hooks.options.tell(LogLevel::Info, |line| {
                        line.write(
                            "mounts over hook directories are not seen, since /proc is out of reach",
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
            watches: Watches::new(),
            debounce: Debounce::new(Instant::now()),
            polling: Polling::default(),
            reported: Reported::new(&set),
            latest: set,
            hooks,
        };
        monitor.set_up_watches();
        Ok(monitor)
    }

    /// Deals with what has happened: reloads the hooks if they are to be. It reads files, and does
    /// not block otherwise. Returns whether there are other hooks, or other problems, than
    /// before.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] once it was cancelled. Under
    /// [`Policy::Strict`](crate::Policy::Strict) what
    /// [`Manager::reload`](crate::Manager::reload) returns: the old hooks stay, and the monitor
    /// goes on. [`ErrorKind::InvalidArgument`] in the child of a fork.
    pub fn dispatch(&mut self) -> Result<bool> {
        self.canceller.check_process()?;
        let ready = self
            .wakeups
            .wait(Some(Duration::ZERO))
            .map_err(|error| system_error("epoll_wait", &error))?;
        self.handle(ready)
    }

    /// Waits until there are other hooks, or other problems, and returns whether there are: not if
    /// the time is over before (`None`: never). A signal does not end it.
    ///
    /// # Errors
    /// As [`Monitor::dispatch`].
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

    /// What is different from when this was asked last (at first: from when the monitor was made),
    /// however many reloads there were in between, and whoever made them.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] in the child of a fork.
    pub fn changes(&mut self) -> Result<Vec<Change>> {
        self.canceller.check_process()?;
        Ok(self.reported.changes(self.hooks.snapshot(), &self.latest))
    }

    /// What ends it from anywhere.
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// Closes it, as dropping does; but in the child of a fork it does no more than close
    /// descriptors, since another thread of the parent may have been in the middle of a
    /// dispatch.
    pub fn close(self) {
        if self.canceller.check_process().is_ok() {
            return;
        }
        let monitor = ManuallyDrop::new(self);
        let mounts = monitor.mounts.iter().flat_map(Mounts::descriptors);
        let others = monitor.watches.descriptor().into_iter().chain([monitor.canceller.as_fd()]);
        for descriptor in monitor.wakeups.descriptors().into_iter().chain(mounts).chain(others) {
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

    /// Sets what wakes the caller next: the timer, and events unless they must wait.
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

    /// Returns what has happened since the last call.
    fn activity(&mut self, now: Instant) -> Activity {
        let read = self.watches.read();
        if self.watches.overflowed() {
            self.hooks.options.tell(LogLevel::Info, |line| {
                line.write("events about hook files were lost: reading all of them again", &[]);
            });
        }
        let looked = if self.polling.look_is_due(now) {
            self.set_up_watches();
            if self.polling.looks_at_directories() {
                self.look()
            } else {
                // The watches are complete again, but did not report what happened until now.
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
        // (A reload reads the files that gave no hook, and of the others only those that changed.)
        let again = if self.polling.read_is_due(now) { Activity::Complete } else { Activity::None };
        read.max(looked).max(again)
    }

    /// Compares the directories with what they looked like at the last call.
    fn look(&mut self) -> Activity {
        let looks = Fingerprint::new(&self.hooks.directories, &self.latest.depends_on.executables);
        if !self.polling.has_changed(looks) {
            return Activity::None;
        }
        self.watches.suspect_all();
        Activity::Complete
    }

    /// Reads the hooks again, after it set up watches for everything that they depend on.
    fn reload(&mut self, start: Instant) -> Result<()> {
        // (Where it was quiet, `activity` has asked for mounts already.)
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

    /// Watches everything that the hooks depend on, and nothing else. Returns whether this is more
    /// than before.
    fn set_up_watches(&mut self) -> bool {
        let (directories, depends_on) = (&self.hooks.directories, &self.latest.depends_on);
        let grown = self.watches.set_up(&self.wakeups.events, INOTIFY, directories, depends_on);
        if let Some(refusal) = self.watches.refusal() {
            if self.polling.start(Instant::now()) {
                let notice = refused(refusal);
                self.notify(notice);
            }
        } else if self.polling.stop() {
            self.hooks.options.tell(LogLevel::Info, |line| {
                line.write("the system tells of changes to hook files again", &[]);
            });
        }
        grown
    }
}

/// The descriptor that is readable when [`Monitor::dispatch`] has something to do.
impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wakeups.as_fd()
    }
}

/// The same descriptor as a number, for event loops that take one. It stays open, and the same,
/// until the monitor is dropped.
impl AsRawFd for Monitor {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Whether the error may go away without a change to a file or directory, such as an error of a
/// disk or a server.
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

/// What to tell when the system refuses to watch.
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

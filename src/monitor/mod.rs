//! Watching directories, and reloading their hooks when they change (SPEC §7).
//!
//! There is no thread: a [`Monitor`] is a descriptor for the caller's event loop, or a blocking wait, and a reload happens in the
//! caller's thread. `watches` knows what has to be watched and reads what has happened; `fingerprint` finds out by looking
//! what nobody tells; `change` says what is different; here is when to reload.

mod change;
mod fingerprint;
mod mounts;
mod watches;

use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::manager::Shared;
use crate::options::LogLevel;
use crate::snapshot::Snapshot;
use crate::sys::{EventSet, Flag, Timer, Wanted, errno_of, errno_text};

pub use change::{Change, ChangeKind, changes_to_json};
use change::{differences, new_problems};
use fingerprint::Fingerprint;
use mounts::Mounts;
use watches::{Activity, Refusal, Watches};

/// How long a directory must be quiet after a change before another is served at once. What comes earlier waits until it is.
/// (Longer, where a reload takes longer: reading must not be all that is done.)
const QUIET: Duration = Duration::from_millis(20);
/// How long a directory that does not become quiet is left alone. (Longer, where a reload takes longer: ten times as long as
/// that, but not more than ten times this.)
const PATIENCE: Duration = Duration::from_secs(1);
/// How often directories are looked at that cannot be watched.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often a reload is repeated at once because it found more to be watched.
const REPEATS: usize = 3;

const INOTIFY: u32 = 1 << 0;
const MOUNTS: u32 = 1 << 1;
const TIMER: u32 = 1 << 2;
const CANCELLED: u32 = 1 << 3;

/// Watches the directories of a [`Manager`](crate::Manager), and reloads its hooks when they change. Made by
/// [`Manager::monitor`](crate::Manager::monitor); either may go first.
///
/// It is used in one of two ways: [`Monitor::wait`] blocks until there are other hooks; or the descriptor ([`AsFd`]) is put
/// into an event loop (poll, epoll, in whatever form), and [`Monitor::dispatch`] called whenever it is readable. The
/// descriptor is level-triggered, may be readable for nothing, and is only to be polled.
///
/// Also watched is what the hooks depend on: where symlinks lead, directories that do not exist yet, and the hooks'
/// executables. A change to a quiet directory is served at once; what follows within 20 ms is served together, once it has
/// been quiet for 20 ms (or after a second; both are longer where a reload takes longer). Where the system refuses to tell of changes, the directories are looked at every
/// second until it does again; a [`Change`] and a log line say so.
///
/// In the child of a fork it may only be dropped: that closes its descriptors, and nothing else.
///
/// ```
/// use libhooks::{ChangeKind, Manager, Options};
///
/// let directory = std::env::temp_dir().join("libhooks-monitor-doctest.d");
/// # let _ = std::fs::remove_dir_all(&directory);
/// let manager = Manager::new(&[&directory], &[], Options::default())?;
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
    events: EventSet,
    timer: Timer,
    canceller: Canceller,
    mounts: Option<Mounts>,
    watches: Watches,
    /// Whether the events of `watches` wake the caller. While a directory settles after a reload, the timer does.
    armed: bool,
    /// When the first change was seen that no reload has served yet.
    pending: Option<Instant>,
    /// How long the last reload took.
    cost: Duration,
    /// When the directories are quiet, unless something else happens.
    quiet_at: Option<Instant>,
    /// When the directories are looked at next, since the system refuses to tell of changes.
    look_at: Option<Instant>,
    /// What the directories looked like, if that is known.
    seen: Option<Fingerprint>,
    /// The set that was read last, in use or not.
    read: Arc<Snapshot>,
    /// The set that was in use when the last dispatch ended.
    known: Arc<Snapshot>,
    /// The set, and the problems of one that was refused, that [`Monitor::changes`] has told of.
    told: Told,
    /// What there is to tell of the watching itself.
    notice: Option<Diagnostic>,
}

#[derive(Debug)]
struct Told {
    set: Arc<Snapshot>,
    problems: Arc<Vec<Diagnostic>>,
}

impl Monitor {
    pub(crate) fn new(hooks: Arc<Shared>) -> Result<Monitor> {
        let failed = |error| system_error("a monitor cannot be made", &error);
        let canceller = Canceller::new().map_err(failed)?;
        let set = hooks.snapshot();
        let mut monitor = Monitor {
            events: EventSet::new().map_err(failed)?,
            timer: Timer::new().map_err(failed)?,
            mounts: Mounts::new().ok(),
            canceller,
            watches: Watches::default(),
            armed: false,
            // What was written since the hooks were loaded: the first dispatch reads them again, since it finds the
            // timer over.
            pending: Some(Instant::now()),
            cost: Duration::ZERO,
            quiet_at: None,
            look_at: None,
            seen: None,
            told: Told { problems: Arc::clone(&set.diagnostics), set: Arc::clone(&set) },
            known: Arc::clone(&set),
            read: set,
            notice: None,
            hooks,
        };
        monitor.events.add(monitor.timer.as_fd(), TIMER, Wanted::Readable).map_err(failed)?;
        monitor.events.add(monitor.canceller.0.flag.as_fd(), CANCELLED, Wanted::Readable).map_err(failed)?;
        if let Some(mounts) = &monitor.mounts {
            monitor.events.add(mounts.as_fd(), MOUNTS, Wanted::Exceptional).map_err(failed)?;
        }
        monitor.set_up_watches();
        // The first dispatch reads all files.
        monitor.watches.lost_track = true;
        monitor.arm(true).map_err(failed)?;
        monitor.timer.set(Some(Duration::ZERO)).map_err(failed)?;
        Ok(monitor)
    }

    /// Deals with what has happened: reloads the hooks if they are to be. It reads files, and does not block otherwise.
    /// Returns whether there are other hooks, or other problems, than before.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] once it was cancelled. Under [`Policy::Strict`](crate::Policy::Strict) what
    /// [`Manager::reload`](crate::Manager::reload) returns: the old hooks stay, and the monitor goes on.
    /// [`ErrorKind::InvalidArgument`] in the child of a fork.
    pub fn dispatch(&mut self) -> Result<bool> {
        self.canceller.check_process()?;
        let ready =
            self.events.wait(Some(Duration::ZERO)).map_err(|error| system_error("epoll_wait", &error))?;
        self.serve(ready)
    }

    /// Waits until there are other hooks, or other problems, and returns whether there are: not if the time is over before
    /// (`None`: never). A signal does not end it.
    ///
    /// # Errors
    /// As [`Monitor::dispatch`].
    pub fn wait(&mut self, timeout: Option<Duration>) -> Result<bool> {
        self.canceller.check_process()?;
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let ready = self.events.wait(left).map_err(|error| system_error("epoll_wait", &error))?;
            if self.serve(ready)? {
                return Ok(true);
            }
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(false);
            }
        }
    }

    /// What is different from when this was asked last (at first: from when the monitor was made), however many reloads
    /// there were in between, and whoever made them.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] in the child of a fork.
    pub fn changes(&mut self) -> Result<Vec<Change>> {
        self.canceller.check_process()?;
        let set = self.hooks.snapshot();
        let mut changes = differences(&self.told.set, &set);
        // Those of a set that was refused are told, too.
        let problems = if self.read.generation() > set.generation() { &self.read } else { &set };
        let problems = Arc::clone(&problems.diagnostics);
        changes.extend(new_problems(&self.told.problems, &problems));
        changes.extend(self.notice.take().map(Change::problem));
        self.told = Told { set, problems };
        Ok(changes)
    }

    /// What ends it from anywhere.
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// Closes it, as dropping does; but in the child of a fork it does no more than close descriptors, since another thread of
    /// the parent may have been in the middle of a dispatch.
    pub fn close(self) {
        if self.canceller.check_process().is_ok() {
            return;
        }
        let monitor = ManuallyDrop::new(self);
        let mounts = monitor.mounts.iter().flat_map(Mounts::descriptors);
        let others = [monitor.events.as_fd(), monitor.timer.as_fd(), monitor.canceller.0.flag.as_fd()];
        for descriptor in others.into_iter().chain(mounts).chain(monitor.watches.descriptor()) {
            crate::sys::close(descriptor);
        }
    }

    fn serve(&mut self, ready: u32) -> Result<bool> {
        if ready & CANCELLED != 0 {
            return Err(Error::new(ErrorKind::Cancelled, Code::Cancelled, "the monitor was cancelled"));
        }
        let now = Instant::now();
        let activity = self.activity(now);
        if activity > Activity::None {
            self.pending.get_or_insert(now);
        }
        let quiet = self.quiet_at.is_none_or(|quiet_at| now >= quiet_at);
        let due = self.pending.is_some_and(|since| {
            (activity == Activity::Complete && self.armed)
                || (activity == Activity::None && quiet)
                || now.duration_since(since) >= (self.cost * 10).clamp(PATIENCE, 10 * PATIENCE)
        });
        let mut outcome = Ok(());
        if due {
            self.pending = None;
            outcome = self.reload();
            let done = Instant::now();
            self.cost = done.duration_since(now);
            self.quiet_at = Some(done + self.quiet());
        } else if activity > Activity::None {
            self.quiet_at = Some(now + self.quiet());
        } else if quiet {
            self.quiet_at = None;
        }
        let settling = due || (!self.armed && self.quiet_at.is_some());
        self.arm(!settling)
            .and_then(|()| self.set_timer())
            .map_err(|error| system_error("watching the hooks", &error))?;
        outcome?;
        // Whoever has reloaded: each monitor tells of all.
        let set = self.hooks.snapshot();
        let before = std::mem::replace(&mut self.known, set);
        Ok(!Arc::ptr_eq(&before, &self.known) && !before.says_the_same(&self.known))
    }

    fn quiet(&self) -> Duration {
        QUIET.max(self.cost.min(PATIENCE))
    }

    /// What has happened since this was asked last.
    fn activity(&mut self, now: Instant) -> Activity {
        let told = self.watches.read();
        if self.watches.overflowed() {
            self.hooks.options.log(LogLevel::Info, |line| {
                line.write("events about hook files were lost: reading all of them again", &[]);
            });
        }
        let looked = if self.look_at.is_some_and(|look_at| now >= look_at) {
            // The next set-up of watches says whether they are all there; what happened until then is not told.
            self.look_at = Some(now + INTERVAL);
            self.set_up_watches();
            if self.look_at.is_none() {
                self.watches.lost_track = true;
                Activity::Complete
            } else {
                self.look()
            }
        } else if self.mounts.as_ref().is_some_and(Mounts::changed) {
            self.set_up_watches();
            self.look()
        } else {
            Activity::None
        };
        told.max(looked)
    }

    /// Whether the directories look different from when they were looked at last.
    fn look(&mut self) -> Activity {
        let looks = Fingerprint::new(&self.hooks.directories, &self.read.depends_on.executables);
        let same = self.seen.is_some_and(|seen| seen == looks && seen.is_final());
        // A reload comes after this look, so what it misses is different at the next one.
        self.seen = Some(looks);
        self.watches.lost_track |= !same;
        if same { Activity::None } else { Activity::Complete }
    }

    /// Reads the hooks again, after watches were set up for all that they depend on.
    fn reload(&mut self) -> Result<()> {
        if self.watches.are_stale() {
            self.set_up_watches();
        }
        let mut touched = self.watches.take_touched();
        for _ in 0..REPEATS {
            let rescan = self.hooks.reload(touched.take());
            // A file that was refused is not the one that is in use.
            self.watches.lost_track |= rescan.outcome.is_err();
            let same = self.read.depends_on == rescan.snapshot.depends_on;
            self.read = rescan.snapshot;
            // What is to be watched, and was not, may have changed after it was read.
            if same || !self.set_up_watches() {
                return rescan.outcome;
            }
        }
        self.pending = Some(Instant::now());
        Ok(())
    }

    /// Watches all that the hooks depend on, and nothing else. Returns whether there is more than before.
    fn set_up_watches(&mut self) -> bool {
        let grown = self.watches.set_up(&self.hooks.directories, &self.read.depends_on);
        match (self.watches.refusal(), self.look_at) {
            (Some(refusal), None) => {
                self.look_at = Some(Instant::now() + INTERVAL);
                let notice = refused(refusal);
                self.hooks.log(&notice);
                self.notice = Some(notice);
            }
            (None, Some(_)) => {
                self.look_at = None;
                self.hooks.options.log(LogLevel::Info, |line| {
                    line.write("the system tells of changes to hook files again", &[]);
                });
            }
            _ => {}
        }
        grown
    }

    /// Says whether what happens to files wakes the caller.
    fn arm(&mut self, on: bool) -> io::Result<()> {
        let wanted = if on { Wanted::Readable } else { Wanted::Nothing };
        self.armed = on;
        self.watches.wake(&self.events, INOTIFY, wanted)
    }

    fn set_timer(&self) -> io::Result<()> {
        let next = self.quiet_at.into_iter().chain(self.look_at).min();
        self.timer.set(next.map(|next| next.saturating_duration_since(Instant::now())))
    }
}

/// The descriptor that is readable when [`Monitor::dispatch`] has something to do.
impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }
}

/// Ends a [`Monitor`]: from then on its calls return [`ErrorKind::Cancelled`], also one that is waiting. It may be used from
/// any thread, and after the monitor has gone.
#[derive(Debug, Clone)]
pub struct Canceller(Arc<Cancel>);

#[derive(Debug)]
struct Cancel {
    flag: Flag,
    /// The process that the monitor is of. A child of it has the same flag.
    process: u32,
}

impl Canceller {
    fn new() -> io::Result<Canceller> {
        Ok(Canceller(Arc::new(Cancel { flag: Flag::new()?, process: std::process::id() })))
    }

    /// Ends the monitor. May be called from a signal handler; in the child of a fork it does nothing.
    pub fn cancel(&self) {
        if self.0.process == std::process::id() {
            self.0.flag.raise();
        }
    }

    fn check_process(&self) -> Result<()> {
        if self.0.process == std::process::id() {
            return Ok(());
        }
        let message = "the monitor is of the parent process; in the child of a fork it may only be freed";
        Err(Error::new(ErrorKind::InvalidArgument, Code::InvalidArgument, message))
    }
}

fn system_error(what: &str, error: &io::Error) -> Error {
    let errno = errno_of(error);
    let message = format!("{what}: {}", errno_text(errno));
    Error::new(ErrorKind::Io, Code::WatchRefused, message).with_errno(errno)
}

/// What to tell when the system refuses to watch.
fn refused(refusal: &Refusal) -> Diagnostic {
    let hint = match refusal.errno {
        libc::EMFILE => Some("raise fs.inotify.max_user_instances (sysctl)"),
        libc::ENOSPC => Some("raise fs.inotify.max_user_watches (sysctl)"),
        _ => None,
    };
    let interval = INTERVAL.as_secs();
    Diagnostic {
        severity: Severity::Warning,
        code: Code::WatchRefused,
        path: refusal.path.clone(),
        position: None,
        message: format!(
            "{}: {}: hook files are looked at every {interval} s instead",
            refusal.operation,
            errno_text(refusal.errno)
        ),
        hint: hint.map(str::to_owned),
        errno: refusal.errno,
    }
}

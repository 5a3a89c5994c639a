//! Watching directories, and reloading their hooks when they change (SPEC §7).
//!
//! There is no thread: a [`Monitor`] is a descriptor for the caller's event loop, or a blocking wait, and a reload happens in the
//! caller's thread. `watches` knows what has to be watched and reads what has happened; `fingerprint` finds out by looking
//! what nobody tells; `debounce` says when to reload; `change` says what is different then.

mod cancel;
mod change;
mod debounce;
mod fingerprint;
mod mounts;
mod watches;

use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::active::Shared;
use crate::go::errno_text;
use crate::log::LogLevel;
use crate::problem::{Code, Diagnostic, Error, ErrorKind, Result};
use crate::snapshot::Snapshot;
use crate::sys::{EventSet, Timer, Wanted, errno_of};

pub use cancel::Canceller;
pub use change::{Change, ChangeKind, changes_to_json};
use change::{differences, new_problems};
use debounce::Pace;
use fingerprint::Fingerprint;
use mounts::Mounts;
use watches::{Activity, Refusal, Watches};

/// How often directories are looked at that cannot be watched, and files and directories read that could not be.
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
/// been quiet for 20 ms (or after a second; both are longer where a reload takes longer). Where the system refuses to tell of
/// changes, the directories are looked at every second until it does again; a [`Change`] and a log line say so.
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
    pace: Pace,
    /// When the directories are looked at next, since the system refuses to tell of changes.
    look_at: Option<Instant>,
    /// The time to read again the files that failed with an I/O error: the kernel sends no event when it can read them.
    read_at: Option<Instant>,
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
    /// Whether the last reload could not be made.
    starved: bool,
    /// Whether no dispatch has said yet that there is something to tell.
    news: bool,
}

#[derive(Debug)]
struct Told {
    set: Arc<Snapshot>,
    problems: Arc<Snapshot>,
}

impl Monitor {
    pub(crate) fn new(hooks: Arc<Shared>) -> Result<Monitor> {
        let failed = |error| system_error("a monitor cannot be made", &error);
        let canceller = Canceller::new().map_err(failed)?;
        let events = EventSet::new().map_err(failed)?;
        let set = hooks.snapshot();
        let mut monitor = Monitor {
            timer: Timer::new().map_err(failed)?,
            mounts: match Mounts::new(&events, MOUNTS) {
                // A security profile may keep it from us.
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) =>
                {
                    hooks.options.log(LogLevel::Info, |line| {
                        line.write(
                            "mounts over hook directories are not seen, since /proc is out of reach",
                            &[],
                        );
                    });
                    None
                }
                mounts => Some(mounts.map_err(failed)?),
            },
            events,
            canceller,
            watches: Watches::default(),
            // What was written since the hooks were loaded: the first dispatch reads them again.
            pace: Pace::new(Instant::now()),
            look_at: None,
            read_at: None,
            seen: None,
            told: Told { problems: Arc::clone(&set), set: Arc::clone(&set) },
            known: Arc::clone(&set),
            read: set,
            notice: None,
            starved: false,
            news: false,
            hooks,
        };
        monitor.events.add(monitor.timer.as_fd(), TIMER, Wanted::Readable).map_err(failed)?;
        monitor.events.add(monitor.canceller.as_fd(), CANCELLED, Wanted::Readable).map_err(failed)?;
        monitor.set_up_watches();
        monitor.watches.lost_track = true;
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
        let problems = Arc::clone(problems);
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
        let others = [monitor.events.as_fd(), monitor.timer.as_fd(), monitor.canceller.as_fd()];
        for descriptor in others.into_iter().chain(mounts).chain(monitor.watches.descriptor()) {
            crate::sys::close(descriptor);
        }
    }

    fn serve(&mut self, ready: u32) -> Result<bool> {
        if ready & CANCELLED != 0 {
            return Err(Error::new(ErrorKind::Cancelled, Code::Cancelled, "the monitor was cancelled"));
        }
        if let Some(mounts) = self.mounts.as_mut().filter(|_| ready & MOUNTS != 0) {
            mounts.fired();
        }
        let now = Instant::now();
        let activity = self.activity(now);
        let mut outcome = Ok(());
        if self.pace.due(now, activity, ready & INOTIFY != 0) {
            outcome = self.reload(now);
            match outcome.as_ref().err().filter(|error| error.is_starved()) {
                Some(error) => {
                    if !std::mem::replace(&mut self.starved, true) {
                        self.tell(error.to_diagnostic(None));
                    }
                    outcome = Ok(());
                    self.pace.retry(Instant::now(), INTERVAL);
                }
                None => {
                    self.starved = false;
                    let done = Instant::now();
                    self.pace.served(now, done);
                    let failed = self.read.without_hook().any(|found| may_pass(found.errno));
                    self.read_at = failed.then(|| done + INTERVAL);
                }
            }
        }
        let ready = self.rearm();
        outcome?;
        ready.map_err(|error| system_error("watching the hooks", &error))?;
        // Whoever has reloaded: each monitor tells of all.
        let set = self.hooks.snapshot();
        let before = std::mem::replace(&mut self.known, set);
        let news = std::mem::take(&mut self.news);
        Ok(news || (!Arc::ptr_eq(&before, &self.known) && !before.says_the_same(&self.known)))
    }

    /// Says what wakes the caller next: events too, unless they are to wait.
    fn rearm(&mut self) -> io::Result<()> {
        // First, since without it nothing would come any more.
        let next = self.pace.next().into_iter().chain(self.look_at).chain(self.read_at).min();
        self.timer.set(next.map(|next| next.saturating_duration_since(Instant::now())))?;
        let settling = self.pace.is_settling();
        self.watches.mute(&self.events, INOTIFY, settling)?;
        match &mut self.mounts {
            Some(mounts) if !settling => mounts.arm(&self.events, MOUNTS),
            _ => Ok(()),
        }
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
        } else if self.pace.is_quiet(now) && self.mounts.as_ref().is_some_and(Mounts::changed) {
            self.set_up_watches();
            let looked = self.look();
            if looked == Activity::None {
                self.pace.looked(now, Instant::now());
            }
            looked
        } else {
            Activity::None
        };
        // (What gave no hook is read anew, and nothing else.)
        let again =
            self.read_at.take_if(|read_at| now >= *read_at).map_or(Activity::None, |_| Activity::Complete);
        told.max(looked).max(again)
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
    fn reload(&mut self, begun: Instant) -> Result<()> {
        let mounted = !self.pace.is_quiet(begun) && self.mounts.as_ref().is_some_and(Mounts::changed);
        self.watches.lost_track |= mounted;
        // (Where it was quiet, it has been asked for already.)
        if mounted || self.watches.are_stale() {
            self.set_up_watches();
        }
        let mut touched = self.watches.take_touched();
        for _ in 0..REPEATS {
            let rescan = self.hooks.reload(touched.take());
            // A file that was refused is not the one that is in use.
            self.watches.lost_track |= rescan.outcome.is_err();
            if rescan.outcome.as_ref().is_err_and(Error::is_starved) {
                return rescan.outcome;
            }
            let same = self.read.depends_on.leads_as(&rescan.snapshot.depends_on);
            self.read = rescan.snapshot;
            // What is to be watched, and was not, may have changed after it was read.
            if same || !self.set_up_watches() {
                return rescan.outcome;
            }
        }
        self.pace.retry(Instant::now(), Duration::ZERO);
        Ok(())
    }

    /// Tells of something about the watching itself.
    fn tell(&mut self, notice: Diagnostic) {
        self.hooks.log(&notice);
        self.notice = Some(notice);
        self.news = true;
    }

    /// Watches all that the hooks depend on, and nothing else. Returns whether there is more than before.
    fn set_up_watches(&mut self) -> bool {
        let grown =
            self.watches.set_up(&self.events, INOTIFY, &self.hooks.directories, &self.read.depends_on);
        match (self.watches.refusal(), self.look_at) {
            (Some(refusal), None) => {
                self.look_at = Some(Instant::now() + INTERVAL);
                let notice = refused(refusal);
                self.tell(notice);
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
}

/// The descriptor that is readable when [`Monitor::dispatch`] has something to do.
impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }
}

/// Whether the error may go away without a change to a file or directory, such as an error of a disk or a server.
fn may_pass(errno: i32) -> bool {
    [
        libc::EIO,
        libc::EBUSY,
        libc::ESTALE,
        libc::EREMOTEIO,
        libc::ETIMEDOUT,
        libc::ENOTCONN,
        libc::ECONNRESET,
        libc::ECONNABORTED,
        libc::ECONNREFUSED,
        libc::EHOSTDOWN,
        libc::EHOSTUNREACH,
        libc::ENETDOWN,
        libc::ENETUNREACH,
    ]
    .contains(&errno)
}

fn system_error(what: &str, error: &io::Error) -> Error {
    let errno = errno_of(error);
    let message = format!("{what}: {}", errno_text(errno));
    Error::new(ErrorKind::Io, Code::WatchRefused, message).with_errno(errno)
}

/// What to tell when the system refuses to watch.
fn refused(refusal: &Refusal) -> Diagnostic {
    let hint = match refusal.errno {
        libc::EMFILE => {
            Some("raise fs.inotify.max_user_instances (sysctl), or the limit of open files of the process")
        }
        libc::ENOSPC => Some("raise fs.inotify.max_user_watches (sysctl)"),
        _ => None,
    };
    let interval = INTERVAL.as_secs();
    Diagnostic::new(
        Code::WatchRefused,
        refusal.path.clone(),
        format!(
            "{}: {}: hook files are looked at every {interval} s instead",
            refusal.operation,
            errno_text(refusal.errno)
        ),
    )
    .hint(hint.map(str::to_owned))
    .errno(refusal.errno)
}

//! Following a hook from its start to its end.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::capture::{Capture, Captured};
use super::start::{Feed, Source, Started, argv, start};
use super::{RunOptions, Stream, message};
use crate::go::{MAX_SECONDS, duration_text};
use crate::hook::OciHook;
use crate::problem::Result;
use crate::sys::{self, Child, Exit, Fate, Interest, Killed};

/// What became of a hook that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunResult {
    /// Its executable.
    pub path: String,
    /// Its command line.
    pub argv: Vec<String>,
    /// What it exited with; `None`: it was killed, or nobody could tell.
    pub exit_status: Option<i32>,
    /// The signal that killed it.
    pub signal: Option<i32>,
    /// Its time was over, and it was killed.
    pub timed_out: bool,
    /// The caller asked for its end, and it was killed.
    pub cancelled: bool,
    /// Which processes were killed then; `None`: none was, or the host had already reaped the
    /// hook.
    pub killed: Option<Killed>,
    /// From before its start to after its end.
    pub duration: Duration,
    /// What it wrote to stdout, if that was captured.
    pub stdout: Captured,
    /// What it wrote to stderr, if that was captured.
    pub stderr: Captured,
    /// The reference's *hook error*: what is wrong with the hook itself; `None`: nothing.
    pub hook_error: Option<String>,
    /// The reference's *error*: why running it did not go well; `None`: it did.
    pub error: Option<String>,
}

/// Runs a hook with `state` on its stdin, and waits for it. A hook that fails is a result.
///
/// # Errors
/// It could not be started: [`ErrorKind::Io`](crate::ErrorKind::Io) with the system's number,
/// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if the hook cannot be any.
pub fn run(hook: &OciHook, state: &[u8], options: RunOptions<'_>) -> Result<RunResult> {
    sys::reap_abandoned();
    let begun = Instant::now();
    let argv = argv(hook);
    let started = start(hook, &argv, &options)?;
    let deadline = match hook.timeout {
        // Seconds that the reference's clock cannot count; it overflows.
        Some(seconds) if seconds > MAX_SECONDS => None,
        Some(seconds) => Some(Duration::from_secs(u64::try_from(seconds).unwrap_or_default())),
        None => options.timeout,
    };
    let mut follower = Follower {
        buffer: vec![0; 1 << 16],
        streams: [Stream::Stdout, Stream::Stderr].map(|_| Capture::default()),
        output_error: None,
        killed: None,
        options,
    };
    let deadline = deadline.and_then(|timeout| begun.checked_add(timeout));
    let end = follower.follow(started, state, deadline);
    let (timed_out, cancelled) =
        (end.stopped == Some(Stop::Timeout), end.stopped == Some(Stop::Cancel));

    let executing = |what: &str| Some(message::executing(&argv, what));
    let hook_error = match end.fate {
        Fate::Running => {
            let time = duration_text(follower.options.post_kill_timeout);
            Some(format!("failed to reap process within {time} of the kill signal"))
        }
        Fate::Lost => executing("waitid: no child processes"),
        Fate::Ended(exit) => match message::of_exit(exit) {
            Some(what) => executing(&what),
            None => follower.output_error.as_deref().and_then(executing),
        },
    };
    let error = match end.stopped {
        Some(Stop::Timeout) => Some("context deadline exceeded".to_owned()),
        Some(Stop::Cancel) => Some("context canceled".to_owned()),
        None => hook_error.clone(),
    };
    let (exit_status, signal) = match end.fate {
        Fate::Ended(Exit::Status(status)) => (Some(status), None),
        Fate::Ended(Exit::Signal { number, .. }) => (None, Some(number)),
        Fate::Running | Fate::Lost => (None, None),
    };
    let [stdout, stderr] = follower.streams.map(Capture::finish);
    Ok(RunResult {
        path: hook.path.clone(),
        argv,
        exit_status,
        signal,
        timed_out,
        cancelled,
        killed: follower.killed,
        duration: begun.elapsed(),
        stdout,
        stderr,
        hook_error,
        error,
    })
}

/// How often a hook is looked after where nothing tells of its end.
const TICK: Duration = Duration::from_millis(2);

/// Why a hook was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Timeout,
    Cancel,
}

impl Stop {
    /// Whether it is time to end, and why.
    fn of(cancelled: bool, deadline: Option<Instant>) -> Option<Stop> {
        match deadline {
            _ if cancelled => Some(Stop::Cancel),
            Some(at) if at <= Instant::now() => Some(Stop::Timeout),
            _ => None,
        }
    }
}

/// A hook that is followed; should the caller's function panic, it is not left running.
struct Held(Option<Child>);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(child) = self.0.take() {
            child.kill();
            child.abandon();
        }
    }
}

struct End {
    fate: Fate,
    stopped: Option<Stop>,
}

struct Follower<'a> {
    /// On the heap: threads with small stacks run hooks, too.
    buffer: Vec<u8>,
    streams: [Capture; 2],
    output_error: Option<String>,
    killed: Option<Killed>,
    options: RunOptions<'a>,
}

impl Follower<'_> {
    fn follow(&mut self, started: Started, state: &[u8], deadline: Option<Instant>) -> End {
        let Started { child, mut stdin, mut stdout, mut stderr } = started;
        let mut held = Held(Some(child));
        let Some(child) = &held.0 else { return End { fate: Fate::Lost, stopped: None } };
        // Whether its pidfd tells of its end. A tracer may keep one that has ended from us, while
        // its pidfd says so.
        let mut told = child.pidfd().is_some();
        let mut unwritten = state;
        let mut stopped = None;
        let mut deadline = deadline;
        // What was asked for before the start counts, be the hook ever so fast.
        let cancelled = self.options.cancel.is_some_and(|fd| {
            matches!(sys::poll([Some((fd, Interest::Read))], Some(Duration::ZERO)), Ok([true]))
        });
        if let Some(stop) = Stop::of(cancelled, deadline) {
            stopped = Some(stop);
            deadline = self.stop(child);
        }
        let fate = loop {
            if unwritten.is_empty() {
                stdin.writer = None;
            }
            let cancel = self.options.cancel.filter(|_| stopped.is_none());
            let wait = [
                deadline.map(|at| at.saturating_duration_since(Instant::now())),
                (!told).then_some(TICK),
            ];
            let descriptors = [
                child.pidfd().filter(|_| told).map(|fd| (fd, Interest::Read)),
                cancel.map(|fd| (fd, Interest::Read)),
                stdout.as_ref().map(|source| (source.reader.as_fd(), Interest::Read)),
                stderr.as_ref().map(|source| (source.reader.as_fd(), Interest::Read)),
                stdin.writer.as_ref().map(|writer| (writer.as_fd(), Interest::Write)),
                self.options.suspend.as_ref().map(|suspend| (suspend.descriptor, Interest::Read)),
            ];
            let wait = wait.into_iter().flatten().min();
            let ready = sys::poll(descriptors, wait).unwrap_or_else(|_| {
                // No memory, say. Everything is tried then, but nothing taken for a cancel or a
                // stop.
                std::thread::sleep(wait.unwrap_or(TICK).min(TICK));
                [true, false, true, true, true, false]
            });
            let [ended, cancelled, out, err, writable, suspended] = ready;

            if out {
                self.read_once(&mut stdout, Stream::Stdout);
            }
            if err {
                self.read_once(&mut stderr, Stream::Stderr);
            }
            if writable {
                feed(&mut stdin, &mut unwritten);
            }
            if ended || !told {
                match child.fate() {
                    Fate::Running => told = false,
                    fate => break fate,
                }
            }
            match (stopped, Stop::of(cancelled, deadline)) {
                (None, Some(stop)) => {
                    stopped = Some(stop);
                    deadline = self.stop(child);
                }
                (Some(_), Some(_)) => break Fate::Running,
                (_, None) if suspended => deadline = self.suspend(child, deadline),
                (_, None) => {}
            }
        };
        // What is there already is read; what a descendant writes from now on is its own affair.
        for (source, stream) in [(&mut stdout, Stream::Stdout), (&mut stderr, Stream::Stderr)] {
            if let Some(source) = source {
                source.let_go();
                self.drain_until_quiet(source, stream);
            }
        }
        let Some(child) = held.0.take() else { return End { fate, stopped } };
        if fate == Fate::Running {
            child.abandon();
            return End { fate, stopped };
        }
        End { fate: reap(&child, fate), stopped }
    }

    /// Has the caller stop, and the hook meanwhile; says when the hook's time is over then.
    fn suspend(&mut self, child: &Child, deadline: Option<Instant>) -> Option<Instant> {
        let Some(suspend) = &mut self.options.suspend else { return deadline };
        let begun = Instant::now();
        child.stop_during(&mut *suspend.stop);
        deadline.and_then(|deadline| deadline.checked_add(begun.elapsed()))
    }

    /// Kills the hook and what belongs to it, and says how long it is waited for then.
    fn stop(&mut self, child: &Child) -> Option<Instant> {
        self.killed = child.kill();
        let grace = u64::try_from(self.options.post_kill_timeout).unwrap_or_default();
        Instant::now().checked_add(Duration::from_nanos(grace))
    }

    /// Reads what is there. Descendants that were waiting for room in the pipe must not wait for
    /// ever: a read wakes one of them, whose write wakes the next only when there is room
    /// again.
    fn drain_until_quiet(&mut self, source: &mut Source, stream: Stream) {
        /// Nobody can have waited for room before so much was written.
        const PIPE: u64 = 1 << 16;
        /// How long a writer that was woken may take, and how long all of them.
        const QUIET: Duration = Duration::from_millis(5);
        const PATIENCE: Duration = Duration::from_millis(100);
        let begun = Instant::now();
        loop {
            self.drain(source, stream);
            if self.capture(stream).total() < PIPE || begun.elapsed() > PATIENCE {
                return;
            }
            match sys::poll([Some((source.reader.as_fd(), Interest::Read))], Some(QUIET)) {
                Ok([true]) => {}
                _ => return,
            }
        }
    }

    fn capture(&mut self, stream: Stream) -> &mut Capture {
        let [stdout, stderr] = &mut self.streams;
        if stream == Stream::Stdout { stdout } else { stderr }
    }

    fn read_once(&mut self, source: &mut Option<Source>, stream: Stream) {
        let Some(open) = source else { return };
        match open.reader.read(&mut self.buffer) {
            Ok(0) => *source = None,
            Ok(count) => self.receive(stream, count),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => *source = None,
        }
    }

    /// Reads what is there now, and no more: a descendant may write without end.
    fn drain(&mut self, source: &mut Source, stream: Stream) {
        let mut rest = sys::readable_bytes(source.reader.as_fd()).unwrap_or_default();
        while rest > 0 {
            let size = rest.min(self.buffer.len());
            match source.reader.read(self.buffer.get_mut(..size).unwrap_or_default()) {
                Ok(0) => break,
                Ok(count) => {
                    self.receive(stream, count);
                    rest -= count;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
    }

    /// Takes in so many bytes of the buffer.
    fn receive(&mut self, stream: Stream, count: usize) {
        let bytes = self.buffer.get(..count).unwrap_or_default();
        let [stdout, stderr] = &mut self.streams;
        let capture = if stream == Stream::Stdout { stdout } else { stderr };
        capture.push(bytes, self.options.capture_limit);
        if let Some(output) = self.options.output.as_mut().filter(|_| self.output_error.is_none()) {
            self.output_error = output(stream, bytes).err();
        }
    }
}

/// Writes what the pipe takes. A hook that does not read is none of our business.
fn feed(stdin: &mut Feed, unwritten: &mut &[u8]) {
    let Some(writer) = &mut stdin.writer else { return };
    match writer.write(unwritten) {
        Ok(count) => *unwritten = unwritten.get(count..).unwrap_or_default(),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
        Err(_) => *unwritten = &[],
    }
}

/// Reaps a child that has ended. The host may have been faster since: then its end is known all the
/// same.
fn reap(child: &Child, seen: Fate) -> Fate {
    match child.reap() {
        Fate::Ended(exit) => Fate::Ended(exit),
        Fate::Running | Fate::Lost => seen,
    }
}

impl RunResult {
    /// The result as JSON: `path`, `argv`, `exitStatus`, `signal`, `timedOut`, `cancelled`,
    /// `killed` (`scope`: `group`, `hook`, or `descendants` with their `count`), `durationUs`,
    /// `stdout` and `stderr` (`tail` as text, `total` in bytes, `truncated`), `hookError`,
    /// `error`; null where there is none.
    pub fn to_json(&self) -> String {
        crate::go::json::to_string(self)
    }
}

impl Serialize for RunResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("argv", &self.argv)?;
        map.serialize_entry("exitStatus", &self.exit_status)?;
        map.serialize_entry("signal", &self.signal)?;
        map.serialize_entry("timedOut", &self.timed_out)?;
        map.serialize_entry("cancelled", &self.cancelled)?;
        map.serialize_entry("killed", &self.killed)?;
        map.serialize_entry(
            "durationUs",
            &u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX),
        )?;
        map.serialize_entry("stdout", &self.stdout)?;
        map.serialize_entry("stderr", &self.stderr)?;
        map.serialize_entry("hookError", &self.hook_error)?;
        map.serialize_entry("error", &self.error)?;
        map.end()
    }
}

impl Serialize for Killed {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let (scope, count) = match self {
            Killed::Group => ("group", None),
            Killed::Descendants(count) => ("descendants", Some(count)),
            Killed::HookOnly => ("hook", None),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("scope", scope)?;
        if let Some(count) = count {
            map.serialize_entry("count", count)?;
        }
        map.end()
    }
}

impl Serialize for Captured {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("tail", &crate::go::text_of_bytes(&self.tail))?;
        map.serialize_entry("total", &self.total)?;
        map.serialize_entry("truncated", &self.is_truncated())?;
        map.end()
    }
}

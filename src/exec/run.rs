//! Runs a hook from its start to its end.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::capture::{Capture, Captured};
use super::start::{Feed, Source, Started, argv, start};
use super::{RunOptions, Stream, message};
use crate::go::{MAX_SECONDS, duration_text};
use crate::hook::OciHook;
use crate::lint::failed;
use crate::problem::{Diagnostic, Result};
use crate::sys::{self, Child, Exit, Fate, Interest, Killed};

/// The result of a hook that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunResult {
    /// The executable.
    pub path: String,
    /// The command line.
    pub argv: Vec<String>,
    /// The exit status; `None` if a signal killed the hook, or if its end is unknown.
    pub exit_status: Option<i32>,
    /// The signal that killed the hook.
    pub signal: Option<i32>,
    /// Whether the hook was killed at its timeout.
    pub timed_out: bool,
    /// Whether the hook was killed because the caller cancelled the run.
    pub cancelled: bool,
    /// The processes that were killed then; `None` if no process was killed, or if the host had
    /// already reaped the hook.
    pub killed: Option<Killed>,
    /// The time from before the start to after the end of the hook.
    pub duration: Duration,
    /// The hook's stdout, if it was captured.
    pub stdout: Captured,
    /// The hook's stderr, if it was captured.
    pub stderr: Captured,
    /// The reference's *hook error*: the failure of the hook process itself.
    pub hook_error: Option<String>,
    /// The reference's *error*: the reason of a failed run.
    pub error: Option<String>,
    /// Why the program of the hook did not run, although its process was started: a library is
    /// missing, `env` in the first line of a script finds no program, or the program is incomplete.
    /// Codes, messages and hints are those of [`HookFile::check`](crate::HookFile::check); the path
    /// is that of the program. Empty for a program that ran.
    pub diagnostics: Vec<Diagnostic>,
}

/// Runs a hook with `state` on its stdin, and waits for it. If the hook fails,
/// [`RunResult::error`] says why.
///
/// # Errors
/// Only if the hook cannot be started: [`ErrorKind::Io`](crate::ErrorKind::Io) with the system's
/// error number, or [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if the hook
/// is invalid. If the system refuses the program, [`Error::diagnostics`](crate::Error::diagnostics)
/// says why, for example that its interpreter does not exist.
pub fn run(hook: &OciHook, state: &[u8], options: RunOptions<'_>) -> Result<RunResult> {
    sys::reap_abandoned();
    let started_at = Instant::now();
    let argv = argv(hook);
    let started = start(hook, &argv, &options)?;
    let deadline = match hook.timeout {
        // The reference's clock overflows with so many seconds.
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
    let deadline = deadline.and_then(|timeout| started_at.checked_add(timeout));
    let end = follower.follow(started, state, deadline);
    let (timed_out, cancelled) =
        (end.stopped == Some(Stop::Timeout), end.stopped == Some(Stop::Cancel));

    let executing = |problem: &str| Some(message::executing(&argv, problem));
    let hook_error = match end.fate {
        Fate::Running => {
            let time = duration_text(follower.options.post_kill_timeout);
            Some(format!("failed to reap process within {time} of the kill signal"))
        }
        Fate::Lost => executing("waitid: no child processes"),
        Fate::Ended(exit) => match message::of_exit(exit) {
            Some(problem) => executing(&problem),
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
    let diagnostics = match (end.fate, end.stopped) {
        (Fate::Ended(exit), None) if exit != Exit::Status(0) => {
            failed::ended(hook, follower.options.directory.as_deref(), exit)
        }
        _ => Vec::new(),
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
        duration: started_at.elapsed(),
        stdout,
        stderr,
        hook_error,
        error,
        diagnostics,
    })
}

/// The interval for polling the end of a hook that has no usable pidfd.
const TICK: Duration = Duration::from_millis(2);

/// Why a hook was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Timeout,
    Cancel,
}

impl Stop {
    /// Returns the reason to kill the hook now, if there is one.
    fn of(cancelled: bool, deadline: Option<Instant>) -> Option<Stop> {
        match deadline {
            _ if cancelled => Some(Stop::Cancel),
            Some(at) if at <= Instant::now() => Some(Stop::Timeout),
            _ => None,
        }
    }
}

/// A running hook. Dropping it kills the hook, for example if the caller's callback panics.
struct KillOnDrop(Option<Child>);

impl Drop for KillOnDrop {
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
    /// On the heap, because a thread with a small stack can run hooks, too.
    buffer: Vec<u8>,
    streams: [Capture; 2],
    output_error: Option<String>,
    killed: Option<Killed>,
    options: RunOptions<'a>,
}

impl Follower<'_> {
    fn follow(&mut self, started: Started, state: &[u8], deadline: Option<Instant>) -> End {
        let Started { child, mut stdin, mut stdout, mut stderr } = started;
        let mut guard = KillOnDrop(Some(child));
        let Some(child) = &guard.0 else { return End { fate: Fate::Lost, stopped: None } };
        // Whether the pidfd is waited for. If a tracer holds back a hook that has ended, its pidfd
        // stays readable, and the loop polls instead.
        let mut waits_for_pidfd = child.pidfd().is_some();
        let mut unwritten = state;
        let mut stopped = None;
        let mut deadline = deadline;
        // A cancellation before the start counts, however fast the hook is.
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
                (!waits_for_pidfd).then_some(TICK),
            ];
            let descriptors = [
                child.pidfd().filter(|_| waits_for_pidfd).map(|fd| (fd, Interest::Read)),
                cancel.map(|fd| (fd, Interest::Read)),
                stdout.as_ref().map(|source| (source.reader.as_fd(), Interest::Read)),
                stderr.as_ref().map(|source| (source.reader.as_fd(), Interest::Read)),
                stdin.writer.as_ref().map(|writer| (writer.as_fd(), Interest::Write)),
                self.options.suspend.as_ref().map(|suspend| (suspend.descriptor, Interest::Read)),
            ];
            let wait = wait.into_iter().flatten().min();
            let ready = sys::poll(descriptors, wait).unwrap_or_else(|_| {
                // For example, out of memory. Then every operation is tried, but a cancellation or
                // a suspension is not assumed.
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
            if ended || !waits_for_pidfd {
                match child.fate() {
                    Fate::Running => waits_for_pidfd = false,
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
        // Output that is already in the pipe is read. Later output of a descendant is lost.
        for (source, stream) in [(&mut stdout, Stream::Stdout), (&mut stderr, Stream::Stderr)] {
            if let Some(source) = source {
                source.let_go();
                self.drain_until_quiet(source, stream);
            }
        }
        let Some(child) = guard.0.take() else { return End { fate, stopped } };
        if fate == Fate::Running {
            child.abandon();
            return End { fate, stopped };
        }
        End { fate: reap(&child, fate), stopped }
    }

    /// Stops the hook while the caller's callback runs. Returns the new deadline of the hook.
    fn suspend(&mut self, child: &Child, deadline: Option<Instant>) -> Option<Instant> {
        let Some(suspend) = &mut self.options.suspend else { return deadline };
        let started_at = Instant::now();
        child.stop_during(&mut *suspend.stop);
        deadline.and_then(|deadline| deadline.checked_add(started_at.elapsed()))
    }

    /// Kills the hook with its process group or descendants. Returns the time to give up waiting
    /// for its end.
    fn stop(&mut self, child: &Child) -> Option<Instant> {
        self.killed = child.kill();
        let grace = u64::try_from(self.options.post_kill_timeout).unwrap_or_default();
        Instant::now().checked_add(Duration::from_nanos(grace))
    }

    /// Reads the output that is in the pipe. Descendants that were waiting for room in the pipe
    /// must not wait for ever: a read wakes one of them, whose write wakes the next only when
    /// there is room again.
    fn drain_until_quiet(&mut self, source: &mut Source, stream: Stream) {
        /// The pipe's capacity: no process can have waited for room before this much was written.
        const PIPE: u64 = 1 << 16;
        /// The time that one woken writer may take.
        const QUIET: Duration = Duration::from_millis(5);
        /// The time that all woken writers together may take.
        const PATIENCE: Duration = Duration::from_millis(100);
        let started_at = Instant::now();
        loop {
            self.drain(source, stream);
            if self.capture(stream).total() < PIPE || started_at.elapsed() > PATIENCE {
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

    /// Reads only as many bytes as the pipe holds now: a descendant may write without end.
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

    /// Captures the first `count` bytes of the buffer, and passes them to the caller's callback.
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

/// Writes as much as the pipe takes. A hook may end without reading all of its stdin.
fn feed(stdin: &mut Feed, unwritten: &mut &[u8]) {
    let Some(writer) = &mut stdin.writer else { return };
    match writer.write(unwritten) {
        Ok(count) => *unwritten = unwritten.get(count..).unwrap_or_default(),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
        Err(_) => *unwritten = &[],
    }
}

/// Reaps a child that has ended. If the host has reaped it in the meantime, its end is known
/// anyway: `seen`.
fn reap(child: &Child, seen: Fate) -> Fate {
    match child.reap() {
        Fate::Ended(exit) => Fate::Ended(exit),
        Fate::Running | Fate::Lost => seen,
    }
}

impl RunResult {
    /// Returns the result as a JSON object: `path`, `argv`, `exitStatus`, `signal`, `timedOut`,
    /// `cancelled`, `killed` (`scope`: `group`, `hook`, or `descendants` with their `count`),
    /// `durationUs`, `stdout` and `stderr` (`tail` as a string, `total` in bytes, `truncated`),
    /// `hookError`, `error`, and `diagnostics` if there are any. A value that is not known is null.
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
        if !self.diagnostics.is_empty() {
            map.serialize_entry("diagnostics", &self.diagnostics)?;
        }
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

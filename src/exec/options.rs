//! How hooks are run, and how a config is passed through them.

use std::fmt;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{CAPTURE_LIMIT, ProcessGroup, Stream};
use crate::log::{Log, LogLevel};

/// Receives a hook's output as it comes, in the thread that called [`run`](super::run). An error's
/// text fails the run; what comes after it is thrown away.
pub type OutputFn<'a> = &'a mut dyn FnMut(Stream, &[u8]) -> Result<(), String>;

/// How a hook is run.
///
/// ```
/// use std::time::Duration;
///
/// use libhooks::OciHook;
/// use libhooks::exec::{RunOptions, run};
///
/// let hook = OciHook { path: "/bin/cat".into(), ..OciHook::default() };
/// let result = run(&hook, b"the state", RunOptions::new().timeout(Duration::from_secs(5)))?;
/// assert_eq!(result.exit_status, Some(0));
/// assert_eq!(result.stdout.tail, b"the state");
/// # Ok::<(), libhooks::Error>(())
/// ```
#[must_use = "these are only options; run() takes them"]
pub struct RunOptions<'a> {
    pub(super) directory: Option<PathBuf>,
    pub(super) timeout: Option<Duration>,
    /// In nanoseconds. The C API may give less than nothing, which says no more than nothing does,
    /// but in the error's text.
    pub(super) post_kill_timeout: i64,
    pub(super) capture_limit: usize,
    pub(super) stdout: Option<BorrowedFd<'a>>,
    pub(super) stderr: Option<BorrowedFd<'a>>,
    pub(super) merge_stderr: bool,
    pub(super) output: Option<OutputFn<'a>>,
    pub(super) cancel: Option<BorrowedFd<'a>>,
    pub(super) process_group: ProcessGroup,
    pub(super) suspend: Option<Suspend<'a>>,
    pub(super) end_with_thread: bool,
}

/// How a hook is stopped while its caller is: a program that stops at Ctrl-Z would leave it
/// running.
pub struct Suspend<'a> {
    /// The hook is stopped as soon as this can be read from, with its process group or its
    /// descendants.
    pub descriptor: BorrowedFd<'a>,
    /// Called then, in the thread that called [`run`](super::run). It makes `descriptor`
    /// unreadable, and stops the process. When it returns, the hook is continued. The time
    /// that it takes does not count for the timeout.
    pub stop: &'a mut dyn FnMut(),
}

impl Default for RunOptions<'_> {
    fn default() -> Self {
        RunOptions {
            directory: None,
            timeout: None,
            // 10 s, as the reference recommends.
            post_kill_timeout: 10_000_000_000,
            capture_limit: CAPTURE_LIMIT,
            stdout: None,
            stderr: None,
            merge_stderr: false,
            output: None,
            cancel: None,
            process_group: ProcessGroup::default(),
            suspend: None,
            end_with_thread: false,
        }
    }
}

impl<'a> RunOptions<'a> {
    /// In the caller's working directory, without a timeout, and with all output captured.
    pub fn new() -> RunOptions<'a> {
        RunOptions::default()
    }

    /// Where the hook is started. Without this it is the caller's working directory.
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> RunOptions<'a> {
        self.directory = Some(directory.into());
        self
    }

    /// The timeout of a hook that has none of its own.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> RunOptions<'a> {
        self.timeout = timeout.into();
        self
    }

    /// How long to wait for a hook that was killed. Without this it is 10 s, as the reference
    /// recommends.
    pub fn post_kill_timeout(self, timeout: Duration) -> RunOptions<'a> {
        post_kill_timeout(self, i64::try_from(timeout.as_nanos()).unwrap_or(i64::MAX))
    }

    /// How much of each stream is kept, in bytes: the last so many. Without this it is
    /// [`CAPTURE_LIMIT`].
    pub fn capture_limit(mut self, bytes: usize) -> RunOptions<'a> {
        self.capture_limit = bytes;
        self
    }

    /// Gives the hook this descriptor as its stdout. Nothing of it is captured then.
    pub fn stdout(mut self, descriptor: impl Into<Option<BorrowedFd<'a>>>) -> RunOptions<'a> {
        self.stdout = descriptor.into();
        self
    }

    /// Gives the hook this descriptor as its stderr. Nothing of it is captured then.
    pub fn stderr(mut self, descriptor: impl Into<Option<BorrowedFd<'a>>>) -> RunOptions<'a> {
        self.stderr = descriptor.into();
        self
    }

    /// Whether stderr goes where stdout goes, in the order in which both are written.
    /// [`RunOptions::stderr`] does not count then; in a [`filter`](super::filter) it is this
    /// that does not count.
    pub fn merge_stderr(mut self, merge: bool) -> RunOptions<'a> {
        self.merge_stderr = merge;
        self
    }

    /// Who receives what is captured as it comes.
    pub fn output(mut self, output: OutputFn<'a>) -> RunOptions<'a> {
        self.output = Some(output);
        self
    }

    /// The hook is killed as soon as this can be read from.
    pub fn cancel(mut self, descriptor: impl Into<Option<BorrowedFd<'a>>>) -> RunOptions<'a> {
        self.cancel = descriptor.into();
        self
    }

    /// The process group in which the hook runs.
    pub fn process_group(mut self, process_group: ProcessGroup) -> RunOptions<'a> {
        self.process_group = process_group;
        self
    }

    /// Has the hook stopped for as long as the caller itself is stopped.
    pub fn suspend(mut self, suspend: Suspend<'a>) -> RunOptions<'a> {
        self.suspend = Some(suspend);
        self
    }

    /// Whether the system kills the hook when the calling *thread* ends (`PR_SET_PDEATHSIG`), as
    /// when the process is killed. Only for a program that runs hooks in its main thread: a
    /// hook that is run in another thread would not be left behind by the process, but be
    /// killed with the thread. The hook's descendants are not killed so, nor is a hook
    /// whose program is set-user-ID. The hook is started by `fork`, which takes longer the more
    /// memory the process has.
    pub fn end_with_thread(mut self, end: bool) -> RunOptions<'a> {
        self.end_with_thread = end;
        self
    }
}

/// Sets how long to wait for a hook that was killed, in nanoseconds, as the C API has it.
pub(crate) fn post_kill_timeout(mut options: RunOptions<'_>, nanoseconds: i64) -> RunOptions<'_> {
    options.post_kill_timeout = nanoseconds;
    options
}

impl fmt::Debug for RunOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions")
            .field("directory", &self.directory)
            .field("timeout", &self.timeout)
            .field("capture_limit", &self.capture_limit)
            .field("process_group", &self.process_group)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Suspend<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suspend").field("descriptor", &self.descriptor).finish_non_exhaustive()
    }
}

/// How a config is passed through hooks.
#[derive(Default)]
#[must_use = "these are only options; filter() takes them"]
pub struct FilterOptions<'a> {
    pub(super) run: RunOptions<'a>,
    pub(super) output_annotations: bool,
    pub(super) patches: bool,
    pub(super) log: Option<Log>,
}

impl<'a> FilterOptions<'a> {
    /// No patches, no log, and no files for output.
    pub fn new() -> FilterOptions<'a> {
        FilterOptions::default()
    }

    /// How each hook is run. [`RunOptions::stdout`] and [`RunOptions::merge_stderr`] do not count.
    pub fn run(mut self, run: RunOptions<'a>) -> FilterOptions<'a> {
        self.run = run;
        self
    }

    /// Whether the config's annotations `run.oci.hooks.stdout` and `run.oci.hooks.stderr` name
    /// files that all output is appended to. Whoever may set annotations may then have files
    /// written.
    pub fn output_annotations(mut self, on: bool) -> FilterOptions<'a> {
        self.output_annotations = on;
        self
    }

    /// Whether [`FilterResult::patches`](super::FilterResult::patches) are made.
    pub fn patches(mut self, on: bool) -> FilterOptions<'a> {
        self.patches = on;
        self
    }

    /// Who is told, at [`LogLevel::Debug`], what each hook changed: the fields are `hook` (its
    /// number), `path` and `patch`.
    pub fn log(
        mut self,
        log: impl Fn(LogLevel, &str, &str) + Send + Sync + 'static,
    ) -> FilterOptions<'a> {
        self.log = Some(Arc::new(log));
        self
    }
}

impl fmt::Debug for FilterOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilterOptions")
            .field("run", &self.run)
            .field("output_annotations", &self.output_annotations)
            .field("patches", &self.patches)
            .finish_non_exhaustive()
    }
}

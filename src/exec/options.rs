//! The options of running hooks and of passing a config through them.

use std::fmt;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{CAPTURE_LIMIT, ProcessGroup, Stream};
use crate::log::{Log, LogLevel};

/// A callback that receives a hook's output as it arrives, in the thread that called
/// [`run`](super::run). If it returns an error, the run fails with this message, and the callback
/// is not called again.
pub type OutputFn<'a> = &'a mut dyn FnMut(Stream, &[u8]) -> Result<(), String>;

/// The options of [`run`](super::run).
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
    /// In nanoseconds. The C API accepts a negative value, which acts as 0; only the error message
    /// differs.
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

/// Stops a hook while its caller is stopped. Without this, a program that stops at Ctrl-Z leaves
/// the hook running.
pub struct Suspend<'a> {
    /// When this file descriptor becomes readable, the hook is stopped, with its process group or
    /// its descendants.
    pub descriptor: BorrowedFd<'a>,
    /// The callback that is called then, in the thread that called [`run`](super::run). It must
    /// read from `descriptor` until nothing is left, and stop the process. When it returns, the
    /// hook is continued. The time that it takes does not count towards the timeout.
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
    /// Returns the default options: the caller's working directory, no timeout, both streams
    /// captured.
    pub fn new() -> RunOptions<'a> {
        RunOptions::default()
    }

    /// Sets the working directory of the hook. The default is that of the caller.
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> RunOptions<'a> {
        self.directory = Some(directory.into());
        self
    }

    /// Sets the timeout for a hook that has no timeout of its own.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> RunOptions<'a> {
        self.timeout = timeout.into();
        self
    }

    /// Sets the time to wait for a killed hook to end. The default is 10 s, as the reference
    /// recommends.
    pub fn post_kill_timeout(self, timeout: Duration) -> RunOptions<'a> {
        post_kill_timeout(self, i64::try_from(timeout.as_nanos()).unwrap_or(i64::MAX))
    }

    /// Sets how many bytes of each stream are kept: the last ones. The default is
    /// [`CAPTURE_LIMIT`].
    pub fn capture_limit(mut self, bytes: usize) -> RunOptions<'a> {
        self.capture_limit = bytes;
        self
    }

    /// Gives the hook this file descriptor as its stdout, which is then not captured.
    pub fn stdout(mut self, descriptor: impl Into<Option<BorrowedFd<'a>>>) -> RunOptions<'a> {
        self.stdout = descriptor.into();
        self
    }

    /// Gives the hook this file descriptor as its stderr, which is then not captured.
    pub fn stderr(mut self, descriptor: impl Into<Option<BorrowedFd<'a>>>) -> RunOptions<'a> {
        self.stderr = descriptor.into();
        self
    }

    /// Sets whether the hook writes its stderr to the same place as its stdout, in order.
    /// [`RunOptions::stderr`] is then ignored. [`filter`](super::filter) ignores this option.
    pub fn merge_stderr(mut self, merge: bool) -> RunOptions<'a> {
        self.merge_stderr = merge;
        self
    }

    /// Sets the callback that receives the captured output as it arrives.
    pub fn output(mut self, output: OutputFn<'a>) -> RunOptions<'a> {
        self.output = Some(output);
        self
    }

    /// Sets a file descriptor that kills the hook as soon as it becomes readable.
    pub fn cancel(mut self, descriptor: impl Into<Option<BorrowedFd<'a>>>) -> RunOptions<'a> {
        self.cancel = descriptor.into();
        self
    }

    /// Sets the process group in which the hook runs.
    pub fn process_group(mut self, process_group: ProcessGroup) -> RunOptions<'a> {
        self.process_group = process_group;
        self
    }

    /// Stops the hook for as long as the caller is stopped.
    pub fn suspend(mut self, suspend: Suspend<'a>) -> RunOptions<'a> {
        self.suspend = Some(suspend);
        self
    }

    /// Sets whether the kernel kills the hook when the calling *thread* ends (`PR_SET_PDEATHSIG`),
    /// for example because the process is killed. Use it only if the main thread runs the hooks:
    /// the end of any other thread would kill its hook although the process goes on. It does not
    /// kill the hook's descendants, nor a hook whose program is set-user-ID. The hook is started by
    /// `fork`, which takes longer the more memory the process has.
    pub fn end_with_thread(mut self, end: bool) -> RunOptions<'a> {
        self.end_with_thread = end;
        self
    }
}

/// Sets the time to wait for a killed hook to end, in nanoseconds, as in the C API.
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

/// The options of [`filter`](super::filter).
#[derive(Default)]
#[must_use = "these are only options; filter() takes them"]
pub struct FilterOptions<'a> {
    pub(super) run: RunOptions<'a>,
    pub(super) output_annotations: bool,
    pub(super) patches: bool,
    pub(super) log: Option<Log>,
}

impl<'a> FilterOptions<'a> {
    /// Returns the default options: no patches, no log, and no files for output.
    pub fn new() -> FilterOptions<'a> {
        FilterOptions::default()
    }

    /// Sets the options of each run. [`RunOptions::stdout`] and [`RunOptions::merge_stderr`] are
    /// ignored.
    pub fn run(mut self, run: RunOptions<'a>) -> FilterOptions<'a> {
        self.run = run;
        self
    }

    /// Sets whether the hooks' output is appended to the files that the config's annotations
    /// `run.oci.hooks.stdout` and `run.oci.hooks.stderr` name. Anyone who may set annotations can
    /// then make this process write to such files.
    pub fn output_annotations(mut self, on: bool) -> FilterOptions<'a> {
        self.output_annotations = on;
        self
    }

    /// Sets whether [`FilterResult::patches`](super::FilterResult::patches) are made.
    pub fn patches(mut self, on: bool) -> FilterOptions<'a> {
        self.patches = on;
        self
    }

    /// Sets the callback that logs the changes of each hook, at [`LogLevel::Debug`]. The fields are
    /// `hook` (its index), `path` and `patch`.
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

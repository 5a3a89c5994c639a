//! Running hooks (SPEC §9): what an engine does itself at its extension stages.
//!
//! [`run`] starts one hook, feeds it the state, follows its output, and says what became of it. Nothing is lost: neither the
//! hook's words, nor why it failed, nor its descendants, which are killed with it on a timeout as far as [`ProcessGroup`] says, and
//! left alone otherwise. [`filter`] passes a config through several.

mod capture;
mod filter;
mod message;
mod output;
mod patch;
mod run;
mod start;

use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::Duration;

pub use crate::limits::CAPTURE_LIMIT;
pub use capture::Captured;
pub use filter::{FilterFailure, FilterOptions, FilterResult, filter};
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use patch::fuzz_diff;
pub use patch::{Op, Operation, patch_to_json};
pub use run::{RunResult, run};

pub use crate::sys::Killed;

/// The process group in which a hook runs. It decides who gets the signals that a terminal, `timeout(1)` or a shell sends to a
/// whole group, and what is killed with the hook at its timeout or a cancel ([`Killed`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ProcessGroup {
    /// `Caller` if the calling process is in the foreground of its controlling terminal, or if that cannot be found out, since there is
    /// neither `/proc` nor `/dev/tty`; else `Own`.
    #[default]
    Auto,
    /// The caller's group. The hook gets what is sent to that group, Ctrl-C at the terminal first of all, and may read the
    /// terminal if the group is in the foreground. At a timeout or a cancel, the hook is killed with those of its descendants
    /// that can be found: each is stopped before its children are looked for in `/proc`. The search ends after 1 s, or
    /// with 4096 descendants. Nothing else in the group is touched.
    Caller,
    /// A group of its own, which is killed as a whole at a timeout or a cancel. What is sent to the caller's group does not reach
    /// it, and the terminal stops a hook that reads from it.
    Own,
}

/// One of the streams that a hook writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Descriptor 1.
    Stdout,
    /// Descriptor 2.
    Stderr,
}

/// Receives a hook's output as it comes, in the thread that called [`run`]. An error's text fails the run; what comes after it
/// is thrown away.
pub type OutputFn<'a> = &'a mut dyn FnMut(Stream, &[u8]) -> Result<(), String>;

/// How a hook is run.
pub struct RunOptions<'a> {
    /// Where it is started; `None`: in the caller's working directory.
    pub directory: Option<PathBuf>,
    /// The timeout of a hook that has none of its own; `None`: none.
    pub timeout: Option<Duration>,
    /// How long to wait for a hook that was killed; nothing or less: not at all.
    pub post_kill_timeout: PostKillTimeout,
    /// How much of each stream is kept, in bytes: the last so many.
    pub capture_limit: usize,
    /// What becomes the hook's stdout, instead of being captured.
    pub stdout: Option<BorrowedFd<'a>>,
    /// What becomes the hook's stderr, instead of being captured.
    pub stderr: Option<BorrowedFd<'a>>,
    /// Whether stderr goes where stdout goes, in the order in which both are written. `stderr` does not count then; in a
    /// [`filter`] it is this that does not count.
    pub merge_stderr: bool,
    /// Who receives what is captured as it comes.
    pub output: Option<OutputFn<'a>>,
    /// The hook is killed as soon as this can be read from.
    pub cancel: Option<BorrowedFd<'a>>,
    /// The process group in which it runs.
    pub process_group: ProcessGroup,
    /// Has the hook stopped for as long as the caller itself is stopped.
    pub suspend: Option<Suspend<'a>>,
    /// Whether the system kills the hook when the calling *thread* ends (`PR_SET_PDEATHSIG`), as when the process is killed.
    /// Only for a program that runs hooks in its main thread: a hook that is run in another thread would not be left
    /// behind by the process, but be killed with the thread. The hook's descendants are not killed so, nor is a hook
    /// whose program is set-user-ID. The hook is started by `fork`, which takes longer the more memory the process has.
    pub end_with_thread: bool,
}

/// How a hook is stopped while its caller is: a program that stops at Ctrl-Z would leave it running.
pub struct Suspend<'a> {
    /// The hook is stopped as soon as this can be read from, with its process group or its descendants.
    pub descriptor: BorrowedFd<'a>,
    /// Called then, in the thread that called [`run`]. It makes `descriptor` unreadable, and stops the process. When it
    /// returns, the hook is continued. The time that it takes does not count for the timeout.
    pub stop: &'a mut dyn FnMut(),
}

/// How long to wait for a hook that was killed, in nanoseconds. Unlike [`Duration`] it may be negative, which says no more than
/// nothing does, but in the error's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostKillTimeout(pub i64);

impl PostKillTimeout {
    /// 10 s, as the reference recommends.
    pub const DEFAULT: PostKillTimeout = PostKillTimeout(10_000_000_000);
}

impl Default for RunOptions<'_> {
    fn default() -> Self {
        RunOptions {
            directory: None,
            timeout: None,
            post_kill_timeout: PostKillTimeout::DEFAULT,
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

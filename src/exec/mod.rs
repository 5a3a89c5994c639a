//! Running hooks (docs/spec.md, section 9): what an engine does itself at its extension stages.
//!
//! [`run`] starts one hook, feeds it the state, follows its output, and says what became of it.
//! Nothing is lost: neither the hook's words, nor why it failed, nor its descendants, which are
//! killed with it on a timeout as far as [`ProcessGroup`] says, and left alone otherwise.
//! [`filter`] passes a config through several.

mod capture;
mod filter;
mod message;
mod options;
mod output;
mod patch;
mod run;
mod start;

pub use crate::limits::CAPTURE_LIMIT;
pub use capture::Captured;
pub use filter::{FilterFailure, FilterResult, filter};
pub(crate) use options::post_kill_timeout;
pub use options::{FilterOptions, OutputFn, RunOptions, Suspend};
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use patch::fuzz_diff;
pub use patch::{Op, Operation, patch_to_json};
pub use run::{RunResult, run};

pub use crate::sys::Killed;

/// The process group in which a hook runs. It decides who gets the signals that a terminal,
/// `timeout(1)` or a shell sends to a whole group, and what is killed with the hook at its timeout
/// or a cancel ([`Killed`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ProcessGroup {
    /// `Caller` if the calling process is in the foreground of its controlling terminal, or if that
    /// cannot be found out, since there is neither `/proc` nor `/dev/tty`; else `Own`.
    #[default]
    Auto,
    /// The caller's group. The hook gets what is sent to that group, Ctrl-C at the terminal first
    /// of all, and may read the terminal if the group is in the foreground. At a timeout or a
    /// cancel, the hook is killed with those of its descendants that can be found: each is
    /// stopped before its children are looked for in `/proc`. The search ends after 1 s, or
    /// with 4096 descendants. Nothing else in the group is touched.
    Caller,
    /// A group of its own, which is killed as a whole at a timeout or a cancel. What is sent to the
    /// caller's group does not reach it, and the terminal stops a hook that reads from it.
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

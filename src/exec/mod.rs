//! Running hooks (docs/spec.md, section 9). An engine does this itself at its extension stages.
//!
//! [`run`] starts one hook, writes the state to its stdin, captures its output, and returns the
//! result, with the reason for a failure. At a timeout or a cancellation it also kills the
//! descendants that [`ProcessGroup`] describes; otherwise it leaves descendants alone. [`filter`]
//! passes a config through several hooks.

mod capture;
mod filter;
mod message;
mod options;
mod output;
mod patch;
mod run;
mod start;

pub use crate::container::check_state;
pub use crate::limits::CAPTURE_LIMIT;
pub use capture::Captured;
pub use filter::{DroppedMembers, FilterFailure, FilterResult, filter};
pub(crate) use options::post_kill_timeout;
pub use options::{FilterOptions, OutputFn, RunOptions, Suspend};
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use patch::fuzz_diff;
pub use patch::{Op, Operation, patch_to_json};
pub use run::{RunResult, run};

pub use crate::sys::Killed;

/// The process group in which a hook runs. It decides whether the hook gets the signals that a
/// terminal, `timeout(1)` or a shell sends to a whole group. It also decides which processes are
/// killed with the hook at a timeout or a cancellation ([`Killed`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ProcessGroup {
    /// `Caller` if the calling process is in the foreground of its controlling terminal, or if this
    /// is unknown because neither `/proc` nor `/dev/tty` is available; otherwise `Own`.
    #[default]
    Auto,
    /// The caller's group. The hook gets the signals that are sent to this group, for example by
    /// Ctrl-C at the terminal, and can read the terminal if the group is in the foreground. At a
    /// timeout or a cancellation, the hook and the descendants that can be found are killed. The
    /// search stops each process before it looks for its children in `/proc`, and ends after 1 s or
    /// at 4096 descendants. Other processes in the group are left alone.
    Caller,
    /// A new group, which is killed as a whole at a timeout or a cancellation. Signals to the
    /// caller's group do not reach it, and the terminal stops a hook that reads from it.
    Own,
}

/// One of the streams that a hook writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// File descriptor 1.
    Stdout,
    /// File descriptor 2.
    Stderr,
}

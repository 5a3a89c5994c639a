//! Safe functions for the system calls that std does not have.

mod acl;
mod descendants;
mod descriptor;
mod directory;
mod event;
mod fork;
mod kill;
mod links;
mod mount;
mod namespace;
mod pidfd;
mod process;
mod processes;
mod resolve;
mod root;
mod signals;
mod spawn;
mod status;
mod terminal;

use std::time::Duration;

pub(crate) use acl::{AclKind, AclState, AclTag, AclUnknown};
pub(crate) use descriptor::{
    Interest, above_standard, close, file_size_limit, has_capabilities, pipe, poll, readable_bytes,
    reopen_for_both, set_nonblocking,
};
pub(crate) use directory::Directory;
pub(crate) use event::{EventSet, Flag, Timer, WakeOn};
pub(crate) use fork::Home;
pub use kill::Killed;
pub(crate) use links::{MAX_LINKS, names};
pub(crate) use mount::{FileSystem, MountFlags, fuse_user, mount_point};
pub(crate) use namespace::{KERNEL_OVERFLOW, Overflow};
pub(crate) use process::{Child, Exit, Fate, reap_abandoned};
pub(crate) use root::Root;
pub(crate) use signals::BlockedSignals;
pub(crate) use spawn::{Command, spawn};
pub(crate) use status::{FileStamp, Status};
pub(crate) use terminal::is_in_foreground;

/// Returns the effective user id of the process.
pub(crate) fn effective_uid() -> u32 {
    // SAFETY: geteuid(2) takes nothing, touches no memory of ours and always succeeds.
    unsafe { libc::geteuid() }
}

/// Converts a timeout to the milliseconds that poll(2) and epoll_wait(2) take. It is rounded up,
/// since waking too early would be useless. `None` means no limit.
fn milliseconds(timeout: Option<Duration>) -> i32 {
    timeout.map_or(-1, |timeout| {
        i32::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
    })
}

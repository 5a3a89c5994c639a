//! Process file descriptors (pidfds). A signal through one reaches the intended process or no
//! process.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

/// Opens a pidfd of a process. Returns `None` if the kernel has no pidfds, or there is no such
/// process.
pub(super) fn open_pidfd(pid: libc::pid_t) -> Option<OwnedFd> {
    // SAFETY: pidfd_open(2) takes two numbers.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    i32::try_from(result).ok().filter(|&fd| fd >= 0).map(|fd| {
        // SAFETY: a new file descriptor, which no other code owns. (It is close-on-exec.)
        unsafe { OwnedFd::from_raw_fd(fd) }
    })
}

/// The result of sending a signal through a pidfd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Yes,
    /// The process has been reaped.
    Gone,
    /// The kernel does not have this call, or refuses it (seccomp).
    Refused,
}

/// Sends a signal through a pidfd.
pub(super) fn signal_pidfd(pidfd: &OwnedFd, signal: libc::c_int, flags: libc::c_uint) -> Sent {
    let no_info = ptr::null::<libc::siginfo_t>();
    let pidfd = pidfd.as_raw_fd();
    // SAFETY: pidfd_send_signal(2) takes a file descriptor, two numbers, and NULL.
    let result =
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd, signal, no_info, flags) };
    match io::Error::last_os_error().raw_os_error() {
        _ if result == 0 => Sent::Yes,
        Some(libc::ESRCH) => Sent::Gone,
        _ => Sent::Refused,
    }
}

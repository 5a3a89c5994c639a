//! Descriptors of processes, through which a signal reaches the process that is meant, or nobody.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

/// A pidfd of a process; `None` where the system has none, or there is no such process.
pub(super) fn open_pidfd(pid: libc::pid_t) -> Option<OwnedFd> {
    // SAFETY: pidfd_open(2) takes two numbers.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    i32::try_from(result).ok().filter(|&fd| fd >= 0).map(|fd| {
        // SAFETY: a new descriptor, which nobody else has. (It is close-on-exec.)
        unsafe { OwnedFd::from_raw_fd(fd) }
    })
}

/// What came of a signal that was sent through a pidfd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Yes,
    /// The process has been reaped.
    Gone,
    /// The system does not know how, or refuses it (seccomp).
    Refused,
}

/// Sends a signal through a pidfd.
pub(super) fn signal_pidfd(pidfd: &OwnedFd, signal: libc::c_int, flags: libc::c_uint) -> Sent {
    let no_info = ptr::null::<libc::siginfo_t>();
    let pidfd = pidfd.as_raw_fd();
    // SAFETY: pidfd_send_signal(2) takes a descriptor, two numbers, and NULL.
    let result =
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd, signal, no_info, flags) };
    match io::Error::last_os_error().raw_os_error() {
        _ if result == 0 => Sent::Yes,
        Some(libc::ESRCH) => Sent::Gone,
        _ => Sent::Refused,
    }
}

//! File descriptors: waiting for several at once, and functions for pipes.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// The event to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    Read,
    Write,
    /// An exceptional condition: how the files about mounts in `/proc` report a change.
    Exception,
}

/// Waits until a file descriptor is ready (or broken), or the timeout is over (`None`: no limit).
/// `None` among them is skipped. Returns for each whether it is ready. If a signal interrupts the
/// wait, all are false.
pub(crate) fn poll<const N: usize>(
    descriptors: [Option<(BorrowedFd<'_>, Interest)>; N],
    timeout: Option<Duration>,
) -> io::Result<[bool; N]> {
    let mut list = descriptors.map(|descriptor| libc::pollfd {
        // A negative file descriptor is skipped.
        fd: descriptor.map_or(-1, |(descriptor, _)| descriptor.as_raw_fd()),
        events: match descriptor {
            Some((_, Interest::Write)) => libc::POLLOUT,
            Some((_, Interest::Exception)) => libc::POLLPRI,
            _ => libc::POLLIN,
        },
        revents: 0,
    });
    let timeout = super::milliseconds(timeout);
    // SAFETY: an array of the given length.
    let result = unsafe { libc::poll(list.as_mut_ptr(), N as libc::nfds_t, timeout) };
    if result < 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::Interrupted {
            Ok([false; N])
        } else {
            Err(error)
        };
    }
    Ok(list.map(|entry| entry.revents != 0))
}

/// Makes a pipe, both ends close-on-exec: the end to read from, then the one to write to.
pub(crate) fn pipe() -> io::Result<(File, File)> {
    let mut ends = [-1; 2];
    // SAFETY: memory for two file descriptors.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: new file descriptors, which no other code owns.
    Ok(unsafe { (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1])) })
}

/// Makes reads and writes through the open file description fail with EAGAIN instead of waiting.
pub(crate) fn set_nonblocking(descriptor: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: fcntl(2) with these takes numbers.
    let result = unsafe {
        let flags = libc::fcntl(descriptor.as_raw_fd(), libc::F_GETFL);
        if flags < 0 {
            flags
        } else {
            libc::fcntl(descriptor.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK)
        }
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Closes a file descriptor whose owner will not be dropped.
pub(crate) fn close(descriptor: BorrowedFd<'_>) {
    // SAFETY: close(2) takes a number. The owner is not used any more, and is not dropped.
    unsafe { libc::close(descriptor.as_raw_fd()) };
}

/// Returns a duplicate with a number above 2, close-on-exec.
pub(crate) fn above_standard(descriptor: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    // SAFETY: fcntl(2) with this takes numbers.
    let result = unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 3) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a new file descriptor, which no other code owns.
    Ok(unsafe { OwnedFd::from_raw_fd(result) })
}

/// Opens a pipe again, for reading and writing, with a new open file description.
pub(crate) fn reopen_for_both(pipe: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", pipe.as_raw_fd());
    OpenOptions::new().read(true).write(true).open(path).map(File::into)
}

/// Returns the maximum size of files that this process writes, in bytes.
pub(crate) fn file_size_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: memory for one limit. If the call fails, the limit stays as it is.
    unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) };
    limit.rlim_cur
}

/// Returns how many bytes can be read without waiting.
pub(crate) fn readable_bytes(descriptor: BorrowedFd<'_>) -> io::Result<usize> {
    let mut count: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int.
    let result = unsafe { libc::ioctl(descriptor.as_raw_fd(), libc::FIONREAD, &mut count) };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(usize::try_from(count).unwrap_or_default())
    }
}

/// Returns whether a program has capabilities of its own (capabilities(7)). If that cannot be read,
/// it has none.
pub(crate) fn has_capabilities(file: impl AsFd) -> bool {
    // SAFETY: an open file descriptor and a NUL-terminated name. No memory is written: the size is
    // 0, so the kernel returns only the size of the attribute.
    let size = unsafe {
        libc::fgetxattr(
            file.as_fd().as_raw_fd(),
            c"security.capability".as_ptr(),
            std::ptr::null_mut(),
            0,
        )
    };
    size > 0
}

//! Mounts: inotify says nothing of one that hides a directory, the system's table of mounts does.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::sys::{Interest, poll};

/// The table of mounts. Whoever polls it is told of a change once, be it the caller's event loop that does no more than
/// wake up; so one open file wakes, and another one, which nobody else polls, tells.
#[derive(Debug)]
pub(crate) struct Mounts {
    wakes: File,
    tells: File,
}

impl Mounts {
    pub fn new() -> io::Result<Mounts> {
        // Of the thread: some of an engine have mounts of their own.
        let open = || File::open("/proc/thread-self/mountinfo");
        Ok(Mounts { wakes: open()?, tells: open()? })
    }

    pub fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.wakes.as_fd(), self.tells.as_fd()]
    }

    /// Whether something was mounted or unmounted since this was asked last.
    pub fn changed(&self) -> bool {
        poll([Some((self.tells.as_fd(), Interest::Exception))], Some(Duration::ZERO))
            .is_ok_and(|[ready]| ready)
    }
}

impl AsFd for Mounts {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wakes.as_fd()
    }
}

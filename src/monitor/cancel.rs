//! Ending a monitor from any thread or from a signal handler.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;

use crate::problem::{Error, Result};
use crate::sys::{Flag, Home};

/// Ends a [`Monitor`](super::Monitor): from then on its calls fail with
/// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled), including a call that is waiting. It may
/// be used from any thread, and after the monitor was dropped.
#[derive(Debug, Clone)]
pub struct Canceller(Arc<Cancel>);

#[derive(Debug)]
struct Cancel {
    flag: Flag,
    /// The process that made the monitor. A forked child shares the flag.
    home: Home,
}

impl Canceller {
    pub(super) fn new() -> io::Result<Canceller> {
        Ok(Canceller(Arc::new(Cancel { flag: Flag::new()?, home: Home::new() })))
    }

    /// Ends the monitor. May be called from a signal handler. In the child of a fork it does
    /// nothing.
    pub fn cancel(&self) {
        if self.0.home.is_here() {
            self.0.flag.raise();
        }
    }

    /// Checks that this is the process that made the monitor.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) in the child of a fork.
    pub fn check_process(&self) -> Result<()> {
        if self.0.home.is_here() {
            return Ok(());
        }
        let message =
            "the monitor belongs to the parent process; after fork() the child may only free it";
        Err(Error::invalid_argument(message))
    }
}

/// The file descriptor that is readable after [`Canceller::cancel`].
impl AsFd for Canceller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.flag.as_fd()
    }
}

/// The same file descriptor as a number, for event loops that take one. It stays open and does not
/// change until the last clone is dropped.
impl AsRawFd for Canceller {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

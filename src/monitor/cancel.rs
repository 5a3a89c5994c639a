//! Ending a monitor from anywhere.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;

use crate::problem::{Error, Result};
use crate::sys::{Flag, Home};

/// Ends a [`Monitor`](super::Monitor): from then on its calls return
/// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled), also one that is waiting. It may be used
/// from any thread, and after the monitor has gone.
#[derive(Debug, Clone)]
pub struct Canceller(Arc<Cancel>);

#[derive(Debug)]
struct Cancel {
    flag: Flag,
    /// The process that the monitor is of. A child of it has the same flag.
    home: Home,
}

impl Canceller {
    pub(super) fn new() -> io::Result<Canceller> {
        Ok(Canceller(Arc::new(Cancel { flag: Flag::new()?, home: Home::new() })))
    }

    /// Ends the monitor. May be called from a signal handler; in the child of a fork it does
    /// nothing.
    pub fn cancel(&self) {
        if self.0.home.is_here() {
            self.0.flag.raise();
        }
    }

    /// Checks that this is the process that the monitor was made in.
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

/// The descriptor that is readable once it was used.
impl AsFd for Canceller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.flag.as_fd()
    }
}

/// The same descriptor as a number, for event loops that take one. It stays open, and the same,
/// until the last clone is dropped.
impl AsRawFd for Canceller {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

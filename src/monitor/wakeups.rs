//! The file descriptor that wakes the caller, which stands for several sources of events.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use super::cancel::Canceller;
use crate::sys::{EventSet, Timer, WakeOn};

/// The bits by which [`Wakeups::wait`] reports the sources of events.
pub(crate) const INOTIFY: u32 = 1 << 0;
pub(crate) const MOUNTS: u32 = 1 << 1;
const TIMER: u32 = 1 << 2;
pub(crate) const CANCELLED: u32 = 1 << 3;

/// The sources of events of a monitor, and a timer.
#[derive(Debug)]
pub(crate) struct Wakeups {
    /// The sources: inotify, the table of mounts, the timer, and the canceller.
    pub events: EventSet,
    timer: Timer,
}

impl Wakeups {
    /// Makes the set with the timer, which expires at once, and the canceller.
    pub fn new(canceller: &Canceller) -> io::Result<Wakeups> {
        let wakeups = Wakeups { events: EventSet::new()?, timer: Timer::new()? };
        wakeups.events.add(wakeups.timer.as_fd(), TIMER, WakeOn::Readable)?;
        wakeups.events.add(canceller.as_fd(), CANCELLED, WakeOn::Readable)?;
        wakeups.timer.set(Some(Duration::ZERO))?;
        Ok(wakeups)
    }

    /// Waits for an event, at most this long (`None`: without a limit), and returns the bits of the
    /// sources that have an event.
    pub fn wait(&self, timeout: Option<Duration>) -> io::Result<u32> {
        self.events.wait(timeout)
    }

    /// Sets the timer to this time, or stops it.
    pub fn wake_at(&self, next: Option<Instant>) -> io::Result<()> {
        self.timer.set(next.map(|next| next.saturating_duration_since(Instant::now())))
    }

    /// Returns the file descriptors of the set and of the timer.
    pub fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.events.as_fd(), self.timer.as_fd()]
    }
}

/// The file descriptor that is readable when a source has an event.
impl AsFd for Wakeups {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }
}

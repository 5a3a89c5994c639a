//! Mounts: inotify does not report a mount that hides a directory; the table of mounts does.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::sys::{EventSet, Interest, WakeOn, poll};

/// The table of this thread: some threads of an engine have their own mount namespace.
const TABLE: &str = "/proc/thread-self/mountinfo";
/// How often a monitor may be polled between a change and its dispatch.
const POLLS: usize = 4;

/// The table of mounts. Polling an open file reports a change only once. A poll by the caller's
/// event loop, or by another event loop around it, uses up that report. So several open files wake
/// the caller, and a separate one, which only this module polls, reports the change.
#[derive(Debug)]
pub(crate) struct Mounts {
    wakes: [File; POLLS],
    reports: File,
    /// Whether a change wakes the caller.
    armed: bool,
}

impl Mounts {
    /// Opens the table. `bit` reports a change in `events`.
    pub fn new(events: &EventSet, bit: u32) -> io::Result<Mounts> {
        let open = || File::open(TABLE);
        let mounts =
            Mounts { wakes: [open()?, open()?, open()?, open()?], reports: open()?, armed: true };
        for file in &mounts.wakes {
            events.add(file.as_fd(), bit, WakeOn::ExceptionalOnce)?;
        }
        Ok(mounts)
    }

    /// Returns the file descriptors of all open files.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.wakes.iter().chain([&self.reports]).map(AsFd::as_fd)
    }

    /// Records that a change has woken the caller. No other change does until [`Mounts::arm`].
    pub fn fired(&mut self) {
        self.armed = false;
    }

    /// Makes the next change wake the caller.
    pub fn arm(&mut self, events: &EventSet, bit: u32) -> io::Result<()> {
        if !self.armed {
            for file in &self.wakes {
                events.change(file.as_fd(), bit, WakeOn::ExceptionalOnce)?;
            }
            self.armed = true;
        }
        Ok(())
    }

    /// Returns whether something was mounted or unmounted since the last call.
    pub fn changed(&self) -> bool {
        poll([Some((self.reports.as_fd(), Interest::Exception))], Some(Duration::ZERO))
            .is_ok_and(|[ready]| ready)
    }
}

//! Mounts: inotify says nothing of one that hides a directory, the system's table of mounts does.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::sys::{EventSet, Interest, WakeOn, poll};

/// Of the thread: some of an engine have mounts of their own.
const TABLE: &str = "/proc/thread-self/mountinfo";
/// How often a monitor may be polled between a change and its dispatch.
const POLLS: usize = 4;

/// The table of mounts. Whoever polls it is told of a change once, be it the caller's event loop
/// that does no more than wake up, or another one around it; so some open files wake, and another
/// one, which nobody else polls, tells.
#[derive(Debug)]
pub(crate) struct Mounts {
    wakes: [File; POLLS],
    tells: File,
    /// Whether a change wakes.
    armed: bool,
}

impl Mounts {
    /// Whatever changes is told by `bit`.
    pub fn new(events: &EventSet, bit: u32) -> io::Result<Mounts> {
        let open = || File::open(TABLE);
        let mounts =
            Mounts { wakes: [open()?, open()?, open()?, open()?], tells: open()?, armed: true };
        for file in &mounts.wakes {
            events.add(file.as_fd(), bit, WakeOn::ExceptionalOnce)?;
        }
        Ok(mounts)
    }

    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.wakes.iter().chain([&self.tells]).map(AsFd::as_fd)
    }

    /// A change has woken somebody: none does again, until it is asked for.
    pub fn fired(&mut self) {
        self.armed = false;
    }

    /// Asks to be woken.
    pub fn arm(&mut self, events: &EventSet, bit: u32) -> io::Result<()> {
        if !self.armed {
            for file in &self.wakes {
                events.change(file.as_fd(), bit, WakeOn::ExceptionalOnce)?;
            }
            self.armed = true;
        }
        Ok(())
    }

    /// Whether something was mounted or unmounted since this was asked last.
    pub fn changed(&self) -> bool {
        poll([Some((self.tells.as_fd(), Interest::Exception))], Some(Duration::ZERO))
            .is_ok_and(|[ready]| ready)
    }
}

//! When to look for changes that the kernel does not report.

use std::time::{Duration, Instant};

use super::fingerprint::Fingerprint;

/// The time between two polls.
pub(crate) const INTERVAL: Duration = Duration::from_secs(1);

/// Why and when the next poll is. The two reasons are independent of each other.
#[derive(Debug, Default)]
pub(crate) struct Polling {
    /// The next look at the directories. `None` while the kernel accepts all watches.
    look_at: Option<Instant>,
    /// The time to read again the files that failed with an I/O error. `None` if no file did. The
    /// kernel sends no event when it can read them again.
    read_at: Option<Instant>,
    /// The directories at the last look. `None` before the first.
    seen: Option<Fingerprint>,
}

impl Polling {
    /// Returns the time of the next poll.
    pub fn next(&self) -> Option<Instant> {
        self.look_at.into_iter().chain(self.read_at).min()
    }

    /// Returns whether to look at the directories now, and schedules the next look.
    pub fn look_is_due(&mut self, now: Instant) -> bool {
        let due = self.look_at.is_some_and(|look_at| now >= look_at);
        if due {
            self.look_at = Some(now + INTERVAL);
        }
        due
    }

    /// Returns whether to read the files again that failed with an I/O error.
    pub fn read_is_due(&mut self, now: Instant) -> bool {
        self.read_at.take_if(|read_at| now >= *read_at).is_some()
    }

    /// Returns whether the directories are polled because the kernel refused a watch.
    pub fn looks_at_directories(&self) -> bool {
        self.look_at.is_some()
    }

    /// Starts to poll the directories, because the kernel refuses a watch. Returns false if they
    /// were polled already.
    pub fn start(&mut self, now: Instant) -> bool {
        let starts = self.look_at.is_none();
        if starts {
            self.look_at = Some(now + INTERVAL);
        }
        starts
    }

    /// Stops polling the directories, because the kernel accepts all watches. Returns whether they
    /// were polled before.
    pub fn stop(&mut self) -> bool {
        self.look_at.take().is_some()
    }

    /// Records the end of a reload. Schedules the next one if a file failed with an error that may
    /// disappear.
    pub fn reload_done(&mut self, done: Instant, may_pass: bool) {
        self.read_at = may_pass.then(|| done + INTERVAL);
    }

    /// Records the state of the directories, and returns whether they may have changed since the
    /// last look.
    pub fn has_changed(&mut self, looks: Fingerprint) -> bool {
        // A reload comes after this look. The next look finds the changes that the reload misses.
        let seen = self.seen.replace(looks);
        !seen.is_some_and(|seen| seen == looks && seen.is_final())
    }
}

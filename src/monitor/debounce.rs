//! Debounce: reload at once after a quiet time, else as soon as it is quiet again.

use std::time::{Duration, Instant};

use super::watches::Activity;

/// The time without a change after which it is quiet. It is longer where a reload takes longer, so
/// that reloads do not use all of the processor's time.
const QUIET: Duration = Duration::from_millis(20);
/// The maximum delay: reload after this long even if changes keep coming. It is longer where a
/// reload takes longer: ten times the reload, but at most ten times this.
const MAX_DELAY: Duration = Duration::from_secs(1);
/// How many wakeups without a reload are allowed within [`QUIET`].
const MAX_IDLE_WAKEUPS: u32 = 16;

/// Delays reloads, so that one reload handles many changes.
#[derive(Debug)]
pub(crate) struct Debounce {
    /// The time of the first change that no reload has handled. `None` if there is no such change.
    pending: Option<Instant>,
    rest: Rest,
    /// How long the last reload took.
    cost: Duration,
    idle_wakes: IdleWakes,
}

/// Whether it is quiet.
#[derive(Debug, Clone, Copy)]
enum Rest {
    /// Nothing has happened for a while: events wake the caller, and a change is handled at once.
    Quiet,
    /// A change waits. It is quiet at this time unless another change comes. Events still wake the
    /// caller, since a file that is being written is read as soon as it is complete.
    Waiting(Instant),
    /// As `Waiting`, but events do not wake the caller: changes are handled when it is quiet.
    Settling(Instant),
}

/// Wakeups without a reload.
#[derive(Debug)]
struct IdleWakes {
    since: Instant,
    count: u32,
}

impl Debounce {
    /// Starts with a pending change: the first reload is due.
    pub fn new(now: Instant) -> Debounce {
        let idle_wakes = IdleWakes { since: now, count: 0 };
        Debounce { pending: Some(now), rest: Rest::Quiet, cost: Duration::ZERO, idle_wakes }
    }

    /// Records the activity, and returns whether to reload. `woken` is whether events have woken
    /// the caller.
    pub fn due(&mut self, now: Instant, activity: Activity, woken: bool) -> bool {
        if activity > Activity::None {
            self.pending.get_or_insert(now);
        }
        let quiet = self.is_quiet(now);
        let max_delay = (self.cost * 10).clamp(MAX_DELAY, 10 * MAX_DELAY);
        let due = self.pending.is_some_and(|since| {
            (activity == Activity::Complete && !self.is_settling())
                || (activity == Activity::None && quiet)
                || now.duration_since(since) >= max_delay
        });
        if due {
            self.pending = None;
            return true;
        }
        if activity > Activity::None {
            let quiet_at = now + self.quiet_time();
            self.rest =
                if self.is_settling() { Rest::Settling(quiet_at) } else { Rest::Waiting(quiet_at) };
        } else if quiet {
            self.rest = Rest::Quiet;
        }
        if woken && !self.is_settling() {
            self.woken_without_reload(now);
        }
        false
    }

    /// Records a reload. Changes wait from now on until it is quiet.
    pub fn reload_done(&mut self, start: Instant, done: Instant) {
        self.cost = done.duration_since(start);
        self.rest = Rest::Settling(done + self.quiet_time());
    }

    /// Records a poll of the directories that found no change. The next poll waits ten times as
    /// long as this one took.
    pub fn poll_done(&mut self, start: Instant, done: Instant) {
        self.rest =
            Rest::Settling(done + (done.duration_since(start) * 10).clamp(QUIET, MAX_DELAY));
    }

    /// Records a reload that failed. Another one is due after this time.
    pub fn retry(&mut self, now: Instant, after: Duration) {
        self.pending = Some(now);
        self.rest = Rest::Settling(now + after);
    }

    /// Returns whether nothing has happened for a while.
    pub fn is_quiet(&self, now: Instant) -> bool {
        self.next().is_none_or(|quiet_at| now >= quiet_at)
    }

    /// Returns whether events must not wake the caller.
    pub fn is_settling(&self) -> bool {
        matches!(self.rest, Rest::Settling(_))
    }

    /// Returns the time to call [`Debounce::due`] next, if no event comes before.
    pub fn next(&self) -> Option<Instant> {
        match self.rest {
            Rest::Quiet => None,
            Rest::Waiting(quiet_at) | Rest::Settling(quiet_at) => Some(quiet_at),
        }
    }

    fn quiet_time(&self) -> Duration {
        self.cost.clamp(QUIET, MAX_DELAY)
    }

    fn woken_without_reload(&mut self, now: Instant) {
        if now.duration_since(self.idle_wakes.since) > QUIET {
            self.idle_wakes = IdleWakes { since: now, count: 0 };
        }
        self.idle_wakes.count += 1;
        if self.idle_wakes.count > MAX_IDLE_WAKEUPS {
            self.rest = Rest::Settling(now + QUIET);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a debounce that is quiet, and a clock: milliseconds from then.
    fn quiet() -> (Debounce, impl Fn(u64) -> Instant) {
        let start = Instant::now();
        let mut debounce = Debounce::new(start);
        assert!(debounce.due(start, Activity::None, false));
        debounce.reload_done(start, start);
        let at = move |milliseconds| start + Duration::from_millis(20 + milliseconds);
        assert!(!debounce.due(at(0), Activity::None, false));
        assert!(!debounce.is_settling() && debounce.next().is_none());
        (debounce, at)
    }

    #[test]
    fn a_change_after_a_quiet_time_is_handled_at_once() {
        let (mut debounce, at) = quiet();
        assert!(debounce.due(at(5), Activity::Complete, true));
        debounce.reload_done(at(5), at(6));
        assert!(debounce.is_settling());
        assert_eq!(debounce.next(), Some(at(26)));
        assert!(!debounce.due(at(26), Activity::None, false));
        assert!(debounce.due(at(27), Activity::Complete, true));
    }

    #[test]
    fn later_changes_are_handled_when_it_is_quiet() {
        let (mut debounce, at) = quiet();
        assert!(debounce.due(at(0), Activity::Complete, true));
        debounce.reload_done(at(0), at(1));
        assert!(!debounce.due(at(21), Activity::Complete, false));
        assert_eq!(debounce.next(), Some(at(41)));
        assert!(!debounce.due(at(30), Activity::None, false), "it is not quiet yet");
        assert!(debounce.due(at(41), Activity::None, false));
    }

    #[test]
    fn a_file_that_is_being_written_is_read_when_complete() {
        let (mut debounce, at) = quiet();
        assert!(!debounce.due(at(0), Activity::Writing, true));
        assert!(!debounce.is_settling(), "the end of the writing wakes");
        assert!(debounce.due(at(1), Activity::Complete, true));
        let (mut debounce, at) = quiet();
        assert!(!debounce.due(at(0), Activity::Writing, true));
        assert!(debounce.due(at(20), Activity::None, false), "it is read as it is");
    }

    #[test]
    fn changes_that_keep_coming_wait_for_a_limited_time() {
        let (mut debounce, at) = quiet();
        assert!(debounce.due(at(0), Activity::Complete, true));
        debounce.reload_done(at(0), at(0));
        let due = (1..)
            .map(|turn| turn * 19)
            .find(|&now| debounce.due(at(now), Activity::Complete, false));
        assert_eq!(due, Some(53 * 19 + 19));
    }

    #[test]
    fn wakeups_without_a_reload_become_fewer() {
        let (mut debounce, at) = quiet();
        let wakes = (0..)
            .take_while(|_| !debounce.due(at(1), Activity::None, true) && !debounce.is_settling())
            .count();
        assert_eq!(wakes, MAX_IDLE_WAKEUPS as usize);
        assert_eq!(debounce.next(), Some(at(21)));
        assert!(!debounce.due(at(21), Activity::None, false));
        assert!(!debounce.is_settling());
    }

    #[test]
    fn a_long_reload_is_followed_by_a_long_rest() {
        let (mut debounce, at) = quiet();
        assert!(debounce.due(at(0), Activity::Complete, true));
        debounce.reload_done(at(0), at(300));
        assert_eq!(debounce.next(), Some(at(600)));
        debounce.retry(at(700), Duration::from_secs(1));
        assert!(!debounce.due(at(1600), Activity::None, false));
        assert!(debounce.due(at(1700), Activity::None, false));
    }
}

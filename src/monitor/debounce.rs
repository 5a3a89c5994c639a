//! When hooks are read again: at once if it was quiet, else when it is.

use std::time::{Duration, Instant};

use super::watches::Activity;

/// How long it must be quiet after a change before another is served at once. What comes earlier waits until it is.
/// (Longer, where a reload takes longer: reading must not be all that is done.)
const QUIET: Duration = Duration::from_millis(20);
/// How long what does not become quiet is left alone. (Longer, where a reload takes longer: ten times as long as that, but not
/// more than ten times this.)
const PATIENCE: Duration = Duration::from_secs(1);
/// How often in [`QUIET`] somebody is woken for what comes to nothing.
const MOST_WAKES: u32 = 16;

/// What has happened and was not served, and when it will be.
#[derive(Debug)]
pub(crate) struct Pace {
    /// When the first change was seen that no reload has served yet.
    pending: Option<Instant>,
    /// When it is quiet, unless something else happens.
    quiet_at: Option<Instant>,
    /// Events wake nobody until it is quiet.
    settling: bool,
    /// How long the last reload took.
    cost: Duration,
    /// Since when wakes for nothing are counted, and how many there were.
    wakes: (Instant, u32),
}

impl Pace {
    /// The first reload is due.
    pub fn new(now: Instant) -> Pace {
        Pace { pending: Some(now), quiet_at: None, settling: false, cost: Duration::ZERO, wakes: (now, 0) }
    }

    /// Takes note of what has happened, and says whether to reload. `woken` says that events have woken the caller.
    pub fn due(&mut self, now: Instant, activity: Activity, woken: bool) -> bool {
        if activity > Activity::None {
            self.pending.get_or_insert(now);
        }
        let quiet = self.is_quiet(now);
        let patience = (self.cost * 10).clamp(PATIENCE, 10 * PATIENCE);
        let due = self.pending.is_some_and(|since| {
            (activity == Activity::Complete && !self.settling)
                || (activity == Activity::None && quiet)
                || now.duration_since(since) >= patience
        });
        if due {
            self.pending = None;
            return true;
        }
        if activity > Activity::None {
            self.quiet_at = Some(now + self.quiet());
        } else if quiet {
            self.quiet_at = None;
            self.settling = false;
        }
        if woken && !self.settling {
            self.woken_for_nothing(now);
        }
        false
    }

    /// A reload was made; what comes now waits until it is quiet.
    pub fn served(&mut self, begun: Instant, done: Instant) {
        self.cost = done.duration_since(begun);
        self.rest(done, self.quiet());
    }

    /// The directories were looked at, which is not to be done all the time either.
    pub fn looked(&mut self, begun: Instant, done: Instant) {
        self.rest(done, (done.duration_since(begun) * 10).clamp(QUIET, PATIENCE));
    }

    /// A reload is to be made after this time, since the last one could not be.
    pub fn retry(&mut self, now: Instant, after: Duration) {
        self.pending = Some(now);
        self.rest(now, after);
    }

    /// Whether nothing has happened for a while.
    pub fn is_quiet(&self, now: Instant) -> bool {
        self.quiet_at.is_none_or(|quiet_at| now >= quiet_at)
    }

    /// Whether events are to wake nobody.
    pub fn is_settling(&self) -> bool {
        self.settling
    }

    /// When to look again, whatever happens until then.
    pub fn next(&self) -> Option<Instant> {
        self.quiet_at
    }

    fn quiet(&self) -> Duration {
        self.cost.clamp(QUIET, PATIENCE)
    }

    fn rest(&mut self, now: Instant, time: Duration) {
        self.settling = true;
        self.quiet_at = Some(now + time);
    }

    fn woken_for_nothing(&mut self, now: Instant) {
        if now.duration_since(self.wakes.0) > QUIET {
            self.wakes = (now, 0);
        }
        self.wakes.1 += 1;
        if self.wakes.1 > MOST_WAKES {
            self.rest(now, QUIET);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pace that is quiet, and a clock: milliseconds from then.
    fn quiet() -> (Pace, impl Fn(u64) -> Instant) {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!(pace.due(start, Activity::None, false));
        pace.served(start, start);
        let at = move |milliseconds| start + Duration::from_millis(20 + milliseconds);
        assert!(!pace.due(at(0), Activity::None, false));
        assert!(!pace.is_settling() && pace.next().is_none());
        (pace, at)
    }

    #[test]
    fn a_change_after_a_quiet_time_is_served_at_once() {
        let (mut pace, at) = quiet();
        assert!(pace.due(at(5), Activity::Complete, true));
        pace.served(at(5), at(6));
        assert!(pace.is_settling());
        assert_eq!(pace.next(), Some(at(26)));
        assert!(!pace.due(at(26), Activity::None, false));
        assert!(pace.due(at(27), Activity::Complete, true));
    }

    #[test]
    fn what_follows_is_served_when_it_is_quiet() {
        let (mut pace, at) = quiet();
        assert!(pace.due(at(0), Activity::Complete, true));
        pace.served(at(0), at(1));
        assert!(!pace.due(at(21), Activity::Complete, false));
        assert_eq!(pace.next(), Some(at(41)));
        assert!(!pace.due(at(30), Activity::None, false), "it is not quiet yet");
        assert!(pace.due(at(41), Activity::None, false));
    }

    #[test]
    fn a_file_that_is_being_written_is_waited_for() {
        let (mut pace, at) = quiet();
        assert!(!pace.due(at(0), Activity::Begun, true));
        assert!(!pace.is_settling(), "its end wakes");
        assert!(pace.due(at(1), Activity::Complete, true));
        let (mut pace, at) = quiet();
        assert!(!pace.due(at(0), Activity::Begun, true));
        assert!(pace.due(at(20), Activity::None, false), "it is read as it is");
    }

    #[test]
    fn patience_ends() {
        let (mut pace, at) = quiet();
        assert!(pace.due(at(0), Activity::Complete, true));
        pace.served(at(0), at(0));
        let due = (1..).map(|turn| turn * 19).find(|&now| pace.due(at(now), Activity::Complete, false));
        assert_eq!(due, Some(53 * 19 + 19));
    }

    #[test]
    fn who_is_woken_for_nothing_is_woken_less() {
        let (mut pace, at) = quiet();
        let wakes =
            (0..).take_while(|_| !pace.due(at(1), Activity::None, true) && !pace.is_settling()).count();
        assert_eq!(wakes, MOST_WAKES as usize);
        assert_eq!(pace.next(), Some(at(21)));
        assert!(!pace.due(at(21), Activity::None, false));
        assert!(!pace.is_settling());
    }

    #[test]
    fn a_long_reload_is_rested_from() {
        let (mut pace, at) = quiet();
        assert!(pace.due(at(0), Activity::Complete, true));
        pace.served(at(0), at(300));
        assert_eq!(pace.next(), Some(at(600)));
        pace.retry(at(700), Duration::from_secs(1));
        assert!(!pace.due(at(1600), Activity::None, false));
        assert!(pace.due(at(1700), Activity::None, false));
    }
}

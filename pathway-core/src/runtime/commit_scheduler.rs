//! When the open commit is sealed, and the time that it then gets on the wire.
//!
//! The `time` of a commit is unix milliseconds, even, and grows from commit to commit. Commits that come more
//! often than every two milliseconds therefore run ahead of the clock. Small commits may: latency counts, and the
//! lead melts when things calm down. It is bounded by [`MAX_LEAD`]; a pipeline that has used it up, and any commit
//! that is large, waits for the next even millisecond, which makes batches larger and work cheaper.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The distance of two commits' times.
const STEP: u64 = 2;

/// How far a commit's time may be ahead of the clock, in milliseconds: 30 000 small commits in a row.
const MAX_LEAD: u64 = 60_000;

/// A commit of this many messages does not run ahead of the clock: waiting costs it little and saves much.
const LARGE: usize = 256;

/// So many messages are sealed at once, clock or not: the commit's memory is bounded.
const FULL: usize = 256 * 1024;

/// Decides when to seal.
pub(super) struct CommitScheduler {
    /// The time of the last commit.
    last: u64,
}

/// What to do with the open commit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Seal it.
    Seal,
    /// Wait for this long, or until more comes.
    Wait(Duration),
}

impl CommitScheduler {
    pub(super) fn new() -> Self {
        CommitScheduler { last: 0 }
    }

    /// What to do with a commit of so many messages, whose sources let it wait for `patience` more.
    pub(super) fn verdict(&self, messages: usize, patience: Duration) -> Decision {
        self.verdict_at(unix_millis(), messages, patience)
    }

    fn verdict_at(&self, now: u64, messages: usize, patience: Duration) -> Decision {
        if messages >= FULL {
            return Decision::Seal;
        }
        if !patience.is_zero() {
            return Decision::Wait(patience);
        }
        let lead = (self.last + STEP).saturating_sub(now);
        if lead == 0 || (lead <= MAX_LEAD && messages < LARGE) {
            return Decision::Seal;
        }
        Decision::Wait(Duration::from_millis(lead.min(STEP)))
    }

    /// The time of the commit that is being sealed.
    pub(super) fn stamp(&mut self) -> u64 {
        self.stamp_at(unix_millis())
    }

    fn stamp_at(&mut self, now: u64) -> u64 {
        self.last = (now & !1).max(self.last + STEP);
        self.last
    }
}

fn unix_millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_001;

    #[test]
    fn times_are_even_and_grow() {
        let mut pacer = CommitScheduler::new();
        let times: Vec<u64> = [NOW, NOW, NOW - 50, NOW + 9].into_iter().map(|now| pacer.stamp_at(now)).collect();
        assert_eq!(times, [NOW - 1, NOW + 1, NOW + 3, NOW + 9]);
    }

    #[test]
    fn small_commits_run_ahead_of_the_clock_and_large_ones_wait() {
        let mut pacer = CommitScheduler::new();
        let none = Duration::ZERO;
        assert_eq!(pacer.verdict_at(NOW, 1, none), Decision::Seal);
        pacer.stamp_at(NOW);
        assert_eq!(pacer.verdict_at(NOW, 1, none), Decision::Seal);
        assert_eq!(pacer.verdict_at(NOW, LARGE, none), Decision::Wait(Duration::from_millis(1)));
        assert_eq!(pacer.verdict_at(NOW + 1, LARGE, none), Decision::Seal);
        assert_eq!(pacer.verdict_at(NOW, FULL, none), Decision::Seal);
    }

    #[test]
    fn the_lead_is_bounded() {
        let mut pacer = CommitScheduler::new();
        let mut commits = 0;
        while pacer.verdict_at(NOW, 1, Duration::ZERO) == Decision::Seal {
            pacer.stamp_at(NOW);
            commits += 1;
        }
        // The first one is not ahead.
        assert_eq!(commits, 1 + MAX_LEAD / STEP);
    }

    #[test]
    fn commit_every_waits_for_the_rest() {
        let wait = CommitScheduler::new().verdict_at(NOW, 1, Duration::from_millis(400));
        assert_eq!(wait, Decision::Wait(Duration::from_millis(400)));
    }
}

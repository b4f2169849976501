//! When the open commit is sealed, and which `time` it gets on the wire.
//!
//! The `time` of a commit is unix milliseconds, even and strictly increasing. Commits that follow each other faster than
//! every two milliseconds therefore run ahead of the clock. Small commits may do so, because latency counts; the lead
//! shrinks when the load does. A pipeline whose lead is [`MAX_LEAD`] or more, and every large commit, leaves two milliseconds
//! between commits, which makes them larger and work cheaper, and lets the lead grow no further.
//!
//! A pause makes no commit larger of a source that says itself what belongs to a commit. These may run ahead further, so that a
//! bulk load in commits of some hundred rows does not wait most of the time.
//!
//! The pauses are measured by a monotonic clock: no commit ever waits longer, even if the clock is set back by an hour. Its
//! `time` is then ahead of the clock by that hour.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The smallest distance between the times of two commits, in milliseconds.
const STEP: u64 = 2;

/// How far small commits may run ahead of the clock, in milliseconds: 30 000 of them in a row.
const MAX_LEAD: u64 = 60_000;

/// How far commits may run ahead that waiting does not make larger, in milliseconds: 1.8 million of them in a row.
const MAX_LEAD_OF_WHOLE: u64 = 3_600_000;

/// A commit of this many messages does not run ahead of the clock: waiting costs little and saves much.
const LARGE: usize = 256;

/// A commit of this many messages is sealed at once, whatever the clock says, so that its memory is bounded.
const FULL: usize = 256 * 1024;

/// Decides when the open commit is sealed.
pub(super) struct CommitScheduler {
    /// The time of the last commit.
    last: u64,
    /// When the last commit was sealed that was decided on here. Preloaded and manual commits are not.
    sealed: Option<Instant>,
}

/// What to do with the open commit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Seal it.
    Seal,
    /// Wait for this long, or until more arrives.
    Wait(Duration),
}

impl CommitScheduler {
    pub(super) fn new() -> Self {
        CommitScheduler { last: 0, sealed: None }
    }

    /// What to do with a commit of `messages`, which may wait for `time_left`. Waiting does not make it larger if it is `whole`.
    pub(super) fn decide(&self, messages: usize, whole: bool, time_left: Duration) -> Decision {
        let since_last = self.sealed.map_or(Duration::MAX, |sealed| sealed.elapsed());
        self.decide_at(unix_millis(), since_last, (messages, whole), time_left)
    }

    /// `since_last` is how long ago the last commit was sealed.
    fn decide_at(
        &self,
        now: u64,
        since_last: Duration,
        (messages, whole): (usize, bool),
        time_left: Duration,
    ) -> Decision {
        if messages >= FULL {
            return Decision::Seal;
        }
        if !time_left.is_zero() {
            return Decision::Wait(time_left);
        }
        let lead = (self.last + STEP).saturating_sub(now);
        let may_lead = if whole { lead <= MAX_LEAD_OF_WHOLE } else { lead <= MAX_LEAD && messages < LARGE };
        if lead == 0 || may_lead {
            return Decision::Seal;
        }
        match Duration::from_millis(STEP).checked_sub(since_last).filter(|wait| !wait.is_zero()) {
            Some(wait) => Decision::Wait(wait),
            None => Decision::Seal,
        }
    }

    /// The time of the commit that is being sealed.
    pub(super) fn next_time(&mut self) -> u64 {
        self.next_time_at(unix_millis())
    }

    /// The commit that was decided on is sealed: the pause before the next one begins.
    /// Continues behind a commit of an earlier run.
    pub(super) fn continue_after(&mut self, time: u64) {
        self.last = self.last.max(time);
    }

    pub(super) fn sealed(&mut self) {
        self.sealed = Some(Instant::now());
    }

    fn next_time_at(&mut self, now: u64) -> u64 {
        self.last = (now & !1).max(self.last + STEP);
        self.last
    }
}

pub(super) fn unix_millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_001;

    #[test]
    fn times_are_even_and_strictly_increasing() {
        let mut scheduler = CommitScheduler::new();
        let times: Vec<u64> =
            [NOW, NOW, NOW - 50, NOW + 9].into_iter().map(|now| scheduler.next_time_at(now)).collect();
        assert_eq!(times, [NOW - 1, NOW + 1, NOW + 3, NOW + 9]);
    }

    const NONE: Duration = Duration::ZERO;
    const PAUSE: Duration = Duration::from_millis(STEP);

    #[test]
    fn small_commits_run_ahead_of_the_clock_and_large_ones_wait() {
        let mut scheduler = CommitScheduler::new();
        assert_eq!(scheduler.decide_at(NOW, Duration::MAX, (1, false), NONE), Decision::Seal);
        scheduler.next_time_at(NOW);
        assert_eq!(scheduler.decide_at(NOW, NONE, (1, false), NONE), Decision::Seal);
        assert_eq!(scheduler.decide_at(NOW, PAUSE / 2, (LARGE, false), NONE), Decision::Wait(PAUSE / 2));
        assert_eq!(scheduler.decide_at(NOW + 1, PAUSE / 2, (LARGE, false), NONE), Decision::Seal);
        assert_eq!(scheduler.decide_at(NOW, NONE, (FULL, false), NONE), Decision::Seal);
    }

    #[test]
    fn the_lead_of_small_commits_is_bounded() {
        let mut scheduler = CommitScheduler::new();
        let mut commits = 0;
        while scheduler.decide_at(NOW, NONE, (1, false), NONE) == Decision::Seal {
            scheduler.next_time_at(NOW);
            commits += 1;
        }
        // The first one is not ahead of the clock.
        assert_eq!(commits, 1 + MAX_LEAD / STEP);
    }

    #[test]
    fn a_commit_that_waiting_does_not_make_larger_runs_ahead_further() {
        let mut scheduler = CommitScheduler::new();
        let mut commits = 0;
        while scheduler.decide_at(NOW, NONE, (LARGE * 2, true), NONE) == Decision::Seal {
            scheduler.next_time_at(NOW);
            commits += 1;
        }
        assert_eq!(commits, 1 + MAX_LEAD_OF_WHOLE / STEP);
        assert_eq!(scheduler.decide_at(NOW, NONE, (LARGE * 2, true), NONE), Decision::Wait(PAUSE));
    }

    /// After many small commits, and after the clock was set back by an hour.
    #[test]
    fn no_commit_waits_for_the_lead_to_shrink() {
        for clock in [NOW - MAX_LEAD, NOW - 3_600_000] {
            let mut scheduler = CommitScheduler::new();
            scheduler.next_time_at(NOW);
            for messages in [1, LARGE, FULL - 1] {
                assert_eq!(
                    scheduler.decide_at(clock, PAUSE, (messages, false), NONE),
                    Decision::Seal,
                    "{messages} at {clock}"
                );
                let soon = scheduler.decide_at(clock, NONE, (messages, false), NONE);
                assert!(soon == Decision::Seal || soon == Decision::Wait(PAUSE), "{messages} at {clock}: {soon:?}");
            }
        }
    }

    #[test]
    fn commit_every_waits_for_the_rest() {
        let wait = CommitScheduler::new().decide_at(NOW, Duration::MAX, (1, false), Duration::from_millis(400));
        assert_eq!(wait, Decision::Wait(Duration::from_millis(400)));
    }
}

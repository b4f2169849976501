//! Event time by its definition: the latest time of any row so far, advanced by a clock while no rows come.

use crate::support::random::Random;
use pathway::prelude::*;

/// The event time of a table, with or without a clock.
#[derive(Clone, Copy, Default)]
pub(super) struct EventTime {
    pub(super) now: Option<i64>,
    /// How long no row must have arrived before the clock advances event time.
    pub(super) idle_timeout: Option<i64>,
    tick: Option<i64>,
    /// Clock and event time when the last row arrived.
    heard: Option<(i64, i64)>,
}

impl EventTime {
    pub(super) fn new(idle_timeout: Option<i64>) -> Self {
        EventTime { idle_timeout, ..EventTime::default() }
    }

    /// Event time at the end of a commit with these row times and this tick.
    pub(super) fn commit(&mut self, times: impl IntoIterator<Item = i64>, tick: Option<i64>) -> Option<i64> {
        let row = times.into_iter().max();
        self.now = self.now.max(row);
        self.tick = self.tick.max(tick);
        if let (Some(after), Some(tick), Some(now)) = (self.idle_timeout, self.tick, self.now) {
            let (heard, from) = self.heard.filter(|_| row.is_none()).unwrap_or((tick, now));
            self.heard = Some((heard, from));
            if tick - heard >= after {
                self.now = Some(now.max(from + tick - heard));
            }
        }
        self.now
    }
}

/// The row of a clock's table.
#[derive(Schema)]
pub(super) struct Second {
    pub(super) at: i64,
}

/// Random ticks for a number of commits. Some are missing, some jump ahead, some go back a little.
pub(super) fn ticks(seed: u64, commits: usize) -> Vec<Option<i64>> {
    let mut random = Random::new(seed ^ 0xc10c);
    let mut now = 1_000;
    let tick = |_| {
        now += random.pick(&[0, 1, 1, 2, 7, -1]);
        (random.below(3) > 0).then_some(now)
    };
    (0..commits).map(tick).collect()
}

/// The table of these ticks, each of which replaces the previous one.
pub(super) fn clock(pipeline: &Pipeline, ticks: &[Option<i64>]) -> Table<Second> {
    let mut standing = None;
    let commits = ticks.iter().map(|tick| {
        let Some(at) = *tick else { return Vec::new() };
        let gone = standing.replace(at).map(|at| Change::remove(Second { at }));
        gone.into_iter().chain([Change::insert(Second { at })]).collect()
    });
    pipeline.commits(commits.collect::<Vec<_>>())
}

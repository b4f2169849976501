//! How long commits take, stage by stage.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Histogram, HistogramStats};

/// How long the commits of a pipeline take, and how large they are.
#[derive(Debug)]
pub struct Latencies {
    rows: Histogram,
    wait: Histogram,
    operators: Histogram,
    log: Histogram,
    publish: Histogram,
    total: Histogram,
    /// The commits of which a sink has not confirmed everything, or that are being computed, in order: mostly one.
    open: Mutex<VecDeque<OpenCommit>>,
}

/// A commit that is not through.
#[derive(Debug)]
struct OpenCommit {
    commit: u64,
    /// When its first message arrived. `None`: it is not known, or the commit is being computed.
    arrived: Option<Instant>,
    /// What it waits for: the operators, and the batches that sinks have not confirmed.
    awaited: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        let [wait, operators, log, publish, total] = [(); 5].map(|()| Histogram::of_durations());
        Latencies { rows: Histogram::of_rows(), wait, operators, log, publish, total, open: Mutex::default() }
    }
}

impl Latencies {
    /// A commit of so many rows is sealed at this moment. Its first message has arrived before.
    pub fn sealed(&self, rows: u64, arrived: Option<Instant>, at: Instant) {
        self.rows.record_number(rows);
        if let Some(arrived) = arrived {
            self.wait.record(at.saturating_duration_since(arrived));
        }
    }

    /// The record of a commit was written.
    pub fn logged(&self, duration: Duration) {
        self.log.record(duration);
    }

    /// The operators are done with a commit, which took them so long. `arrived` says when its first message has arrived, if its
    /// latency counts.
    pub fn computed(&self, commit: u64, duration: Duration, arrived: Option<Instant>, at: Instant) {
        self.operators.record(duration);
        self.end_operators(commit, arrived, at);
    }

    /// The same for a commit of an earlier run, which does not count.
    pub fn recomputed(&self, commit: u64, at: Instant) {
        self.end_operators(commit, None, at);
    }

    fn end_operators(&self, commit: u64, arrived: Option<Instant>, at: Instant) {
        let mut open = self.lock();
        let number = entry(&mut open, commit);
        open[number].arrived = arrived;
        self.end_one(&mut open, number, at);
    }

    /// A batch of a commit is handed over to a sink.
    pub fn handed_over(&self, commit: u64) {
        let mut open = self.lock();
        let number = entry(&mut open, commit);
        open[number].awaited += 1;
    }

    /// A sink has confirmed a batch, this long after it could take it.
    pub fn confirmed(&self, commit: u64, duration: Duration, at: Instant) {
        self.publish.record(duration);
        let mut open = self.lock();
        if let Ok(number) = open.binary_search_by_key(&commit, |open| open.commit) {
            self.end_one(&mut open, number, at);
        }
    }

    /// Something that a commit waits for has happened.
    fn end_one(&self, open: &mut VecDeque<OpenCommit>, number: usize, at: Instant) {
        open[number].awaited -= 1;
        if open[number].awaited > 0 {
            return;
        }
        if let Some(arrived) = open.remove(number).and_then(|commit| commit.arrived) {
            self.total.record(at.saturating_duration_since(arrived));
        }
    }

    /// How many rows the commits had.
    pub fn row_stats(&self) -> HistogramStats {
        self.rows.stats()
    }

    /// How long they took.
    pub fn stats(&self) -> LatencyStats {
        LatencyStats {
            wait: self.wait.stats(),
            operators: self.operators.stats(),
            log: self.log.stats(),
            publish: self.publish.stats(),
            total: self.total.stats(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<OpenCommit>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of a commit among the open ones. A new one waits for its operators.
fn entry(open: &mut VecDeque<OpenCommit>, commit: u64) -> usize {
    match open.binary_search_by_key(&commit, |open| open.commit) {
        Ok(number) => number,
        Err(number) => {
            open.insert(number, OpenCommit { commit, arrived: None, awaited: 1 });
            number
        }
    }
}

/// How long the commits of a pipeline took, in seconds, stage by stage.
///
/// A commit counts once in each stage, and for its first message: the others have waited less. Messages have arrived when their
/// source hands them over, in the batches in which it has read them. Commits of static tables, and those that a restart computes
/// again, have no `wait` and no `total`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LatencyStats {
    /// From the arrival of a commit's first message until the commit is sealed. With one worker, the operators have run for most
    /// rows when a commit is sealed.
    pub wait: HistogramStats,
    /// From the sealing of a commit until all operators are done with it.
    pub operators: HistogramStats,
    /// Writing a commit's record into the log, in a pipeline that persists; with
    /// [`sync(true)`](crate::persistence::Persistence::sync) until it is on the disk.
    pub log: HistogramStats,
    /// From the moment at which a sink could take a commit's messages until it has confirmed them: once for each sink.
    pub publish: HistogramStats,
    /// From the arrival of a commit's first message until all sinks have confirmed the commit.
    pub total: HistogramStats,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_through_when_operators_and_sinks_are() {
        let (latencies, begin) = (Latencies::default(), Instant::now());
        let at = |millis| begin + Duration::from_millis(millis);
        let total = || latencies.stats().total;
        latencies.handed_over(7);
        latencies.sealed(3, Some(begin), at(10));
        latencies.handed_over(7);
        latencies.confirmed(7, Duration::from_millis(1), at(20));
        latencies.computed(7, Duration::from_millis(15), Some(begin), at(25));
        assert_eq!(total().count, 0);
        // Another commit, of which nothing is written, overtakes it.
        latencies.computed(8, Duration::ZERO, Some(at(26)), at(27));
        assert_eq!(total().quantile(1.0), Some(0.001));
        latencies.confirmed(7, Duration::from_millis(1), at(400));
        assert_eq!((total().count, total().quantile(1.0)), (2, Some(0.5)));
        // Computed again after a restart.
        latencies.handed_over(9);
        latencies.recomputed(9, at(500));
        latencies.confirmed(9, Duration::ZERO, at(501));
        let stats = latencies.stats();
        assert_eq!((stats.wait.count, stats.operators.count, stats.publish.count), (1, 2, 3));
        assert_eq!((stats.total.count, latencies.lock().len()), (2, 0));
    }
}

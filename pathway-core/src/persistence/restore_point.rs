//! What a pipeline can continue with: its last checkpoint, or an earlier one, each with the log behind it.
//!
//! Earlier ones are kept for some minutes. A server whose machine loses power can lose messages that it has acknowledged, and
//! an output stream then ends before the last checkpoint: the pipeline goes back to one whose output the stream has, and
//! computes the rest again.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::manifest::{Checkpoint, OutputPosition, Part};
use crate::data::Commit;

/// A checkpoint, and the log behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RestorePoint {
    /// When it was made, in unix milliseconds.
    pub(super) made: u64,
    /// `None`: the log has everything.
    pub(super) checkpoint: Option<Checkpoint>,
    /// The number of the log's first file behind the checkpoint.
    pub(super) log: u64,
    /// How far each output stream has the output of the checkpoint, by sink; at first, where it ended when the sink was started
    /// for the first time.
    pub(super) outputs: BTreeMap<String, OutputPosition>,
}

impl RestorePoint {
    pub(super) fn new(
        checkpoint: Option<Checkpoint>,
        log: u64,
        outputs: BTreeMap<String, OutputPosition>,
    ) -> RestorePoint {
        RestorePoint { made: now(), checkpoint, log, outputs }
    }

    /// The first commit behind it.
    pub(super) fn next(&self) -> Commit {
        self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.commit)
    }

    /// The files with its states.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.checkpoint.iter().flat_map(|checkpoint| &checkpoint.parts)
    }

    /// Whether messages were acknowledged because the checkpoint has them: their server does not have them any more.
    pub(super) fn has_acknowledged(&self) -> bool {
        self.checkpoint.iter().flat_map(|checkpoint| &checkpoint.sources).any(|source| source.newest > 0)
    }

    fn age(&self, now: u64) -> u64 {
        now.saturating_sub(self.made)
    }
}

/// Forgets earlier ones, of which the oldest is the first, so that few are left: one that is at least as old as `keep`, and
/// between that one and the latest twice as many as the time doubles.
pub(super) fn thin_out(earlier: &mut Vec<RestorePoint>, keep: Duration) {
    let (now, keep) = (now(), u64::try_from(keep.as_millis()).unwrap_or(u64::MAX));
    let age = |points: &[RestorePoint], number: usize| points.get(number).map_or(0, |point| point.age(now));
    // One that is old enough replaces those before it.
    while !earlier.is_empty() && (keep == 0 || age(earlier, 1) > keep) {
        earlier.remove(0);
    }
    let mut number = earlier.len().saturating_sub(2);
    while number > 0 {
        let (older, newer) = (age(earlier, number - 1), age(earlier, number + 1));
        if older - newer.min(older) <= newer {
            earlier.remove(number);
        }
        number -= 1;
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(seconds_ago: u64) -> RestorePoint {
        RestorePoint { made: now() - seconds_ago * 1000 - 500, ..RestorePoint::new(None, 1, BTreeMap::new()) }
    }

    /// One checkpoint every 10 s, for an hour.
    fn ages(keep: u64) -> Vec<u64> {
        let mut earlier: Vec<RestorePoint> = Vec::new();
        for _ in 0..360 {
            earlier.iter_mut().for_each(|point| point.made -= 10_000);
            earlier.push(point(10));
            thin_out(&mut earlier, Duration::from_secs(keep));
        }
        earlier.iter().map(|point| point.age(now()) / 1000).collect()
    }

    #[test]
    fn few_are_kept_and_one_is_old_enough() {
        let kept = ages(300);
        assert!(kept[0] >= 300 && kept[0] < 900 && kept.len() < 10, "{kept:?}");
        assert!(kept.is_sorted_by(|older, newer| older > newer) && kept.last() == Some(&10), "{kept:?}");
        assert!(kept.windows(2).all(|pair| pair[0] <= 3 * pair[1]), "{kept:?}");
        assert!(ages(0).is_empty());
    }
}

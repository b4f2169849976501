//! Sequences of a stream's messages, as ranges: in any order, or as a set.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Sequences in the order in which they were added. Consecutive ones share a run.
///
/// A run is written as its distance from the one before it and its length: usually two bytes, where a source reads some
/// messages of a stream and skips others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Step>", into = "Vec<Step>")]
pub struct SequenceRuns(Vec<Run>);

/// The first and the last sequence of a run.
type Run = (u64, u64);

/// How far the first sequence is behind the one that would follow the run before, and how many more sequences follow.
type Step = (i64, u64);

impl SequenceRuns {
    /// Adds a sequence.
    pub(crate) fn push(&mut self, sequence: u64) {
        self.push_run((sequence, sequence));
    }

    fn push_run(&mut self, (first, last): Run) {
        match self.0.last_mut() {
            Some((_, end)) if end.checked_add(1) == Some(first) => *end = last,
            _ => self.0.push((first, last)),
        }
    }

    /// Adds all sequences of others.
    pub(crate) fn append(&mut self, others: &SequenceRuns) {
        others.0.iter().for_each(|run| self.push_run(*run));
    }

    /// How many sequences there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|(first, last)| last.saturating_sub(*first).saturating_add(1)).sum()
    }

    /// The last one that was added.
    pub(crate) fn last(&self) -> Option<u64> {
        self.0.last().map(|(_, last)| *last)
    }

    /// The highest one.
    pub(crate) fn highest(&self) -> Option<u64> {
        self.0.iter().map(|(_, last)| *last).max()
    }

    /// The first and the last sequence of each run.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().copied()
    }

    /// All sequences.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }
}

impl From<Vec<Step>> for SequenceRuns {
    fn from(steps: Vec<Step>) -> Self {
        let mut next = 0_u64;
        let runs = steps.into_iter().map(|(distance, more)| {
            let first = next.wrapping_add_signed(distance);
            let last = first.saturating_add(more);
            next = last.wrapping_add(1);
            (first, last)
        });
        SequenceRuns(runs.collect())
    }
}

impl From<SequenceRuns> for Vec<Step> {
    fn from(runs: SequenceRuns) -> Self {
        let mut next = 0_u64;
        let steps = runs.0.into_iter().map(|(first, last)| {
            let distance = first.wrapping_sub(next).cast_signed();
            next = last.wrapping_add(1);
            (distance, last - first)
        });
        steps.collect()
    }
}

/// What earlier runs of a pipeline that persists had of a source that acknowledges its messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EarlierMessages {
    /// Those that are in the checkpoint, and may be delivered again.
    pub(crate) checkpointed: SequenceRuns,
    /// When the newest message that was read by then was stored, in unix nanoseconds.
    pub(crate) newest: i64,
    /// Those of later commits, in the order of the log. They are not acknowledged.
    pub(crate) logged: SequenceRuns,
}

/// A set of sequences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SequenceSet {
    /// The last sequence of each range, by the first one.
    ranges: BTreeMap<u64, u64>,
}

impl SequenceSet {
    /// Adds a range of sequences.
    pub(crate) fn insert(&mut self, first: u64, last: u64) {
        let (mut start, mut end) = (first, last);
        if let Some((before, until)) = self.ranges.range(..=first).next_back()
            && until.saturating_add(1) >= first
        {
            (start, end) = (*before, end.max(*until));
        }
        // Those that begin in the new range, or right behind it.
        while let Some((next, until)) = self.ranges.range(start..=end.saturating_add(1)).next() {
            let (next, until) = (*next, *until);
            self.ranges.remove(&next);
            end = end.max(until);
        }
        self.ranges.insert(start, end);
    }

    /// Adds all of these.
    pub(crate) fn extend(&mut self, runs: &SequenceRuns) {
        runs.runs().for_each(|(first, last)| self.insert(first, last));
    }

    pub(crate) fn contains(&self, sequence: u64) -> bool {
        self.ranges.range(..=sequence).next_back().is_some_and(|(_, end)| *end >= sequence)
    }

    /// How many ranges there are.
    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Removes the lowest range if it ends at a sequence up to `limit`. Returns whether it did.
    pub(crate) fn pop_lowest(&mut self, limit: u64) -> bool {
        let is_below = self.ranges.first_key_value().is_some_and(|(_, end)| *end <= limit);
        is_below && self.ranges.pop_first().is_some()
    }

    /// Removes this sequence and all higher ones.
    pub(crate) fn remove_from(&mut self, sequence: u64) {
        self.ranges.split_off(&sequence);
        if let Some((_, end)) = self.ranges.range_mut(..sequence).next_back() {
            *end = (*end).min(sequence.saturating_sub(1));
        }
    }

    /// The sequences from `first` to `last` that are in it.
    pub(crate) fn within(&self, first: u64, last: u64) -> impl Iterator<Item = u64> {
        let before = self.ranges.range(..first).next_back();
        let ranges = before.into_iter().chain(self.ranges.range(first..=last.max(first)));
        ranges.flat_map(move |(start, end)| (*start).max(first)..=(*end).min(last))
    }

    /// All of them, the lowest first.
    pub(crate) fn to_runs(&self) -> SequenceRuns {
        SequenceRuns(self.ranges.iter().map(|(first, last)| (*first, *last)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(sequences: impl IntoIterator<Item = u64>) -> SequenceRuns {
        let mut runs = SequenceRuns::default();
        sequences.into_iter().for_each(|sequence| runs.push(sequence));
        runs
    }

    #[test]
    fn runs_keep_the_order() {
        let order = [5, 6, 7, 3, 4, 4, u64::MAX, 1];
        let found = runs(order);
        assert_eq!(found.runs().collect::<Vec<_>>(), [(5, 7), (3, 4), (4, 4), (u64::MAX, u64::MAX), (1, 1)]);
        assert_eq!((found.iter().collect::<Vec<_>>(), found.count(), found.last()), (order.to_vec(), 8, Some(1)));
        assert_eq!(found.highest(), Some(u64::MAX));
        let bytes = postcard::to_stdvec(&found).expect("bytes");
        assert_eq!(postcard::from_bytes::<SequenceRuns>(&bytes), Ok(found));
        let mut all = runs([1, 2]);
        all.append(&runs([3, 9]));
        assert_eq!(all.runs().collect::<Vec<_>>(), [(1, 3), (9, 9)]);
    }

    #[test]
    fn runs_take_few_bytes() {
        let len = |runs: &SequenceRuns| postcard::to_stdvec(runs).expect("bytes").len();
        assert!(len(&runs(1_000_000..1_010_000)) <= 8);
        // Every second message.
        assert!(len(&runs((1_000_000..1_010_000).step_by(2))) <= 2 * 5_000 + 8);
    }

    #[test]
    fn a_set_has_ranges() {
        let mut set = SequenceSet::default();
        for (first, last) in [(5, 5), (7, 7), (6, 6), (6, 6), (1, 1), (9, 9), (2, 2)] {
            set.insert(first, last);
        }
        assert_eq!(set.to_runs().runs().collect::<Vec<_>>(), [(1, 2), (5, 7), (9, 9)]);
        assert_eq!((0..12).filter(|sequence| set.contains(*sequence)).collect::<Vec<_>>(), [1, 2, 5, 6, 7, 9]);
        assert_eq!(set.within(2, 8).collect::<Vec<_>>(), [2, 5, 6, 7]);
        assert_eq!(set.within(6, 6).chain(set.within(8, 8)).chain(set.within(10, 20)).collect::<Vec<_>>(), [6]);
        set.insert(4, 8);
        assert_eq!((set.len(), set.pop_lowest(1), set.pop_lowest(2), set.pop_lowest(8)), (2, false, true, false));
        set.insert(1, 30);
        set.remove_from(10);
        assert_eq!(set.to_runs(), runs(1..10));
        let mut more = SequenceSet::default();
        more.extend(&runs([u64::MAX, 3, 1, 2]));
        assert_eq!(more.to_runs().runs().collect::<Vec<_>>(), [(1, 3), (u64::MAX, u64::MAX)]);
    }
}

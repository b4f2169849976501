//! The operator behind `within`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::timed::Timed;
use crate::data::{Change, Datum};
use crate::dataflow::{BinaryStatefulOperator, StatePart, Stateful};
use crate::operators::join::conditional::{AffectedRows, Emit, Meets, copies_alone};
use crate::operators::join::kind::{Alone, JoinKind, JoinSpec};
use crate::operators::join::pending::{Keyed, Pending, removals_first};
use crate::operators::join::rows::Rows;
use crate::operators::state::{KeyedState, TimeMap};

/// Keeps the rows of both sides by key and time, and emits how each commit changes the join.
pub(super) struct IntervalOperator<L, R, K, O> {
    keys: KeyedState<K, Timelines<L, R>>,
    left: Pending<Timed<L>, K>,
    right: Pending<Timed<R>, K>,
    /// How many keys the open commit has changed.
    dirty_keys: u32,
    range: Distance,
    spec: JoinSpec<L, R, O>,
    /// Buffers for the changes of one key; empty between commits.
    changes: (Changes<L>, Changes<R>),
}

/// The rows of one key.
#[derive(Serialize, Deserialize)]
#[serde(bound = "L: Datum, R: Datum")]
pub(in crate::operators::join) struct Timelines<L, R> {
    left: Timeline<L>,
    right: Timeline<R>,
    /// The number of the key among those that the open commit has changed.
    #[serde(skip)]
    number: u32,
}

/// The rows of one side, by their time.
type Timeline<T> = TimeMap<RowsAtTime<T>>;

/// The rows of one time. All of them match the same rows of the other side.
#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Datum")]
struct RowsAtTime<T> {
    rows: Rows<T>,
    /// How many rows of the other side match. Maintained only if the join emits unmatched rows of this side.
    matches: i64,
}

impl<T> Default for RowsAtTime<T> {
    fn default() -> Self {
        RowsAtTime { rows: Rows::default(), matches: 0 }
    }
}

impl<L, R> Default for Timelines<L, R> {
    fn default() -> Self {
        Timelines { left: TimeMap::default(), right: TimeMap::default(), number: 0 }
    }
}

/// A commit's net changes of one side, each with its time.
pub(in crate::operators::join) type Changes<T> = Vec<(i128, T, i64)>;

/// The least and the greatest distance of matching rows: the time of the right row minus that of the left row. Seen from the
/// right side, it is the other way round.
#[derive(Clone, Copy)]
pub(in crate::operators::join) struct Distance {
    pub(super) from: i128,
    pub(super) to: i128,
}

impl Distance {
    fn around(self, time: i128) -> RangeInclusive<i128> {
        time + self.from..=time + self.to
    }

    /// The same, seen from the other side.
    fn reversed(self) -> Self {
        Distance { from: -self.to, to: -self.from }
    }
}

impl<L: Datum, R: Datum, K: Datum, O> IntervalOperator<L, R, K, O> {
    pub(super) fn new(range: Distance, spec: JoinSpec<L, R, O>) -> Self {
        IntervalOperator {
            keys: KeyedState::new(),
            left: Pending::new(),
            right: Pending::new(),
            dirty_keys: 0,
            range,
            spec,
            changes: Default::default(),
        }
    }
}

impl<L: Datum, R: Datum, K: Datum, O: Datum> Stateful for IntervalOperator<L, R, K, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("rows", &mut self.keys).of_rows()]
    }
}

impl<L: Datum, R: Datum, K: Datum, O: Datum> BinaryStatefulOperator<Keyed<K, Timed<L>>, Keyed<K, Timed<R>>, Change<O>>
    for IntervalOperator<L, R, K, O>
{
    fn apply_left(&mut self, items: &mut Vec<Keyed<K, Timed<L>>>) {
        self.left.apply(items, &mut self.keys, &mut self.dirty_keys, |timelines| &mut timelines.number);
    }

    fn apply_right(&mut self, items: &mut Vec<Keyed<K, Timed<R>>>) {
        self.right.apply(items, &mut self.keys, &mut self.dirty_keys, |timelines| &mut timelines.number);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        // The most capacity that stays allocated after a large commit.
        const KEEP: usize = 1 << 10;
        let IntervalOperator { keys, left, right, dirty_keys, range, spec, changes: (new_left, new_right) } = self;
        *dirty_keys = 0;
        let mut emit = |left: Option<&L>, right: Option<&R>, diff: i64| {
            if let Some(row) = (spec.row)(left, right) {
                emit(Change { row, diff });
            }
        };
        let in_order = spec.needs_order();
        keys.sort_dirty();
        keys.seal(|_, timelines| {
            let new = left.take(timelines.number, in_order).drain(..);
            new_left.extend(new.map(|(Timed { time, row }, diff)| (time, row, diff)));
            let new = right.take(timelines.number, in_order).drain(..);
            new_right.extend(new.map(|(Timed { time, row }, diff)| (time, row, diff)));
            match &spec.condition {
                Some(condition) => {
                    let commit = condition.commit_timelines;
                    commit(timelines, &*condition.meets, new_left, new_right, *range, spec.kind, &mut emit);
                }
                None => timelines.commit(new_left, new_right, *range, spec.kind, &mut emit),
            }
            !(timelines.left.is_empty() && timelines.right.is_empty())
        });
        left.clear();
        right.clear();
        new_left.shrink_to(KEEP);
        new_right.shrink_to(KEEP);
    }
}

impl<L: Datum, R: Datum> Timelines<L, R> {
    /// Applies the net changes of a commit, and emits how they change the join. Leaves the vectors empty.
    fn commit(
        &mut self,
        new_left: &mut Changes<L>,
        new_right: &mut Changes<R>,
        range: Distance,
        kind: JoinKind,
        emit: &mut impl FnMut(Option<&L>, Option<&R>, i64),
    ) {
        let Timelines { left, right, .. } = self;
        let reversed = range.reversed();
        let left_unmatched = MatchCounts::of(kind.emits_left_unmatched(), left, new_left, right, new_right, range);
        let right_unmatched = MatchCounts::of(kind.emits_right_unmatched(), right, new_right, left, new_left, reversed);

        left_unmatched.newly_matched(left, |row, copies| emit(Some(row), None, -copies));
        right_unmatched.newly_matched(right, |row, copies| emit(None, Some(row), -copies));

        // Each change is joined with the current rows of the other side; removals come first, as in `TwoSidedJoin`.
        let removals = (removals_first(new_left, |(.., diff)| *diff), removals_first(new_right, |(.., diff)| *diff));
        for (left_part, right_part) in [removals, (usize::MAX, usize::MAX)] {
            for (time, row, diff) in new_left.drain(..left_part.min(new_left.len())) {
                if kind.emits_pairs() {
                    let others = rows_in(right, range.around(time));
                    others.for_each(|(other, copies)| emit(Some(&row), Some(other), diff * copies));
                }
                if left_unmatched.stays_unmatched(time) {
                    emit(Some(&row), None, diff);
                }
                update(left, time, row, diff);
            }
            for (time, row, diff) in new_right.drain(..right_part.min(new_right.len())) {
                if kind.emits_pairs() {
                    let others = rows_in(left, reversed.around(time));
                    others.for_each(|(other, copies)| emit(Some(other), Some(&row), diff * copies));
                }
                if right_unmatched.stays_unmatched(time) {
                    emit(None, Some(&row), diff);
                }
                update(right, time, row, diff);
            }
        }

        left_unmatched.newly_unmatched(left, |row, copies| emit(Some(row), None, copies));
        right_unmatched.newly_unmatched(right, |row, copies| emit(None, Some(row), copies));
    }
}

/// Joins in which only pairs that meet a condition match. They do not maintain the numbers of matches, which are those of all rows
/// of a time.
impl<L: Datum, R: Datum> Timelines<L, R> {
    pub(in crate::operators::join) fn commit_with(
        &mut self,
        condition: &Meets<L, R>,
        new_left: &mut Changes<L>,
        new_right: &mut Changes<R>,
        range: Distance,
        kind: JoinKind,
        mut emit: Emit<'_, L, R>,
    ) {
        let reversed = range.reversed();
        let affected_left = kind.left_alone().map(|alone| {
            let changed = new_left.iter().map(|(time, row, _)| (*time, row));
            let pairs = pairs_with(&self.left, new_right, reversed);
            let meets = |left: &L, right: &R| condition(left, right);
            let copies = |time, row: &L| self.left_alone(time, row, alone, range, condition);
            (alone, AffectedRows::find(changed, pairs, meets, copies))
        });
        let affected_right = kind.right_alone().map(|alone| {
            let changed = new_right.iter().map(|(time, row, _)| (*time, row));
            let pairs = pairs_with(&self.right, new_left, range);
            let meets = |right: &R, left: &L| condition(left, right);
            let copies = |time, row: &R| self.right_alone(time, row, alone, reversed, condition);
            (alone, AffectedRows::find(changed, pairs, meets, copies))
        });
        // The pairs: of one that does not meet the condition, `emit` makes no row.
        self.commit(new_left, new_right, range, JoinKind::Inner, &mut emit);
        if let Some((alone, affected)) = affected_left {
            let copies = |time, row: &L| self.left_alone(time, row, alone, range, condition);
            affected.emit(copies, |row, diff| emit(Some(row), None, diff));
        }
        if let Some((alone, affected)) = affected_right {
            let copies = |time, row: &R| self.right_alone(time, row, alone, reversed, condition);
            affected.emit(copies, |row, diff| emit(None, Some(row), diff));
        }
    }

    fn left_alone(&self, time: i128, row: &L, alone: Alone, range: Distance, condition: &Meets<L, R>) -> i64 {
        let matches = rows_in(&self.right, range.around(time)).map(|(other, _)| condition(row, other));
        copies_alone(alone, copies_at(&self.left, time, row), matches)
    }

    fn right_alone(&self, time: i128, row: &R, alone: Alone, range: Distance, condition: &Meets<L, R>) -> i64 {
        let matches = rows_in(&self.left, range.around(time)).map(|(other, _)| condition(other, row));
        copies_alone(alone, copies_at(&self.right, time, row), matches)
    }
}

/// The rows of a timeline that are in the range around one of the changed rows of the other side, each with that row.
fn pairs_with<'a, T: Datum, S>(
    timeline: &'a Timeline<T>,
    others: &'a Changes<S>,
    range: Distance,
) -> impl Iterator<Item = (i128, &'a T, &'a S)> {
    others.iter().flat_map(move |(time, other, _)| {
        let near = timeline.range(range.around(*time));
        near.flat_map(move |(time, at_time)| at_time.rows.iter().map(move |(row, _)| (time, row, other)))
    })
}

/// How many copies of a row there are.
fn copies_at<T: Datum>(timeline: &Timeline<T>, time: i128, row: &T) -> i64 {
    timeline.get(time).map_or(0, |at_time| at_time.rows.copies(row))
}

fn update<T: Datum>(timeline: &mut Timeline<T>, time: i128, row: T, diff: i64) {
    let at_time = timeline.get_or_insert_with(time, RowsAtTime::default);
    at_time.rows.update(row, diff);
    if at_time.rows.is_empty() {
        timeline.remove(time);
    }
}

/// The rows in a range of times, each with the number of its copies.
fn rows_in<T: Datum>(timeline: &Timeline<T>, times: RangeInclusive<i128>) -> impl Iterator<Item = (&T, i64)> {
    timeline.range(times).flat_map(|(_, at_time)| at_time.rows.iter())
}

/// The times of one side whose rows a commit may match or unmatch: the number of matches before and after it.
struct MatchCounts(BTreeMap<i128, (i64, i64)>);

impl MatchCounts {
    /// Empty if the join does not emit unmatched rows of `mine`.
    fn of<T: Datum, S: Datum>(
        emits_unmatched: bool,
        mine: &Timeline<T>,
        new_mine: &Changes<T>,
        others: &Timeline<S>,
        new_others: &Changes<S>,
        range: Distance,
    ) -> Self {
        let mut counts = BTreeMap::new();
        if !emits_unmatched {
            return MatchCounts(counts);
        }
        for (time, ..) in new_mine {
            counts.entry(*time).or_insert_with(|| {
                let count = || others.range(range.around(*time)).map(|(_, at_time)| at_time.rows.count()).sum();
                let before = mine.get(*time).map_or_else(count, |at_time| at_time.matches);
                (before, before)
            });
        }
        for (time, ..) in new_others {
            for (time, at_time) in mine.range(range.reversed().around(*time)) {
                counts.entry(time).or_insert((at_time.matches, at_time.matches));
            }
        }
        for (time, _, diff) in new_others {
            counts.range_mut(range.reversed().around(*time)).for_each(|(_, (_, after))| *after += diff);
        }
        MatchCounts(counts)
    }

    /// Calls `emit` with the rows that were unmatched and are matched now.
    fn newly_matched<T: Datum>(&self, timeline: &Timeline<T>, mut emit: impl FnMut(&T, i64)) {
        for (time, _) in self.0.iter().filter(|(_, (before, after))| *before <= 0 && *after > 0) {
            rows_in(timeline, *time..=*time).for_each(|(row, copies)| emit(row, copies));
        }
    }

    /// Whether the rows of a time were unmatched and still are.
    fn stays_unmatched(&self, time: i128) -> bool {
        self.0.get(&time).is_some_and(|(before, after)| *before <= 0 && *after <= 0)
    }

    /// Stores the new numbers of matches, and calls `emit` with the rows that are unmatched now.
    fn newly_unmatched<T: Datum>(&self, timeline: &mut Timeline<T>, mut emit: impl FnMut(&T, i64)) {
        for (time, (before, after)) in &self.0 {
            let Some(at_time) = timeline.get_mut(*time) else { continue };
            at_time.matches = *after;
            if *before > 0 && *after <= 0 {
                at_time.rows.iter().for_each(|(row, copies)| emit(row, copies));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::join::conditional::Condition;
    use crate::operators::state::hash_of;
    use crate::operators::test_restarts::{check_restarts, joined, keyed, random_history, run_commit_of_two};
    use crate::operators::test_rows::{Row, max_kept, random_commits};

    fn timed(row: &Row) -> Timed<Row> {
        Timed { time: row.at.into(), row: *row }
    }

    #[test]
    fn restarts_change_nothing() {
        let joins = [JoinSpec::inner(|left, right| joined(Some(left), Some(right))), JoinSpec::full(joined)];
        let condition = Condition::new(|left: &Row, right: &Row| left.at <= right.at);
        let with_condition = joins.clone().map(|join| join.with_condition(Some(condition.clone())));
        for join in joins.into_iter().chain(with_condition) {
            let make = || IntervalOperator::<_, _, i64, _>::new(Distance { from: -3, to: 2 }, join.clone());
            check_restarts(3, make, random_history, |change| hash_of(&change.row.key), run_commit_of_two(timed));
        }
    }

    #[test]
    fn removed_rows_leave_no_state() {
        let spec = JoinSpec::full(|left: Option<&Row>, right: Option<&Row>| *left.or(right).unwrap());
        let mut operator = IntervalOperator::<_, _, i64, _>::new(Distance { from: -3, to: 2 }, spec);
        let mut rows = 0;
        let most = max_kept(random_commits(5, 10), |commit, _| {
            rows += commit.iter().map(|change| change.diff).sum::<i64>();
            let (left, right) = commit.into_iter().partition(|change| change.row.value == 0);
            let (mut left, mut right) = (keyed(left, timed), keyed(right, timed));
            operator.apply_left(&mut left);
            operator.apply_right(&mut right);
            operator.seal(&mut |_| {});
            assert!(rows > 0 || operator.keys.is_empty());
            operator.keys.len()
        });
        assert_eq!(most, 7);
    }

    /// The sizes that the documentation states.
    #[test]
    fn sizes() {
        assert_eq!(size_of::<Timelines<Row, Row>>(), 56);
        assert_eq!(size_of::<(i128, RowsAtTime<i64>)>(), 48);
    }
}

//! The operator behind `asof`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::{Change, Datum, Schema};
use crate::dataflow::{BinaryStatefulOperator, StatePart, Stateful};
use crate::operators::join::kind::MakeRow;
use crate::operators::join::pending::{Keyed, Pending};
use crate::operators::reducers::Multiset;
use crate::operators::state::{KeyedState, TimeMap};

/// The times of the rows of both sides, and the direction of the search.
pub(super) struct Times<L, R> {
    pub(super) left: Arc<dyn Fn(&L) -> i128 + Send + Sync>,
    pub(super) right: Arc<dyn Fn(&R) -> i128 + Send + Sync>,
    pub(super) direction: Direction,
}

/// Where to search for the right row, seen from the left one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Direction {
    Backward,
    Forward,
    Nearest,
}

impl<L, R> Clone for Times<L, R> {
    fn clone(&self) -> Self {
        Times { left: Arc::clone(&self.left), right: Arc::clone(&self.right), direction: self.direction }
    }
}

/// Keeps the rows of both sides by key and time, and emits how each commit changes the join.
pub(super) struct Asof<L, R, K, O> {
    keys: KeyedState<K, Timelines<L, R>>,
    left: Pending<L, K>,
    right: Pending<R, K>,
    /// How many keys the open commit has changed.
    dirty_keys: u32,
    times: Times<L, R>,
    row: MakeRow<L, R, O>,
}

/// The rows of one key.
#[derive(Serialize, Deserialize)]
#[serde(bound = "L: Datum, R: Datum")]
struct Timelines<L, R> {
    left: TimeMap<LeftRows<L>>,
    right: RightRows<R>,
    /// The number of the key among those that the open commit has changed.
    #[serde(skip)]
    number: u32,
}

/// The left rows of one time. All of them match the same right row.
#[derive(Serialize, Deserialize)]
#[serde(bound = "L: Datum")]
struct LeftRows<L> {
    rows: Multiset<L>,
    /// The time of the right row.
    matched: Option<i128>,
}

/// The right rows, by their time.
type RightRows<R> = TimeMap<Multiset<R>>;

/// A net change of a commit: the time of the row, the row, and how many copies are inserted or removed.
type TimedChange<T> = (i128, T, i64);

impl<L, R> Default for Timelines<L, R> {
    fn default() -> Self {
        Timelines { left: TimeMap::default(), right: TimeMap::default(), number: 0 }
    }
}

impl<L: Schema, R: Schema, K: Datum, O> Asof<L, R, K, O> {
    pub(super) fn new(times: Times<L, R>, row: MakeRow<L, R, O>) -> Self {
        Asof { keys: KeyedState::new(), left: Pending::new(), right: Pending::new(), dirty_keys: 0, times, row }
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> Stateful for Asof<L, R, K, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("rows", &mut self.keys).of_rows()]
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> BinaryStatefulOperator<Keyed<K, L>, Keyed<K, R>, Change<O>>
    for Asof<L, R, K, O>
{
    fn apply_left(&mut self, items: &mut Vec<Keyed<K, L>>) {
        self.left.apply(items, &mut self.keys, &mut self.dirty_keys, |timelines| &mut timelines.number);
    }

    fn apply_right(&mut self, items: &mut Vec<Keyed<K, R>>) {
        self.right.apply(items, &mut self.keys, &mut self.dirty_keys, |timelines| &mut timelines.number);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let Asof { keys, left, right, dirty_keys, times, row } = self;
        *dirty_keys = 0;
        let mut emit = |left: &L, right: Option<&R>, diff: i64| {
            if let Some(row) = row(Some(left), right) {
                emit(Change { row, diff });
            }
        };
        keys.sort_dirty();
        keys.seal(|_, timelines| {
            let timed = |(row, diff)| ((times.left)(&row), row, diff);
            let new_left = left.take(timelines.number, true).drain(..).map(timed);
            let timed = |(row, diff)| ((times.right)(&row), row, diff);
            let new_right = right.take(timelines.number, true).drain(..).map(timed);
            timelines.commit(new_left, new_right, times.direction, &mut emit);
            !(timelines.left.is_empty() && timelines.right.is_empty())
        });
        left.clear();
        right.clear();
    }
}

impl<L: Schema, R: Schema> Timelines<L, R> {
    /// Applies the net changes of a commit, and emits how they change the join.
    fn commit(
        &mut self,
        new_left: impl Iterator<Item = TimedChange<L>>,
        new_right: impl Iterator<Item = TimedChange<R>>,
        direction: Direction,
        emit: &mut impl FnMut(&L, Option<&R>, i64),
    ) {
        let Timelines { left, right, .. } = self;
        let previous = direction.update(right, new_right);

        // The times of left rows that match another right row now. Their old results are removed first.
        let mut times: Vec<_> = previous
            .keys()
            .flat_map(|time| left.range(direction.affected(right, *time)).map(|(time, _)| time))
            .collect();
        times.sort_unstable();
        times.dedup();
        times.retain(|time| {
            let Some(rows) = left.get_mut(*time) else { return false };
            let matched = direction.find(right, *time).map(|(time, _)| time);
            let is_changed = matched != rows.matched || matched.is_some_and(|time| previous.contains_key(&time));
            if is_changed {
                let old = rows.matched.and_then(|time| match previous.get(&time) {
                    Some(old) => old.as_ref(),
                    None => direction.pick(right.get(time)?),
                });
                rows.rows.iter().for_each(|(row, copies)| emit(row, old, -copies));
                rows.matched = matched;
            }
            is_changed
        });

        for (time, row, diff) in new_left {
            let rows = left.get_or_insert_with(time, || {
                let matched = direction.find(right, time).map(|(time, _)| time);
                LeftRows { rows: Multiset::default(), matched }
            });
            if times.binary_search(&time).is_err() {
                emit(&row, direction.at(right, rows.matched), diff);
            }
            rows.rows.update(row, diff);
            if rows.rows.is_empty() {
                left.remove(time);
            }
        }

        for rows in times.iter().filter_map(|time| left.get(*time)) {
            let matched = direction.at(right, rows.matched);
            rows.rows.iter().for_each(|(row, copies)| emit(row, matched, copies));
        }
    }
}

impl Direction {
    /// The right row that matches, of several with one time.
    fn pick<R: Datum>(self, rows: &Multiset<R>) -> Option<&R> {
        match self {
            Direction::Backward | Direction::Nearest => rows.last(),
            Direction::Forward => rows.first(),
        }
    }

    /// The right row that matches at a time.
    fn at<R: Datum>(self, right: &RightRows<R>, time: Option<i128>) -> Option<&R> {
        self.pick(right.get(time?)?)
    }

    /// Applies changes to the right side. Returns the times at which another row matches now, each with the previous row.
    fn update<R: Datum>(
        self,
        right: &mut RightRows<R>,
        changes: impl Iterator<Item = TimedChange<R>>,
    ) -> BTreeMap<i128, Option<R>> {
        let mut previous = BTreeMap::new();
        for (time, row, diff) in changes {
            let rows = right.get_or_insert_with(time, Multiset::default);
            previous.entry(time).or_insert_with(|| self.pick(rows).map(R::clone_datum));
            rows.update(row, diff);
            if rows.is_empty() {
                right.remove(time);
            }
        }
        previous.retain(|time, old| match (old, self.at(right, Some(*time))) {
            (Some(old), Some(new)) => old.compare(new).is_ne(),
            (None, None) => false,
            (Some(_), None) | (None, Some(_)) => true,
        });
        previous
    }

    /// The right row that matches a left row of this time, with its own time.
    fn find<R: Datum>(self, right: &RightRows<R>, time: i128) -> Option<(i128, &R)> {
        let before = || right.range(..=time).rev().find_map(|(time, rows)| Some((time, self.pick(rows)?)));
        let after = || right.range(time..).find_map(|(time, rows)| Some((time, self.pick(rows)?)));
        match self {
            Direction::Backward => before(),
            Direction::Forward => after(),
            Direction::Nearest => match (before(), after()) {
                (Some(before), Some(after)) if after.0 - time < time - before.0 => Some(after),
                (before, after) => before.or(after),
            },
        }
    }

    /// The times of the left rows that match a right row of this time, or would match one if it existed.
    fn affected<R: Datum>(self, right: &RightRows<R>, time: i128) -> RangeInclusive<i128> {
        let before = || right.range(..time).rev().find(|(_, rows)| self.pick(rows).is_some()).map(|(time, _)| time);
        let after = || right.range(time + 1..).find(|(_, rows)| self.pick(rows).is_some()).map(|(time, _)| time);
        match self {
            Direction::Backward => time..=after().map_or(i128::MAX, |after| after - 1),
            Direction::Forward => before().map_or(i128::MIN, |before| before + 1)..=time,
            // The middle between two times belongs to the earlier one.
            Direction::Nearest => {
                let first = before().map_or(i128::MIN, |before| (before + time).div_euclid(2) + 1);
                first..=after().map_or(i128::MAX, |after| (time + after).div_euclid(2))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::state::hash_of;
    use crate::operators::test_restarts::{check_restarts, joined, keyed, random_history, run_commit_of_two};
    use crate::operators::test_rows::{Row, max_kept, random_commits};

    #[test]
    fn restarts_change_nothing() {
        for direction in [Direction::Backward, Direction::Forward, Direction::Nearest] {
            let make = || {
                let times = Times { left: Row::ticks(), right: Row::ticks(), direction };
                let row: MakeRow<Row, Row, Row> = Arc::new(|left, right| Some(joined(left, right)));
                Asof::<_, _, i64, _>::new(times, row)
            };
            check_restarts(3, make, random_history, |change| hash_of(&change.row.key), run_commit_of_two(|row| *row));
        }
    }

    #[test]
    fn removed_rows_leave_no_state() {
        for direction in [Direction::Backward, Direction::Forward, Direction::Nearest] {
            let times = Times { left: Row::ticks(), right: Row::ticks(), direction };
            let row: MakeRow<Row, Row, Row> = Arc::new(|left, _| left.copied());
            let mut operator = Asof::<_, _, i64, _>::new(times, row);
            let most = max_kept(random_commits(6, 10), |commit, _| {
                let (left, right) = commit.into_iter().partition(|change| change.row.value == 0);
                let (mut left, mut right) = (keyed(left, |row| *row), keyed(right, |row| *row));
                operator.apply_left(&mut left);
                operator.apply_right(&mut right);
                operator.seal(&mut |_| {});
                operator.keys.len()
            });
            assert_eq!(most, 7, "{direction:?}");
        }
    }

    /// The sizes that the documentation states.
    #[test]
    fn sizes() {
        assert_eq!(size_of::<Timelines<Row, Row>>(), 56);
        assert_eq!(size_of::<(i128, LeftRows<i64>)>(), 64);
        assert_eq!(size_of::<(i128, Multiset<i64>)>(), 32);
    }
}

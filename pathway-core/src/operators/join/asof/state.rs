//! The operator behind `asof`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::data::{Change, Datum, Schema};
use crate::dataflow::BinaryStatefulOperator;
use crate::operators::join::both::Pending;
use crate::operators::join::{Key, MakeRow, Pair};
use crate::operators::reducers::Multiset;
use crate::operators::state::keyed::Keyed;

/// The times of rows, and which right row is found for a left one.
pub(super) struct Times<L, R> {
    pub(super) left: Arc<dyn Fn(&L) -> i128 + Send + Sync>,
    pub(super) right: Arc<dyn Fn(&R) -> i128 + Send + Sync>,
    pub(super) direction: Direction,
}

/// Where the right row is looked for, seen from the left one.
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

/// Keeps the rows of both sides by key and time, and emits what a commit's changes make of them.
pub(super) struct Asof<L, R, K, O> {
    keys: Keyed<K, Timelines<L, R>>,
    left: Pending<L, K>,
    right: Pending<R, K>,
    /// How many keys the open commit has touched.
    touched: u32,
    times: Times<L, R>,
    row: MakeRow<L, R, O>,
}

/// What is kept for a key.
struct Timelines<L, R> {
    left: BTreeMap<i128, Seeking<L>>,
    right: Candidates<R>,
    /// Which of the keys that the open commit touched it is.
    ordinal: u32,
}

/// The left rows of one time. One right row is found for all of them.
struct Seeking<L> {
    rows: Multiset<L>,
    /// The time of that row.
    found: Option<i128>,
}

/// The right rows, by their time.
type Candidates<R> = BTreeMap<i128, Multiset<R>>;

/// A net change of a commit: the time of the row, the row, and how many copies of it come or go.
type Timed<T> = (i128, T, i64);

impl<L, R> Default for Timelines<L, R> {
    fn default() -> Self {
        Timelines { left: BTreeMap::new(), right: BTreeMap::new(), ordinal: 0 }
    }
}

impl<L: Schema, R: Schema, K: Datum, O> Asof<L, R, K, O> {
    pub(super) fn new(left: Key<L, K>, right: Key<R, K>, times: Times<L, R>, row: MakeRow<L, R, O>) -> Self {
        let (left, right) = (Pending::new(left), Pending::new(right));
        Asof { keys: Keyed::new(), left, right, touched: 0, times, row }
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> BinaryStatefulOperator<Change<L>, Change<R>, O> for Asof<L, R, K, O> {
    fn apply_left(&mut self, items: &mut Vec<Change<L>>) {
        self.left.apply(items, &mut self.keys, &mut self.touched, |timelines| &mut timelines.ordinal);
    }

    fn apply_right(&mut self, items: &mut Vec<Change<R>>) {
        self.right.apply(items, &mut self.keys, &mut self.touched, |timelines| &mut timelines.ordinal);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let Asof { keys, left, right, touched, times, row } = self;
        *touched = 0;
        let (mut new_left, mut new_right) = (Vec::new(), Vec::new());
        let mut emit = |left: &L, found: Option<&R>, diff: i64| {
            let pair = found.map_or(Pair::Left(left), |right| Pair::TwoSidedJoin(left, right));
            if let Some(row) = row(pair) {
                emit(Change { row, diff });
            }
        };
        keys.sort_touched();
        keys.seal(|_, timelines| {
            left.take(timelines.ordinal, &mut new_left);
            right.take(timelines.ordinal, &mut new_right);
            let timed = |(row, diff)| ((times.left)(&row), row, diff);
            let new_left = new_left.drain(..).map(timed);
            let timed = |(row, diff)| ((times.right)(&row), row, diff);
            let new_right = new_right.drain(..).map(timed);
            timelines.commit(new_left, new_right, times.direction, &mut emit);
            !(timelines.left.is_empty() && timelines.right.is_empty())
        });
        left.clear();
        right.clear();
    }
}

impl<L: Schema, R: Schema> Timelines<L, R> {
    /// Takes a commit's net changes in, and emits what they change.
    fn commit(
        &mut self,
        new_left: impl Iterator<Item = Timed<L>>,
        new_right: impl Iterator<Item = Timed<R>>,
        direction: Direction,
        emit: &mut impl FnMut(&L, Option<&R>, i64),
    ) {
        let Timelines { left, right, .. } = self;
        let were = direction.update(right, new_right);

        // Left rows for which another right row is found now. Those that were there go with the row that was found for them.
        let mut times: Vec<_> =
            were.keys().flat_map(|time| left.range(direction.reach(right, *time)).map(|(time, _)| *time)).collect();
        times.sort_unstable();
        times.dedup();
        times.retain(|time| {
            let Some(seeking) = left.get_mut(time) else { return false };
            let found = direction.find(right, *time).map(|(time, _)| time);
            let moves = found != seeking.found || found.is_some_and(|found| were.contains_key(&found));
            if moves {
                let was = seeking.found.and_then(|found| match were.get(&found) {
                    Some(was) => was.as_ref(),
                    None => direction.stands(right.get(&found)?),
                });
                seeking.rows.iter().for_each(|(row, copies)| emit(row, was, -copies));
                seeking.found = found;
            }
            moves
        });

        for (time, row, diff) in new_left {
            let seeking = left.entry(time).or_insert_with(|| {
                let found = direction.find(right, time).map(|(time, _)| time);
                Seeking { rows: Multiset::default(), found }
            });
            if times.binary_search(&time).is_err() {
                emit(&row, direction.at(right, seeking.found), diff);
            }
            seeking.rows.update(row, diff);
            if seeking.rows.is_empty() {
                left.remove(&time);
            }
        }

        for seeking in times.iter().filter_map(|time| left.get(time)) {
            let found = direction.at(right, seeking.found);
            seeking.rows.iter().for_each(|(row, copies)| emit(row, found, copies));
        }
    }
}

impl Direction {
    /// The right row of one time that is found there.
    fn stands<R: Datum>(self, rows: &Multiset<R>) -> Option<&R> {
        match self {
            Direction::Backward | Direction::Nearest => rows.last(),
            Direction::Forward => rows.first(),
        }
    }

    fn at<R: Datum>(self, right: &Candidates<R>, time: Option<i128>) -> Option<&R> {
        self.stands(right.get(&time?)?)
    }

    /// Takes changes into the right side. Gives the times at which another row stands now, each with the one before.
    fn update<R: Datum>(
        self,
        right: &mut Candidates<R>,
        changes: impl Iterator<Item = Timed<R>>,
    ) -> BTreeMap<i128, Option<R>> {
        let mut were = BTreeMap::new();
        for (time, row, diff) in changes {
            let rows = right.entry(time).or_default();
            were.entry(time).or_insert_with(|| self.stands(rows).map(R::clone_datum));
            rows.update(row, diff);
            if rows.is_empty() {
                right.remove(&time);
            }
        }
        were.retain(|time, was| match (was, self.at(right, Some(*time))) {
            (Some(was), Some(stands)) => was.compare(stands).is_ne(),
            (None, None) => false,
            (Some(_), None) | (None, Some(_)) => true,
        });
        were
    }

    /// The right row that is found for a time, with its own.
    fn find<R: Datum>(self, right: &Candidates<R>, time: i128) -> Option<(i128, &R)> {
        let before = || right.range(..=time).rev().find_map(|(time, rows)| Some((*time, self.stands(rows)?)));
        let after = || right.range(time..).find_map(|(time, rows)| Some((*time, self.stands(rows)?)));
        match self {
            Direction::Backward => before(),
            Direction::Forward => after(),
            Direction::Nearest => match (before(), after()) {
                (Some(before), Some(after)) if after.0 - time < time - before.0 => Some(after),
                (before, after) => before.or(after),
            },
        }
    }

    /// The left times for which a right row of this time is found, or would be if there were one.
    fn reach<R: Datum>(self, right: &Candidates<R>, time: i128) -> RangeInclusive<i128> {
        let before = || right.range(..time).rev().find(|(_, rows)| self.stands(rows).is_some()).map(|(time, _)| *time);
        let after = || right.range(time + 1..).find(|(_, rows)| self.stands(rows).is_some()).map(|(time, _)| *time);
        match self {
            Direction::Backward => time..=after().map_or(i128::MAX, |after| after - 1),
            Direction::Forward => before().map_or(i128::MIN, |before| before + 1)..=time,
            // The middle between two belongs to the earlier one.
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
    use crate::operators::support::{Row, most_kept, stream};

    #[test]
    fn nothing_is_left_of_rows_that_have_gone() {
        for direction in [Direction::Backward, Direction::Forward, Direction::Nearest] {
            let key: Key<Row, i64> = Arc::new(|row: &Row| row.key);
            let times = Times { left: Row::ticks(), right: Row::ticks(), direction };
            let row: MakeRow<Row, Row, Row> = Arc::new(|pair: Pair<'_, Row, Row>| match pair {
                Pair::TwoSidedJoin(row, _) | Pair::Left(row) | Pair::Right(row) => Some(*row),
            });
            let mut operator = Asof::new(Arc::clone(&key), key, times, row);
            let most = most_kept(stream(6, 10), |commit, _| {
                let (mut left, mut right) = commit.into_iter().partition(|change| change.row.value == 0);
                operator.apply_left(&mut left);
                operator.apply_right(&mut right);
                operator.seal(&mut |_| {});
                operator.keys.len()
            });
            assert_eq!(most, 7, "{direction:?}");
        }
    }

    /// What the documentation says of memory.
    #[test]
    fn sizes() {
        assert_eq!(size_of::<Timelines<Row, Row>>(), 56);
        assert_eq!(size_of::<(i128, Seeking<i64>)>(), 64);
        assert_eq!(size_of::<(i128, Multiset<i64>)>(), 32);
    }
}

//! The operator behind `within`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::data::{Change, Datum, Schema};
use crate::dataflow::BinaryStatefulOperator;
use crate::operators::join::both::{Emits, Pending, Side, what_goes_first};
use crate::operators::join::{Key, MakeRow, Pair};
use crate::operators::state::keyed::Keyed;

/// Which rows of the two sides are near each other.
pub(super) struct Near<L, R> {
    pub(super) left: TimeOf<L>,
    pub(super) right: TimeOf<R>,
    /// The least and the greatest time of a right row, less that of the left row.
    pub(super) from: i128,
    pub(super) to: i128,
}

type TimeOf<T> = Arc<dyn Fn(&T) -> i128 + Send + Sync>;

impl<L, R> Clone for Near<L, R> {
    fn clone(&self) -> Self {
        Near { left: Arc::clone(&self.left), right: Arc::clone(&self.right), from: self.from, to: self.to }
    }
}

/// Keeps the rows of both sides by key and time, and emits what a commit's changes make of them.
pub(super) struct Intervals<L, R, K, O> {
    keys: Keyed<K, Timelines<L, R>>,
    left: Pending<L, K>,
    right: Pending<R, K>,
    /// How many keys the open commit has touched.
    touched: u32,
    near: Near<L, R>,
    emits: Emits,
    row: MakeRow<L, R, O>,
}

/// What is kept for a key.
struct Timelines<L, R> {
    left: Timeline<L>,
    right: Timeline<R>,
    /// Which of the keys that the open commit touched it is.
    ordinal: u32,
}

/// The rows of one side, by their time.
type Timeline<T> = BTreeMap<i128, Moment<T>>;

/// The rows of one time, which all have the same rows near them.
struct Moment<T> {
    rows: Side<T>,
    /// How many rows of the other side are near. Kept where rows without any are wanted.
    others: i64,
}

impl<T> Default for Moment<T> {
    fn default() -> Self {
        Moment { rows: Side::default(), others: 0 }
    }
}

impl<L, R> Default for Timelines<L, R> {
    fn default() -> Self {
        Timelines { left: BTreeMap::new(), right: BTreeMap::new(), ordinal: 0 }
    }
}

/// A commit's net changes of one side, each with its time.
type Changes<T> = Vec<(i128, T, i64)>;

/// How far from a row those of the other side are.
#[derive(Clone, Copy)]
struct Reach {
    from: i128,
    to: i128,
}

impl Reach {
    fn of(self, time: i128) -> RangeInclusive<i128> {
        time + self.from..=time + self.to
    }

    /// The same, seen from the other side.
    fn back(self) -> Self {
        Reach { from: -self.to, to: -self.from }
    }
}

impl<L: Schema, R: Schema, K: Datum, O> Intervals<L, R, K, O> {
    pub(super) fn new(
        left: Key<L, K>,
        right: Key<R, K>,
        near: Near<L, R>,
        emits: Emits,
        row: MakeRow<L, R, O>,
    ) -> Self {
        let (left, right) = (Pending::new(left), Pending::new(right));
        Intervals { keys: Keyed::new(), left, right, touched: 0, near, emits, row }
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> BinaryStatefulOperator<Change<L>, Change<R>, O>
    for Intervals<L, R, K, O>
{
    fn apply_left(&mut self, items: &mut Vec<Change<L>>) {
        self.left.apply(items, &mut self.keys, &mut self.touched, |timelines| &mut timelines.ordinal);
    }

    fn apply_right(&mut self, items: &mut Vec<Change<R>>) {
        self.right.apply(items, &mut self.keys, &mut self.touched, |timelines| &mut timelines.ordinal);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let Intervals { keys, left, right, touched, near, emits, row } = self;
        *touched = 0;
        let (mut rows_left, mut rows_right) = (Vec::new(), Vec::new());
        let (mut new_left, mut new_right) = (Vec::new(), Vec::new());
        let mut emit = |pair: Pair<'_, L, R>, diff: i64| {
            if let Some(row) = row(pair) {
                emit(Change { row, diff });
            }
        };
        let reach = Reach { from: near.from, to: near.to };
        keys.sort_touched();
        keys.seal(|_, timelines| {
            left.take(timelines.ordinal, &mut rows_left);
            right.take(timelines.ordinal, &mut rows_right);
            new_left.extend(rows_left.drain(..).map(|(row, diff)| ((near.left)(&row), row, diff)));
            new_right.extend(rows_right.drain(..).map(|(row, diff)| ((near.right)(&row), row, diff)));
            timelines.commit(&mut new_left, &mut new_right, reach, *emits, &mut emit);
            !(timelines.left.is_empty() && timelines.right.is_empty())
        });
        left.clear();
        right.clear();
    }
}

impl<L: Schema, R: Schema> Timelines<L, R> {
    /// Takes a commit's net changes in, and emits what they change. Leaves the vectors empty.
    fn commit(
        &mut self,
        new_left: &mut Changes<L>,
        new_right: &mut Changes<R>,
        reach: Reach,
        emits: Emits,
        emit: &mut impl FnMut(Pair<'_, L, R>, i64),
    ) {
        let Timelines { left, right, .. } = self;
        let back = reach.back();
        let left_unmatched = Alone::of(emits.left_unmatched, left, new_left, right, new_right, reach);
        let right_alone = Alone::of(emits.right_alone, right, new_right, left, new_left, back);

        left_unmatched.go(left, |row, copies| emit(Pair::Left(row), -copies));
        right_alone.go(right, |row, copies| emit(Pair::Right(row), -copies));

        // Each change meets the other side as it stands by then; what goes does so first, as in `both`.
        let gone = (what_goes_first(new_left, |(.., diff)| *diff), what_goes_first(new_right, |(.., diff)| *diff));
        for (left_part, right_part) in [gone, (usize::MAX, usize::MAX)] {
            for (time, row, diff) in new_left.drain(..left_part.min(new_left.len())) {
                if emits.pairs {
                    let others = near(right, reach.of(time));
                    others.for_each(|(other, copies)| emit(Pair::TwoSidedJoin(&row, other), diff * copies));
                }
                if left_unmatched.stays(time) {
                    emit(Pair::Left(&row), diff);
                }
                update(left, time, row, diff);
            }
            for (time, row, diff) in new_right.drain(..right_part.min(new_right.len())) {
                if emits.pairs {
                    let others = near(left, back.of(time));
                    others.for_each(|(other, copies)| emit(Pair::TwoSidedJoin(other, &row), diff * copies));
                }
                if right_alone.stays(time) {
                    emit(Pair::Right(&row), diff);
                }
                update(right, time, row, diff);
            }
        }

        left_unmatched.come(left, |row, copies| emit(Pair::Left(row), copies));
        right_alone.come(right, |row, copies| emit(Pair::Right(row), copies));
    }
}

fn update<T: Datum>(timeline: &mut Timeline<T>, time: i128, row: T, diff: i64) {
    let moment = timeline.entry(time).or_default();
    moment.rows.update(row, diff);
    if moment.rows.is_empty() {
        timeline.remove(&time);
    }
}

/// The rows of some times, with the number of their copies.
fn near<T: Datum>(timeline: &Timeline<T>, times: RangeInclusive<i128>) -> impl Iterator<Item = (&T, i64)> {
    timeline.range(times).flat_map(|(_, moment)| moment.rows.rows.iter())
}

/// The times of one side that a commit touches: how many rows of the other side are near before it, and behind it.
struct Alone(BTreeMap<i128, (i64, i64)>);

impl Alone {
    /// Nothing where rows that are alone are not `wanted`.
    fn of<T: Datum, S: Datum>(
        wanted: bool,
        mine: &Timeline<T>,
        new_mine: &Changes<T>,
        others: &Timeline<S>,
        new_others: &Changes<S>,
        reach: Reach,
    ) -> Self {
        let mut touched = BTreeMap::new();
        if !wanted {
            return Alone(touched);
        }
        for (time, ..) in new_mine {
            touched.entry(*time).or_insert_with(|| {
                let count = || others.range(reach.of(*time)).map(|(_, moment)| moment.rows.count).sum();
                let before = mine.get(time).map_or_else(count, |moment| moment.others);
                (before, before)
            });
        }
        for (time, ..) in new_others {
            for (time, moment) in mine.range(reach.back().of(*time)) {
                touched.entry(*time).or_insert((moment.others, moment.others));
            }
        }
        for (time, _, diff) in new_others {
            touched.range_mut(reach.back().of(*time)).for_each(|(_, (_, behind))| *behind += diff);
        }
        Alone(touched)
    }

    /// Gives the rows that were alone and are so no longer.
    fn go<T: Datum>(&self, timeline: &Timeline<T>, mut give: impl FnMut(&T, i64)) {
        for (time, _) in self.0.iter().filter(|(_, (before, behind))| *before <= 0 && *behind > 0) {
            near(timeline, *time..=*time).for_each(|(row, copies)| give(row, copies));
        }
    }

    /// Whether the rows of a time were alone and still are.
    fn stays(&self, time: i128) -> bool {
        self.0.get(&time).is_some_and(|(before, behind)| *before <= 0 && *behind <= 0)
    }

    /// MetadataColumns how many rows are near now, and gives the rows that have come to be alone.
    fn come<T: Datum>(&self, timeline: &mut Timeline<T>, mut give: impl FnMut(&T, i64)) {
        for (time, (before, behind)) in &self.0 {
            let Some(moment) = timeline.get_mut(time) else { continue };
            moment.others = *behind;
            if *before > 0 && *behind <= 0 {
                moment.rows.rows.iter().for_each(|(row, copies)| give(row, copies));
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
        let key: Key<Row, i64> = Arc::new(|row: &Row| row.key);
        let near = Near { left: Row::ticks(), right: Row::ticks(), from: -3, to: 2 };
        let emits = Emits { pairs: true, left_unmatched: true, right_alone: true, ..Emits::default() };
        let row: MakeRow<Row, Row, Row> = Arc::new(|pair: Pair<'_, Row, Row>| match pair {
            Pair::TwoSidedJoin(row, _) | Pair::Left(row) | Pair::Right(row) => Some(*row),
        });
        let mut operator = Intervals::new(Arc::clone(&key), key, near, emits, row);
        let mut rows = 0;
        let most = most_kept(stream(5, 10), |commit, _| {
            rows += commit.iter().map(|change| change.diff).sum::<i64>();
            let (mut left, mut right) = commit.into_iter().partition(|change| change.row.value == 0);
            operator.apply_left(&mut left);
            operator.apply_right(&mut right);
            operator.seal(&mut |_| {});
            assert!(rows > 0 || operator.keys.len() == 0);
            operator.keys.len()
        });
        assert_eq!(most, 7);
    }

    /// What the documentation says of memory.
    #[test]
    fn sizes() {
        assert_eq!(size_of::<Timelines<Row, Row>>(), 56);
        assert_eq!(size_of::<(i128, Moment<i64>)>(), 48);
    }
}

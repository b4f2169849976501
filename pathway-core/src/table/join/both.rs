//! The operator behind all joins of two live sides.

use std::cmp::Ordering;

use super::{Key, MakeRow, Pair};
use crate::data::{Change, Datum, Schema};
use crate::flow::PerCommitOfTwo;
use crate::table::keyed::{Keyed, Slot};
use crate::table::reducer::Multiset;

/// What a join emits.
#[derive(Clone, Copy, Default)]
pub(super) struct Emits {
    /// Pairs of rows with one key.
    pub(super) pairs: bool,
    /// Left rows while the right side has none of their key.
    pub(super) left_alone: bool,
    /// Left rows while the right side has any of their key.
    pub(super) left_met: bool,
    /// Right rows while the left side has none of their key.
    pub(super) right_alone: bool,
}

/// Keeps the rows of both sides by key, and emits what a commit's changes make of them.
pub(super) struct Both<L, R, K, O> {
    keys: Keyed<K, Sides<L, R>>,
    left: Pending<L, K>,
    right: Pending<R, K>,
    /// How many keys the open commit has touched.
    touched: u32,
    emits: Emits,
    row: MakeRow<L, R, O>,
}

/// What is kept for a key.
pub(super) struct Sides<L, R> {
    left: Side<L>,
    right: Side<R>,
    /// Which of the keys that the open commit touched it is.
    ordinal: u32,
}

/// The rows of one side.
pub(super) struct Side<T> {
    pub(super) rows: Multiset<T>,
    /// Their number.
    pub(super) count: i64,
}

impl<T> Default for Side<T> {
    fn default() -> Self {
        Side { rows: Multiset::default(), count: 0 }
    }
}

impl<T: Datum> Side<T> {
    pub(super) fn update(&mut self, row: T, diff: i64) {
        self.rows.update(row, diff);
        self.count += diff;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0 && self.rows.is_empty()
    }
}

impl<L, R> Default for Sides<L, R> {
    fn default() -> Self {
        Sides { left: Side::default(), right: Side::default(), ordinal: 0 }
    }
}

impl<L: Schema, R: Schema, K: Datum, O> Both<L, R, K, O> {
    pub(super) fn new(left: Key<L, K>, right: Key<R, K>, emits: Emits, row: MakeRow<L, R, O>) -> Self {
        let (left, right) = (Pending::new(left), Pending::new(right));
        Both { keys: Keyed::new(), left, right, touched: 0, emits, row }
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> PerCommitOfTwo<Change<L>, Change<R>, O> for Both<L, R, K, O> {
    fn apply_left(&mut self, items: &mut Vec<Change<L>>) {
        self.left.apply(items, &mut self.keys, &mut self.touched, |sides| &mut sides.ordinal);
    }

    fn apply_right(&mut self, items: &mut Vec<Change<R>>) {
        self.right.apply(items, &mut self.keys, &mut self.touched, |sides| &mut sides.ordinal);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let Both { keys, left, right, touched, emits, row } = self;
        *touched = 0;
        let (mut left, mut right) = (left.by_key(), right.by_key());
        let mut ordinal = 0;
        let mut emit = |pair: Pair<'_, L, R>, diff: i64| {
            if let Some(row) = row(pair) {
                emit(Change { row, diff });
            }
        };
        keys.seal(|_, sides| {
            let (new_left, new_right) = (left.take(ordinal), right.take(ordinal));
            ordinal += 1;
            sides.commit(new_left, new_right, *emits, &mut emit);
            !(sides.left.is_empty() && sides.right.is_empty())
        });
    }
}

impl<L: Schema, R: Schema> Sides<L, R> {
    /// Takes a commit's net changes in, and emits what they change.
    fn commit(
        &mut self,
        new_left: Vec<(L, i64)>,
        new_right: Vec<(R, i64)>,
        emits: Emits,
        emit: &mut impl FnMut(Pair<'_, L, R>, i64),
    ) {
        let Sides { left, right, .. } = self;
        let (had_left, had_right) = (left.count > 0, right.count > 0);
        let has_left = left.count + sum(&new_left) > 0;
        let has_right = right.count + sum(&new_right) > 0;

        // Rows from before that are no longer what they were: alone, or met.
        if (emits.left_alone && !had_right && has_right) || (emits.left_met && had_right && !has_right) {
            left.rows.iter().for_each(|(row, copies)| emit(Pair::Left(row), -copies));
        }
        if emits.right_alone && !had_left && has_left {
            right.rows.iter().for_each(|(row, copies)| emit(Pair::Right(row), -copies));
        }

        // What is new on the left meets the right side as it was, and what is new on the right the new left side.
        let left_stays = (emits.left_alone && !had_right && !has_right) || (emits.left_met && had_right && has_right);
        for (row, diff) in new_left {
            if emits.pairs {
                right.rows.iter().for_each(|(other, copies)| emit(Pair::Both(&row, other), diff * copies));
            }
            if left_stays {
                emit(Pair::Left(&row), diff);
            }
            left.update(row, diff);
        }
        let right_stays = emits.right_alone && !had_left && !has_left;
        for (row, diff) in new_right {
            if emits.pairs {
                left.rows.iter().for_each(|(other, copies)| emit(Pair::Both(other, &row), diff * copies));
            }
            if right_stays {
                emit(Pair::Right(&row), diff);
            }
            right.update(row, diff);
        }

        // Rows that have become what they were not.
        if (emits.left_alone && had_right && !has_right) || (emits.left_met && !had_right && has_right) {
            left.rows.iter().for_each(|(row, copies)| emit(Pair::Left(row), copies));
        }
        if emits.right_alone && had_left && !has_left {
            right.rows.iter().for_each(|(row, copies)| emit(Pair::Right(row), copies));
        }
    }
}

fn sum<T>(changes: &[(T, i64)]) -> i64 {
    changes.iter().map(|(_, diff)| diff).sum()
}

/// The open commit's changes of one side.
pub(super) struct Pending<T, K> {
    key: Key<T, K>,
    /// Each with the ordinal of its key.
    changes: Vec<(u32, T, i64)>,
    /// Room for looking keys up together.
    slots: Vec<(Slot, bool)>,
}

impl<T: Datum, K: Datum> Pending<T, K> {
    pub(super) fn new(key: Key<T, K>) -> Self {
        Pending { key, changes: Vec::new(), slots: Vec::new() }
    }

    /// Takes changes in, and numbers the keys that the open commit touches for the first time.
    pub(super) fn apply<V: Default>(
        &mut self,
        items: &mut Vec<Change<T>>,
        keys: &mut Keyed<K, V>,
        touched: &mut u32,
        ordinal: impl Fn(&mut V) -> &mut u32,
    ) {
        let mut looked_up = items.iter().map(|change| (self.key)(&change.row)).collect();
        keys.touch_all(&mut looked_up, &mut self.slots);
        for (Change { row, diff }, (slot, first)) in items.drain(..).zip(self.slots.drain(..)) {
            let ordinal = ordinal(keys.value(slot));
            if first {
                *ordinal = *touched;
                *touched += 1;
            }
            self.changes.push((*ordinal, row, diff));
        }
    }

    /// The commit's changes, key by key, net.
    pub(super) fn by_key(&mut self) -> ByKey<T> {
        let mut changes = std::mem::take(&mut self.changes);
        changes.sort_by(|(a, row_a, _), (b, row_b, _)| a.cmp(b).then_with(|| row_a.compare(row_b)));
        changes.dedup_by(|(key, row, diff), (first_key, first_row, first_diff)| {
            let same = key == first_key && row.compare(first_row) == Ordering::Equal;
            if same {
                *first_diff += *diff;
            }
            same
        });
        changes.retain(|(_, _, diff)| *diff != 0);
        ByKey(changes.into_iter().peekable())
    }
}

/// A commit's changes, in the order of their keys.
pub(super) struct ByKey<T>(std::iter::Peekable<std::vec::IntoIter<(u32, T, i64)>>);

impl<T> ByKey<T> {
    /// Those of a key. Keys are asked for in their order.
    pub(super) fn take(&mut self, ordinal: u32) -> Vec<(T, i64)> {
        std::iter::from_fn(|| self.0.next_if(|(key, _, _)| *key == ordinal)).map(|(_, row, diff)| (row, diff)).collect()
    }
}

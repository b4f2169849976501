//! The operator behind all joins of two live sides.

use std::cmp::Ordering;

use super::{Key, MakeRow, Pair};
use crate::data::{Change, Datum, Schema};
use crate::dataflow::BinaryStatefulOperator;
use crate::operators::reducers::Multiset;
use crate::operators::state::keyed::{Keyed, Slot};

/// What a join emits.
#[derive(Clone, Copy, Default)]
pub(super) struct Emits {
    /// Pairs of rows with one key.
    pub(super) pairs: bool,
    /// Left rows while the right side has none of their key.
    pub(super) left_unmatched: bool,
    /// Left rows while the right side has any of their key.
    pub(super) left_met: bool,
    /// Right rows while the left side has none of their key.
    pub(super) right_alone: bool,
}

/// Keeps the rows of both sides by key, and emits what a commit's changes make of them.
pub(super) struct TwoSidedJoin<L, R, K, O> {
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

impl<L: Schema, R: Schema, K: Datum, O> TwoSidedJoin<L, R, K, O> {
    pub(super) fn new(left: Key<L, K>, right: Key<R, K>, emits: Emits, row: MakeRow<L, R, O>) -> Self {
        let (left, right) = (Pending::new(left), Pending::new(right));
        TwoSidedJoin { keys: Keyed::new(), left, right, touched: 0, emits, row }
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> BinaryStatefulOperator<Change<L>, Change<R>, O>
    for TwoSidedJoin<L, R, K, O>
{
    fn apply_left(&mut self, items: &mut Vec<Change<L>>) {
        self.left.apply(items, &mut self.keys, &mut self.touched, |sides| &mut sides.ordinal);
    }

    fn apply_right(&mut self, items: &mut Vec<Change<R>>) {
        self.right.apply(items, &mut self.keys, &mut self.touched, |sides| &mut sides.ordinal);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let TwoSidedJoin { keys, left, right, touched, emits, row } = self;
        *touched = 0;
        let (mut new_left, mut new_right) = (Vec::new(), Vec::new());
        let mut emit = |pair: Pair<'_, L, R>, diff: i64| {
            if let Some(row) = row(pair) {
                emit(Change { row, diff });
            }
        };
        keys.sort_touched();
        keys.seal(|_, sides| {
            left.take(sides.ordinal, &mut new_left);
            right.take(sides.ordinal, &mut new_right);
            sides.commit(&mut new_left, &mut new_right, *emits, &mut emit);
            !(sides.left.is_empty() && sides.right.is_empty())
        });
        left.clear();
        right.clear();
    }
}

impl<L: Schema, R: Schema> Sides<L, R> {
    /// Takes a commit's net changes in, and emits what they change.
    fn commit(
        &mut self,
        new_left: &mut Vec<(L, i64)>,
        new_right: &mut Vec<(R, i64)>,
        emits: Emits,
        emit: &mut impl FnMut(Pair<'_, L, R>, i64),
    ) {
        let Sides { left, right, .. } = self;
        let (had_left, had_right) = (left.count > 0, right.count > 0);
        let has_left = left.count + sum(new_left) > 0;
        let has_right = right.count + sum(new_right) > 0;

        // Rows from before that are no longer what they were: alone, or met.
        if (emits.left_unmatched && !had_right && has_right) || (emits.left_met && had_right && !has_right) {
            left.rows.iter().for_each(|(row, copies)| emit(Pair::Left(row), -copies));
        }
        if emits.right_alone && !had_left && has_left {
            right.rows.iter().for_each(|(row, copies)| emit(Pair::Right(row), -copies));
        }

        // Each change meets the other side as it stands by then. What goes does so first: so no row is made of two that are
        // never there together.
        let left_stays =
            (emits.left_unmatched && !had_right && !has_right) || (emits.left_met && had_right && has_right);
        let right_stays = emits.right_alone && !had_left && !has_left;
        let gone = (what_goes_first(new_left, |(_, diff)| *diff), what_goes_first(new_right, |(_, diff)| *diff));
        for (left_part, right_part) in [gone, (usize::MAX, usize::MAX)] {
            for (row, diff) in new_left.drain(..left_part.min(new_left.len())) {
                if emits.pairs {
                    right.rows.iter().for_each(|(other, copies)| emit(Pair::TwoSidedJoin(&row, other), diff * copies));
                }
                if left_stays {
                    emit(Pair::Left(&row), diff);
                }
                left.update(row, diff);
            }
            for (row, diff) in new_right.drain(..right_part.min(new_right.len())) {
                if emits.pairs {
                    left.rows.iter().for_each(|(other, copies)| emit(Pair::TwoSidedJoin(other, &row), diff * copies));
                }
                if right_stays {
                    emit(Pair::Right(&row), diff);
                }
                right.update(row, diff);
            }
        }

        // Rows that have become what they were not.
        if (emits.left_unmatched && had_right && !has_right) || (emits.left_met && !had_right && has_right) {
            left.rows.iter().for_each(|(row, copies)| emit(Pair::Left(row), copies));
        }
        if emits.right_alone && had_left && !has_left {
            right.rows.iter().for_each(|(row, copies)| emit(Pair::Right(row), copies));
        }
    }
}

/// Puts the changes that go in front of those that come, and says how many they are.
pub(super) fn what_goes_first<C>(changes: &mut [C], diff: impl Fn(&C) -> i64) -> usize {
    changes.sort_by_key(|change| diff(change) > 0);
    changes.partition_point(|change| diff(change) < 0)
}

fn sum<T>(changes: &[(T, i64)]) -> i64 {
    changes.iter().map(|(_, diff)| diff).sum()
}

/// The open commit's changes of one side.
pub(super) struct Pending<T, K> {
    key: Key<T, K>,
    changes: Vec<Link<T>>,
    /// By the ordinals of keys: the newest change of each.
    newest: Vec<Option<u32>>,
    /// Room for looking keys up together.
    keys: Vec<K>,
    slots: Vec<(Slot, bool)>,
}

/// A change of a key's rows, and the one before.
struct Link<T> {
    change: Option<(T, i64)>,
    before: Option<u32>,
}

impl<T: Datum, K: Datum> Pending<T, K> {
    pub(super) fn new(key: Key<T, K>) -> Self {
        Pending { key, changes: Vec::new(), newest: Vec::new(), keys: Vec::new(), slots: Vec::new() }
    }

    /// Takes changes in, and numbers the keys that the open commit touches for the first time.
    pub(super) fn apply<V: Default>(
        &mut self,
        items: &mut Vec<Change<T>>,
        keys: &mut Keyed<K, V>,
        touched: &mut u32,
        ordinal: impl Fn(&mut V) -> &mut u32,
    ) {
        self.keys.extend(items.iter().map(|change| (self.key)(&change.row)));
        keys.touch_all(&mut self.keys, &mut self.slots);
        for (Change { row, diff }, (slot, first)) in items.drain(..).zip(self.slots.drain(..)) {
            let ordinal = ordinal(keys.value(slot));
            if first {
                *ordinal = *touched;
                *touched += 1;
            }
            let at = *ordinal as usize;
            if at >= self.newest.len() {
                self.newest.resize(at + 1, None);
            }
            let before = self.newest[at].replace(self.changes.len() as u32);
            self.changes.push(Link { change: Some((row, diff)), before });
        }
    }

    /// Puts the net changes of a key into a vector.
    pub(super) fn take(&mut self, ordinal: u32, net: &mut Vec<(T, i64)>) {
        let mut next = self.newest.get_mut(ordinal as usize).and_then(Option::take);
        while let Some(Link { change, before }) = next.and_then(|at| self.changes.get_mut(at as usize)) {
            net.extend(change.take());
            next = *before;
        }
        if net.len() > 1 {
            net.sort_unstable_by(|(a, _), (b, _)| a.compare(b));
            net.dedup_by(|(row, diff), (first, sum)| {
                let same = row.compare(first) == Ordering::Equal;
                *sum += if same { *diff } else { 0 };
                same
            });
        }
        net.retain(|(_, diff)| *diff != 0);
    }

    /// Ends the commit, whose changes were taken.
    pub(super) fn clear(&mut self) {
        // Made anew where a large commit has blown them up.
        const KEEP: usize = 64 << 10;
        self.changes.clear();
        self.changes.shrink_to(KEEP);
        self.newest.clear();
        self.newest.shrink_to(KEEP);
    }
}

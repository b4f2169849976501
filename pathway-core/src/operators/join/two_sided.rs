//! The operator behind all joins in which both sides are live.

use serde::{Deserialize, Serialize};

use super::conditional::{AffectedRows, Condition, Emit, copies_alone};
use super::kind::{Alone, JoinKind, JoinSpec};
use super::pending::{Keyed, Pending, removals_first};
use super::ranges::Searches;
use super::rows::Rows;
use crate::data::{Change, Datum};
use crate::dataflow::{BinaryStatefulOperator, StatePart, Stateful};
use crate::operators::state::KeyedState;

/// Keeps the rows of both sides by key, and emits how each commit changes the join.
pub(super) struct TwoSidedJoin<L, R, K, O> {
    keys: KeyedState<K, Sides<L, R>>,
    left: Pending<L, K>,
    right: Pending<R, K>,
    /// How many keys the open commit has changed.
    dirty_keys: u32,
    spec: JoinSpec<L, R, O>,
}

/// The rows of one key.
#[derive(Serialize, Deserialize)]
#[serde(bound = "L: Datum, R: Datum")]
pub(super) struct Sides<L, R> {
    left: Rows<L>,
    right: Rows<R>,
    /// The number of the key among those that the open commit has changed.
    #[serde(skip)]
    number: u32,
    /// How often the left rows and the right rows were searched for those in a range.
    #[serde(skip)]
    searches: (Searches, Searches),
}

impl<L, R> Default for Sides<L, R> {
    fn default() -> Self {
        Sides { left: Rows::default(), right: Rows::default(), number: 0, searches: Default::default() }
    }
}

impl<L: Datum, R: Datum, K: Datum, O> TwoSidedJoin<L, R, K, O> {
    pub(super) fn new(spec: JoinSpec<L, R, O>) -> Self {
        TwoSidedJoin { keys: KeyedState::new(), left: Pending::new(), right: Pending::new(), dirty_keys: 0, spec }
    }
}

impl<L: Datum, R: Datum, K: Datum, O: Datum> Stateful for TwoSidedJoin<L, R, K, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("rows", &mut self.keys).of_rows()]
    }
}

impl<L: Datum, R: Datum, K: Datum, O: Datum> BinaryStatefulOperator<Keyed<K, L>, Keyed<K, R>, Change<O>>
    for TwoSidedJoin<L, R, K, O>
{
    fn apply_left(&mut self, items: &mut Vec<Keyed<K, L>>) {
        self.left.apply(items, &mut self.keys, &mut self.dirty_keys, |sides| &mut sides.number);
    }

    fn apply_right(&mut self, items: &mut Vec<Keyed<K, R>>) {
        self.right.apply(items, &mut self.keys, &mut self.dirty_keys, |sides| &mut sides.number);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let TwoSidedJoin { keys, left, right, dirty_keys, spec } = self;
        *dirty_keys = 0;
        let mut emit = |left: Option<&L>, right: Option<&R>, diff: i64| {
            if let Some(row) = (spec.row)(left, right) {
                emit(Change { row, diff });
            }
        };
        let in_order = spec.needs_order();
        keys.sort_dirty();
        keys.seal(|_, sides| {
            let (new_left, new_right) = (left.take(sides.number, in_order), right.take(sides.number, in_order));
            match &spec.condition {
                Some(condition) => {
                    (condition.commit_sides)(sides, condition, new_left, new_right, spec.kind, &mut emit);
                }
                None => sides.commit(new_left, new_right, spec.kind, &mut emit),
            }
            !(sides.left.is_empty() && sides.right.is_empty())
        });
        left.clear();
        right.clear();
    }
}

impl<L: Datum, R: Datum> Sides<L, R> {
    /// Applies the net changes of a commit, and emits how they change the join.
    fn commit(
        &mut self,
        new_left: &mut Vec<(L, i64)>,
        new_right: &mut Vec<(R, i64)>,
        kind: JoinKind,
        emit: &mut impl FnMut(Option<&L>, Option<&R>, i64),
    ) {
        let Sides { left, right, .. } = self;
        let (had_left, had_right) = (left.count() > 0, right.count() > 0);
        let has_left = left.count() + sum(new_left) > 0;
        let has_right = right.count() + sum(new_right) > 0;
        let pairs = kind.emits_pairs();
        let (left_matched, left_unmatched) = (kind.emits_left_matched(), kind.emits_left_unmatched());
        let right_unmatched = kind.emits_right_unmatched();

        // Earlier rows that are no longer unmatched, or no longer matched.
        if (left_unmatched && !had_right && has_right) || (left_matched && had_right && !has_right) {
            left.iter().for_each(|(row, copies)| emit(Some(row), None, -copies));
        }
        if right_unmatched && !had_left && has_left {
            right.iter().for_each(|(row, copies)| emit(None, Some(row), -copies));
        }

        // Each change is joined with the current rows of the other side. Removals come first, so that no row is made of two
        // rows that never exist together.
        let left_stays = (left_unmatched && !had_right && !has_right) || (left_matched && had_right && has_right);
        let right_stays = right_unmatched && !had_left && !has_left;
        let removals = (removals_first(new_left, |(_, diff)| *diff), removals_first(new_right, |(_, diff)| *diff));
        for (left_part, right_part) in [removals, (usize::MAX, usize::MAX)] {
            for (row, diff) in new_left.drain(..left_part.min(new_left.len())) {
                if pairs {
                    right.iter().for_each(|(other, copies)| emit(Some(&row), Some(other), diff * copies));
                }
                if left_stays {
                    emit(Some(&row), None, diff);
                }
                left.update(row, diff);
            }
            for (row, diff) in new_right.drain(..right_part.min(new_right.len())) {
                if pairs {
                    left.iter().for_each(|(other, copies)| emit(Some(other), Some(&row), diff * copies));
                }
                if right_stays {
                    emit(None, Some(&row), diff);
                }
                right.update(row, diff);
            }
        }

        // Rows that are newly unmatched, or newly matched.
        if (left_unmatched && had_right && !has_right) || (left_matched && !had_right && has_right) {
            left.iter().for_each(|(row, copies)| emit(Some(row), None, copies));
        }
        if right_unmatched && had_left && !has_left {
            right.iter().for_each(|(row, copies)| emit(None, Some(row), copies));
        }
    }
}

/// Joins in which only pairs that meet a condition match.
impl<L: Datum, R: Datum> Sides<L, R> {
    pub(super) fn commit_with(
        &mut self,
        condition: &Condition<L, R>,
        new_left: &mut Vec<(L, i64)>,
        new_right: &mut Vec<(R, i64)>,
        kind: JoinKind,
        emit: Emit<'_, L, R>,
    ) {
        self.expect_searches(condition, new_right.len(), new_left.len());
        let affected_left = kind.left_alone().map(|alone| {
            let changed = new_left.iter().map(|(row, _)| (0, row));
            let near = |other: &R| self.left.near(condition.range_of_right(other));
            let pairs = new_right.iter().flat_map(|(other, _)| near(other).map(move |(row, _)| (0, row, other)));
            let meets = |left: &L, right: &R| (condition.meets)(left, right);
            (alone, AffectedRows::find(changed, pairs, meets, |_, row| self.left_alone(row, alone, condition)))
        });
        let affected_right = kind.right_alone().map(|alone| {
            let changed = new_right.iter().map(|(row, _)| (0, row));
            let near = |other: &L| self.right.near(condition.range_of_left(other));
            let pairs = new_left.iter().flat_map(|(other, _)| near(other).map(move |(row, _)| (0, row, other)));
            let meets = |right: &R, left: &L| (condition.meets)(left, right);
            (alone, AffectedRows::find(changed, pairs, meets, |_, row| self.right_alone(row, alone, condition)))
        });
        self.commit_pairs(condition, new_left, new_right, emit);
        let rows = |affected: Option<usize>| affected.unwrap_or(0);
        self.expect_searches(
            condition,
            rows(affected_right.as_ref().map(|(_, affected)| affected.len())),
            rows(affected_left.as_ref().map(|(_, affected)| affected.len())),
        );
        if let Some((alone, affected)) = affected_left {
            affected.emit(|_, row| self.left_alone(row, alone, condition), |row, diff| emit(Some(row), None, diff));
        }
        if let Some((alone, affected)) = affected_right {
            affected.emit(|_, row| self.right_alone(row, alone, condition), |row, diff| emit(None, Some(row), diff));
        }
    }

    /// Applies the net changes of a commit, and emits pairs of rows. Of one that does not meet the condition, `emit` makes no row.
    fn commit_pairs(
        &mut self,
        condition: &Condition<L, R>,
        new_left: &mut Vec<(L, i64)>,
        new_right: &mut Vec<(R, i64)>,
        emit: Emit<'_, L, R>,
    ) {
        // Removals come first, as above.
        let removals = (removals_first(new_left, |(_, diff)| *diff), removals_first(new_right, |(_, diff)| *diff));
        for (left_part, right_part) in [removals, (usize::MAX, usize::MAX)] {
            for (row, diff) in new_left.drain(..left_part.min(new_left.len())) {
                let Sides { left, right, .. } = self;
                let others = right.near(condition.range_of_left(&row));
                others.for_each(|(other, copies)| emit(Some(&row), Some(other), diff * copies));
                left.update(row, diff);
            }
            // There may be many left rows now.
            self.expect_searches(condition, new_right.len(), 0);
            for (row, diff) in new_right.drain(..right_part.min(new_right.len())) {
                let Sides { left, right, .. } = self;
                let others = left.near(condition.range_of_right(&row));
                others.for_each(|(other, copies)| emit(Some(other), Some(&row), diff * copies));
                right.update(row, diff);
            }
        }
    }

    /// Says how often the left rows and the right rows will be searched for those in a range.
    fn expect_searches(&mut self, condition: &Condition<L, R>, of_left: usize, of_right: usize) {
        let Some(ranges) = &condition.ranges else { return };
        let Sides { left, right, searches, .. } = self;
        searches.0.expect(of_left, left, &ranges.left);
        searches.1.expect(of_right, right, &ranges.right);
    }

    fn left_alone(&self, row: &L, alone: Alone, condition: &Condition<L, R>) -> i64 {
        let others = self.right.near(condition.range_of_left(row));
        copies_alone(alone, self.left.copies(row), others.map(|(other, _)| (condition.meets)(row, other)))
    }

    fn right_alone(&self, row: &R, alone: Alone, condition: &Condition<L, R>) -> i64 {
        let others = self.left.near(condition.range_of_right(row));
        copies_alone(alone, self.right.copies(row), others.map(|(other, _)| (condition.meets)(other, row)))
    }
}

fn sum<T>(changes: &[(T, i64)]) -> i64 {
    changes.iter().map(|(_, diff)| diff).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::join::conditional::Condition;
    use crate::operators::state::hash_of;
    use crate::operators::test_restarts::{check_restarts, joined, random_history, run_commit_of_two};
    use crate::operators::test_rows::Row;

    #[test]
    fn restarts_change_nothing() {
        let joins = [
            JoinSpec::inner(|left, right| joined(Some(left), Some(right))),
            JoinSpec::full(joined),
            JoinSpec::left_rows(JoinKind::Semi),
            JoinSpec::left_rows(JoinKind::Anti),
        ];
        let condition = Condition::new(|left: &Row, right: &Row| left.at <= right.at);
        let with_condition = joins.clone().map(|join| join.with_condition(Some(condition.clone())));
        for join in joins.into_iter().chain(with_condition) {
            let make = || TwoSidedJoin::<_, _, i64, _>::new(join.clone());
            check_restarts(3, make, random_history, |change| hash_of(&change.row.key), run_commit_of_two(|row| *row));
        }
    }
}

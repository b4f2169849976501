//! The changes of a commit for reducers that depend on the order of rows.

use crate::data::{Change, Datum, RowIdentity, Schema, sort_by};
use crate::operators::reducers::Reducer;
use crate::plan::{Order, TableProperties};

/// Tells apart the rows of reducers that depend on their order; `None` if no row is ever removed.
pub(crate) fn identity_if_needed<R: Schema, A, G: Reducer<A>>(input: TableProperties) -> Option<RowIdentity<R>> {
    (G::ORDERED && !input.append_only).then(RowIdentity::new)
}

/// Collects the changes of the open commit, and returns the net changes when it is complete: removals before insertions.
///
/// Insertions keep the order of arrival. If rows were grouped by key on the way, that order is arbitrary, and they are
/// ordered by their values instead. Both orders are the same for any number of workers. A row that is removed and inserted in
/// one commit cancels out, whichever of the two comes first.
pub(crate) struct OrderedChanges<R> {
    order: Order,
    changes: Vec<Change<R>>,
}

impl<R: Datum> OrderedChanges<R> {
    /// `None` if changes can be applied in any order: the reducers do not depend on the order, or the table is append-only and
    /// in the order of arrival.
    pub(crate) fn if_needed<A, G: Reducer<A>>(input: TableProperties) -> Option<Self> {
        let needed = G::ORDERED && !(input.append_only && input.order.is_sequence());
        needed.then(|| OrderedChanges { order: input.order, changes: Vec::new() })
    }

    /// Adds changes, and leaves the vector empty.
    pub(crate) fn append(&mut self, changes: &mut Vec<Change<R>>) {
        self.changes.append(changes);
    }

    /// Adds a change.
    pub(crate) fn push(&mut self, change: Change<R>) {
        self.changes.push(change);
    }

    /// The commit is complete: returns its net changes in order.
    pub(crate) fn take_net(&mut self) -> Vec<Change<R>> {
        let changes = std::mem::take(&mut self.changes);
        if self.order.is_sequence() && changes.iter().all(|change| change.diff > 0) {
            return changes;
        }
        let mut changes: Vec<_> = changes.into_iter().enumerate().collect();
        sort_by(&mut changes, |a, b| a.1.row.compare(&b.1.row).then(a.0.cmp(&b.0)));
        let (mut removals, mut insertions) = (Vec::new(), Vec::new());
        let mut changes = changes.into_iter().peekable();
        while let Some((position, Change { row, diff })) = changes.next() {
            let mut copies = Copies::default();
            copies.change(position, diff);
            while let Some((position, Change { diff, .. })) =
                changes.next_if(|(_, next)| next.row.compare(&row).is_eq())
            {
                copies.change(position, diff);
            }
            if copies.removed > 0 {
                removals.push(Change { row: row.clone_datum(), diff: -copies.removed });
            }
            let inserted = copies.inserted.into_iter();
            insertions.extend(inserted.map(|(position, diff)| (position, Change { row: row.clone_datum(), diff })));
        }
        if self.order.is_sequence() {
            sort_by(&mut insertions, |(a, _), (b, _)| a.cmp(b));
        }
        removals.extend(insertions.into_iter().map(|(_, change)| change));
        removals
    }
}

/// The net change of one row in a commit.
#[derive(Default)]
struct Copies {
    /// The inserted copies that remain, each with its position in the commit. The last one is removed first.
    inserted: Vec<(usize, i64)>,
    /// How many of the copies from earlier commits are removed.
    removed: i64,
}

impl Copies {
    fn change(&mut self, position: usize, diff: i64) {
        if diff > 0 {
            let cancelled = self.removed.min(diff);
            self.removed -= cancelled;
            self.inserted.extend(Some((position, diff - cancelled)).filter(|(_, copies)| *copies > 0));
            return;
        }
        let mut left = diff.saturating_neg();
        while left > 0 {
            match self.inserted.last_mut() {
                Some((_, copies)) if *copies > left => {
                    *copies -= left;
                    return;
                }
                Some((_, copies)) => {
                    left -= *copies;
                    self.inserted.pop();
                }
                None => {
                    self.removed = self.removed.saturating_add(left);
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::reducers::{Count, Latest};

    fn net(order: Order, changes: &[(i64, i64)]) -> Vec<(i64, i64)> {
        let input = TableProperties { order, append_only: false, ..TableProperties::default() };
        let mut ordered = OrderedChanges::if_needed::<i64, Latest>(input).unwrap();
        ordered.append(&mut changes.iter().map(|(row, diff)| Change { row: *row, diff: *diff }).collect());
        ordered.take_net().into_iter().map(|change| (change.row, change.diff)).collect()
    }

    #[test]
    fn removals_come_before_insertions() {
        let changes = [(5, 1), (3, 1), (9, -1), (4, 2), (1, -2)];
        assert_eq!(net(Order::Arrival, &changes), [(1, -2), (9, -1), (5, 1), (3, 1), (4, 2)]);
        assert_eq!(net(Order::Sorted, &changes), [(1, -2), (9, -1), (3, 1), (4, 2), (5, 1)]);
    }

    #[test]
    fn insertions_and_removals_of_a_row_cancel_out() {
        for order in [Order::Arrival, Order::Sorted] {
            assert_eq!(net(order, &[(5, 1), (5, -1)]), []);
            assert_eq!(net(order, &[(5, -1), (5, 1)]), []);
            assert_eq!(net(order, &[(5, -2), (5, 1)]), [(5, -1)]);
            assert_eq!(net(order, &[(5, -1), (5, 3)]), [(5, 2)]);
            assert_eq!(net(order, &[(5, 0)]), []);
        }
    }

    #[test]
    fn the_newest_copy_is_removed_first() {
        assert_eq!(net(Order::Arrival, &[(5, 1), (3, 1), (5, 1), (5, -1)]), [(5, 1), (3, 1)]);
        assert_eq!(net(Order::Arrival, &[(5, 2), (3, 1), (5, 1), (5, -2)]), [(5, 1), (3, 1)]);
    }

    #[test]
    fn pure_insertions_keep_their_order() {
        assert_eq!(net(Order::Arrival, &[(5, 1), (3, 1), (5, 2)]), [(5, 1), (3, 1), (5, 2)]);
        assert_eq!(net(Order::Sorted, &[(5, 1), (3, 1), (5, 2)]), [(3, 1), (5, 1), (5, 2)]);
    }

    #[test]
    fn it_is_used_only_if_needed() {
        assert!(OrderedChanges::<i64>::if_needed::<i64, Latest>(TableProperties::ARRIVALS).is_none());
        assert!(OrderedChanges::<i64>::if_needed::<i64, Count>(TableProperties::GROUPED).is_none());
        assert!(
            OrderedChanges::<(i64, i64)>::if_needed::<(i64, i64), (Count, Latest)>(TableProperties::GROUPED).is_some()
        );
    }
}

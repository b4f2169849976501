//! A commit's changes for reducers that care for the order in which rows came.

use crate::data::{Change, Datum};
use crate::operators::reducers::Reducer;
use crate::plan::{Order, TableProperties};

/// Keeps the changes of the open commit, to give them net when it is complete: first what goes, then what comes.
///
/// What comes is in the order of its arrival, or, where that means nothing because rows were gathered by key on the
/// way, in the rows' own order: the same for any number of workers. A row that goes and comes within the commit nets,
/// whichever of the two stands first.
pub(in crate::operators) struct InOrder<R> {
    order: Order,
    changes: Vec<Change<R>>,
}

impl<R: Datum> InOrder<R> {
    /// None where changes can be taken as they come: the reducers do not care, or rows only arrive, one after the
    /// other.
    pub(in crate::operators) fn of<A, G: Reducer<A>>(shape: TableProperties) -> Option<Self> {
        let needed = G::ORDERED && shape != TableProperties::ARRIVALS;
        needed.then(|| InOrder { order: shape.order, changes: Vec::new() })
    }

    /// Takes changes, and leaves the vector empty.
    pub(in crate::operators) fn append(&mut self, changes: &mut Vec<Change<R>>) {
        self.changes.append(changes);
    }

    /// Takes a change.
    pub(in crate::operators) fn push(&mut self, change: Change<R>) {
        self.changes.push(change);
    }

    /// The commit is complete: its changes, net and in order.
    pub(in crate::operators) fn settled(&mut self) -> Vec<Change<R>> {
        let changes = std::mem::take(&mut self.changes);
        if self.order == Order::Arrival && changes.iter().all(|change| change.diff > 0) {
            return changes;
        }
        let mut changes: Vec<_> = changes.into_iter().enumerate().collect();
        changes.sort_by(|a, b| a.1.row.compare(&b.1.row).then(a.0.cmp(&b.0)));
        let (mut go, mut come) = (Vec::new(), Vec::new());
        let mut changes = changes.into_iter().peekable();
        while let Some((place, Change { row, diff })) = changes.next() {
            let mut copies = Copies::default();
            copies.change(place, diff);
            while let Some((place, Change { diff, .. })) = changes.next_if(|(_, next)| next.row.compare(&row).is_eq()) {
                copies.change(place, diff);
            }
            if copies.gone > 0 {
                go.push(Change { row: row.clone_datum(), diff: -copies.gone });
            }
            let came = copies.came.into_iter();
            come.extend(came.map(|(place, diff)| (place, Change { row: row.clone_datum(), diff })));
        }
        if self.order == Order::Arrival {
            come.sort_by_key(|(place, _)| *place);
        }
        go.extend(come.into_iter().map(|(_, change)| change));
        go
    }
}

/// What a commit makes of one row.
#[derive(Default)]
struct Copies {
    /// Those that came and stay, each with its place. The one that came last goes first.
    came: Vec<(usize, i64)>,
    /// How many of those that were there before went.
    gone: i64,
}

impl Copies {
    fn change(&mut self, place: usize, diff: i64) {
        if diff > 0 {
            let paid = self.gone.min(diff);
            self.gone -= paid;
            self.came.extend(Some((place, diff - paid)).filter(|(_, copies)| *copies > 0));
            return;
        }
        let mut going = diff.saturating_neg();
        while going > 0 {
            match self.came.last_mut() {
                Some((_, copies)) if *copies > going => {
                    *copies -= going;
                    return;
                }
                Some((_, copies)) => {
                    going -= *copies;
                    self.came.pop();
                }
                None => {
                    self.gone = self.gone.saturating_add(going);
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

    fn settled(order: Order, changes: &[(i64, i64)]) -> Vec<(i64, i64)> {
        let shape = TableProperties { order, append_only: false };
        let mut in_order = InOrder::of::<i64, Latest>(shape).unwrap();
        in_order.append(&mut changes.iter().map(|(row, diff)| Change { row: *row, diff: *diff }).collect());
        in_order.settled().into_iter().map(|change| (change.row, change.diff)).collect()
    }

    #[test]
    fn what_goes_stands_before_what_comes() {
        let changes = [(5, 1), (3, 1), (9, -1), (4, 2), (1, -2)];
        assert_eq!(settled(Order::Arrival, &changes), [(1, -2), (9, -1), (5, 1), (3, 1), (4, 2)]);
        assert_eq!(settled(Order::Sorted, &changes), [(1, -2), (9, -1), (3, 1), (4, 2), (5, 1)]);
    }

    #[test]
    fn what_comes_and_goes_nets() {
        for order in [Order::Arrival, Order::Sorted] {
            assert_eq!(settled(order, &[(5, 1), (5, -1)]), []);
            assert_eq!(settled(order, &[(5, -1), (5, 1)]), []);
            assert_eq!(settled(order, &[(5, -2), (5, 1)]), [(5, -1)]);
            assert_eq!(settled(order, &[(5, -1), (5, 3)]), [(5, 2)]);
            assert_eq!(settled(order, &[(5, 0)]), []);
        }
    }

    #[test]
    fn the_copy_that_came_last_goes_first() {
        assert_eq!(settled(Order::Arrival, &[(5, 1), (3, 1), (5, 1), (5, -1)]), [(5, 1), (3, 1)]);
        assert_eq!(settled(Order::Arrival, &[(5, 2), (3, 1), (5, 1), (5, -2)]), [(5, 1), (3, 1)]);
    }

    #[test]
    fn what_only_comes_stays_as_it_came() {
        assert_eq!(settled(Order::Arrival, &[(5, 1), (3, 1), (5, 2)]), [(5, 1), (3, 1), (5, 2)]);
        assert_eq!(settled(Order::Sorted, &[(5, 1), (3, 1), (5, 2)]), [(3, 1), (5, 1), (5, 2)]);
    }

    #[test]
    fn only_where_it_matters() {
        assert!(InOrder::<i64>::of::<i64, Latest>(TableProperties::ARRIVALS).is_none());
        assert!(InOrder::<i64>::of::<i64, Count>(TableProperties::GATHERED).is_none());
        assert!(InOrder::<(i64, i64)>::of::<(i64, i64), (Count, Latest)>(TableProperties::GATHERED).is_some());
    }
}

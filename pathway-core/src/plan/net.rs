//! The net changes of a commit, in the order in which they leave.

use super::Order;
use crate::data::{Change, Datum};

/// Adds up the changes of equal rows, drops those that cancel, and puts what goes before what comes.
///
/// Within the two, rows stand as `order` says.
pub(crate) fn net<R: Datum>(changes: &mut Vec<Change<R>>, order: Order) {
    match order {
        // The usual case of a source that only inserts: nothing can cancel, nothing moves.
        Order::Arrival if changes.iter().all(|change| change.diff > 0) => {}
        Order::Arrival => net_in_order_of_arrival(changes),
        Order::Sorted => net_sorted(changes),
    }
}

fn net_sorted<R: Datum>(changes: &mut Vec<Change<R>>) {
    // Equal rows become one, so that their order among each other does not matter.
    changes.sort_unstable_by(|a, b| a.row.compare(&b.row));
    merge_neighbours(changes, |change| change);
    changes.retain(|change| change.diff != 0);
    changes.sort_by_key(|change| change.diff > 0);
}

/// A row that came several times stands where it came first.
pub(crate) fn net_in_order_of_arrival<R: Datum>(changes: &mut Vec<Change<R>>) {
    let mut numbered: Vec<(usize, Change<R>)> = changes.drain(..).enumerate().collect();
    // Stable, so that the first of equal rows stays in front.
    numbered.sort_by(|(_, a), (_, b)| a.row.compare(&b.row));
    merge_neighbours(&mut numbered, |(_, change)| change);
    numbered.retain(|(_, change)| change.diff != 0);
    numbered.sort_by_key(|(number, change)| (change.diff > 0, *number));
    changes.extend(numbered.into_iter().map(|(_, change)| change));
}

/// Adds up runs of equal rows into the first of each run.
fn merge_neighbours<T, R: Datum>(items: &mut Vec<T>, change: impl Fn(&mut T) -> &mut Change<R>) {
    items.dedup_by(|later, first| {
        let later = change(later);
        let first = change(first);
        let equal = later.row.compare(&first.row).is_eq();
        if equal {
            first.diff += later.diff;
        }
        equal
    });
}

//! The net changes of a commit, in the order in which they leave a table.

use super::Order;
use crate::data::{Change, Datum, bring_first, sort_by};

/// Adds up the changes of equal rows, drops those that cancel out, and sorts removals before insertions.
///
/// Among the removals and among the insertions, rows are in the given order.
pub(crate) fn net<R: Datum>(changes: &mut Vec<Change<R>>, order: Order) {
    match order {
        // The usual case of a source that only inserts: nothing can cancel out or move.
        Order::Arrival | Order::Emission if changes.iter().all(|change| change.diff > 0) => {}
        Order::Arrival | Order::Emission => net_in_arrival_order(changes),
        Order::Sorted => net_sorted(changes),
    }
}

fn net_sorted<R: Datum>(changes: &mut Vec<Change<R>>) {
    // Equal rows become one, so their order among each other does not matter.
    sort_by(changes, |a, b| a.row.compare(&b.row));
    merge_neighbours(changes, |change| change);
    changes.retain(|change| change.diff != 0);
    bring_first(changes, |change| change.diff < 0);
}

/// Like [`net`] with [`Order::Arrival`], and also adds up equal rows if there are only insertions. Of equal rows, the first
/// position counts.
pub(crate) fn net_in_arrival_order<R: Datum>(changes: &mut Vec<Change<R>>) {
    let mut numbered: Vec<(usize, Change<R>)> = changes.drain(..).enumerate().collect();
    // A stable sort, so that the first of equal rows stays first.
    sort_by(&mut numbered, |(_, a), (_, b)| a.row.compare(&b.row));
    merge_neighbours(&mut numbered, |(_, change)| change);
    numbered.retain(|(_, change)| change.diff != 0);
    sort_by(&mut numbered, |(a, this), (b, other)| (this.diff > 0, a).cmp(&(other.diff > 0, b)));
    changes.extend(numbered.into_iter().map(|(_, change)| change));
}

/// Adds up runs of equal rows into the first row of each run.
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

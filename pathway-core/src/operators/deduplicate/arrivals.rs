//! The rows of each key in the order of their arrival, where rows can go.

use super::{Key, arrive, emit_change};
use crate::data::{Change, Datum, Schema};
use crate::dataflow::StatefulOperator;
use crate::operators::reducers::Arrivals;
use crate::operators::state::keyed::Keyed;
use crate::plan::Order;

/// Which of a key's rows stands.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// The one that arrived first.
    First,
    /// The one that arrived last.
    Last,
}

/// Keeps the rows of each key, as rows can go and others then stand.
pub(super) struct InOrder<R, K> {
    key: Key<R, K>,
    /// In which order the rows of a commit arrive.
    order: Order,
    end: End,
    keys: Keyed<K, Rows<R>>,
    /// The open commit's changes, until it is sealed.
    waiting: Vec<Change<R>>,
}

/// The rows of a key.
struct Rows<R> {
    arrivals: Arrivals<R>,
    /// What stood at the end of the commit before.
    before: Option<R>,
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Rows { arrivals: Arrivals::default(), before: None }
    }
}

impl<R: Datum, K: Datum> InOrder<R, K> {
    pub(super) fn new(key: Key<R, K>, order: Order, end: End) -> Self {
        InOrder { key, order, end, keys: Keyed::new(), waiting: Vec::new() }
    }
}

impl<R: Schema, K: Datum> StatefulOperator<Change<R>, R> for InOrder<R, K> {
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        self.waiting.append(changes);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        let mut waiting = std::mem::take(&mut self.waiting);
        arrive(&mut waiting, self.order);
        for Change { row, diff } in waiting {
            let (slot, _) = self.keys.touch((self.key)(&row));
            // The whole row is the value: nothing else has to tell it from others.
            self.keys.value(slot).arrivals.update(0, row, diff);
        }
        let end = self.end;
        self.keys.seal(|_, Rows { arrivals, before }| {
            let now = match end {
                End::First => arrivals.first(),
                End::Last => arrivals.last(),
            };
            let before = std::mem::replace(before, now.map(R::clone_datum));
            emit_change(before, now, emit);
            !arrivals.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::operators::support::{Row, most_kept, stream};

    #[test]
    fn nothing_is_left_of_rows_that_have_gone() {
        for (order, end) in [(Order::Arrival, End::First), (Order::Arrival, End::Last), (Order::Sorted, End::Last)] {
            let key: Key<Row, i64> = Arc::new(|row: &Row| row.key);
            let mut operator = InOrder::new(key, order, end);
            let most = most_kept(stream(8, 10), |mut commit, _| {
                operator.apply(&mut commit);
                operator.seal(&mut |_| {});
                operator.keys.len()
            });
            assert_eq!(most, 7);
        }
    }
}

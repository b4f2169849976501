//! Brings what several workers have emitted into one order.

use crate::data::{Change, Schema, sort_by};
use crate::dataflow::{Item, StatePart, Stateful, StatefulOperator};

/// Sorts the changes of a commit by their positions, on the worker that gets those of all workers.
pub(crate) struct InOrder<P, O>(Vec<(P, Change<O>)>);

impl<P, O> InOrder<P, O> {
    pub(crate) fn new() -> Self {
        InOrder(Vec::new())
    }
}

/// It keeps nothing.
impl<P: 'static, O: 'static> Stateful for InOrder<P, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        Vec::new()
    }
}

impl<P: Item + Ord, O: Schema> StatefulOperator<(P, Change<O>), Change<O>> for InOrder<P, O> {
    fn apply(&mut self, items: &mut Vec<(P, Change<O>)>) {
        self.0.append(items);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let mut emitted = std::mem::take(&mut self.0);
        // Stable: changes with one position are from one worker, and in order.
        sort_by(&mut emitted, |(a, _), (b, _)| a.cmp(b));
        emitted.into_iter().for_each(|(_, change)| emit(change));
    }
}

//! What knows the types of the items that timely carries in packets: the code that is made for each operator.

use super::erased_batch::ErasedBatch;
use super::timely::{Give, Stateful};
use super::{BinaryStatefulOperator, Item, StatefulOperator, TOGETHER};
use crate::data::{Change, Schema};

/// A step over items as one over packets.
pub(super) fn step<D: Item, O: Item>(
    mut step: impl FnMut(&mut Vec<D>, &mut Vec<O>) + 'static,
) -> Box<dyn FnMut(ErasedBatch, Give<'_>)> {
    Box::new(move |packet, give| {
        let mut made = Vec::new();
        step(&mut packet.open(), &mut made);
        if !made.is_empty() {
            give(ErasedBatch::new(0, made));
        }
    })
}

/// Sorts items by the worker that they are for.
pub(super) fn route<D: Item>(
    route: impl Fn(&D) -> u64 + 'static,
    workers: usize,
) -> Box<dyn FnMut(ErasedBatch, Give<'_>)> {
    let workers = workers as u64;
    Box::new(move |packet, give| {
        let mut packets: Vec<Vec<D>> = (0..workers).map(|_| Vec::new()).collect();
        for item in packet.open() {
            packets[(route(&item) % workers) as usize].push(item);
        }
        for (to, items) in packets.into_iter().enumerate().filter(|(_, items)| !items.is_empty()) {
            give(ErasedBatch::new(to as u64, items));
        }
    })
}

/// An operator with one input.
pub(super) struct One<P, D, O> {
    operator: P,
    emitted: Vec<Change<O>>,
    items: std::marker::PhantomData<fn(D)>,
}

impl<P, D, O> One<P, D, O> {
    pub(super) fn new(operator: P) -> Box<Self> {
        Box::new(One { operator, emitted: Vec::new(), items: std::marker::PhantomData })
    }
}

impl<D: Item, O: Schema, P: StatefulOperator<D, O>> Stateful for One<P, D, O> {
    fn apply_left(&mut self, packet: ErasedBatch) {
        self.operator.apply(&mut packet.open());
    }

    fn apply_right(&mut self, _: ErasedBatch) {}

    fn seal(&mut self, give: Give<'_>) {
        let One { operator, emitted, .. } = self;
        operator.seal(&mut |change| emit(change, emitted, give));
        flush(emitted, give);
    }
}

/// An operator with two inputs.
pub(super) struct Two<P, L, R, O> {
    operator: P,
    emitted: Vec<Change<O>>,
    items: std::marker::PhantomData<fn(L, R)>,
}

impl<P, L, R, O> Two<P, L, R, O> {
    pub(super) fn new(operator: P) -> Box<Self> {
        Box::new(Two { operator, emitted: Vec::new(), items: std::marker::PhantomData })
    }
}

impl<L: Item, R: Item, O: Schema, P: BinaryStatefulOperator<L, R, O>> Stateful for Two<P, L, R, O> {
    fn apply_left(&mut self, packet: ErasedBatch) {
        self.operator.apply_left(&mut packet.open());
    }

    fn apply_right(&mut self, packet: ErasedBatch) {
        self.operator.apply_right(&mut packet.open());
    }

    fn seal(&mut self, give: Give<'_>) {
        let Two { operator, emitted, .. } = self;
        operator.seal(&mut |change| emit(change, emitted, give));
        flush(emitted, give);
    }
}

fn emit<O: Schema>(change: Change<O>, emitted: &mut Vec<Change<O>>, give: Give<'_>) {
    emitted.push(change);
    if emitted.len() == TOGETHER {
        flush(emitted, give);
    }
}

fn flush<O: Schema>(emitted: &mut Vec<Change<O>>, give: Give<'_>) {
    if !emitted.is_empty() {
        give(ErasedBatch::new(0, std::mem::take(emitted)));
    }
}

//! Operators over batches without a type: the part of the engines that is compiled for each operator. Both engines run the same.
//!
//! These are traits, and not functions in boxes: a closure in a box is compiled twice, once to be called by value.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use super::batch::{Batch, Decode, decode, items};
use super::stateful::EMIT_BATCH;
use super::{BinaryStatefulOperator, Item, StatefulOperator};
use crate::data::Commit;

/// Takes a batch that an operator has made, and leaves it empty.
pub(super) type Emit<'a> = &'a mut dyn FnMut(&mut dyn Batch);

/// A step: each call empties a batch, and emits what it makes of it.
pub(super) trait ErasedStep {
    fn run(&mut self, batch: &mut dyn Batch, emit: Emit<'_>);
}

/// An operator with state and one or two inputs.
pub(super) trait ErasedOperator {
    /// Takes a batch of the open commit from the first input.
    fn apply_left(&mut self, batch: &mut dyn Batch);

    /// The same for the second input, if there is one.
    fn apply_right(&mut self, batch: &mut dyn Batch);

    /// The commit is complete.
    fn seal(&mut self, emit: Emit<'_>);

    /// What decodes batches of the first input, and of the second one, that come from another process.
    fn decodes(&self) -> (Decode, Decode);
}

/// Says which items go to the same worker.
pub(super) trait ErasedRoute {
    /// Adds the number of each item.
    fn numbers(&self, batch: &mut dyn Batch, numbers: &mut Vec<u64>);
}

/// The end of a stream.
pub(super) trait ErasedWrite {
    fn write(&mut self, commit: Commit, batch: &mut dyn Batch);

    /// What decodes batches that come from another process.
    fn decodes(&self) -> Decode;
}

pub(super) fn step<D: Item, O: Item>(step: impl FnMut(&mut Vec<D>, &mut Vec<O>) + 'static) -> Box<dyn ErasedStep> {
    Box::new(Step { step, results: Vec::new(), items: PhantomData })
}

pub(super) fn unary<D: Item, O: Item>(operator: Rc<RefCell<impl StatefulOperator<D, O>>>) -> Box<dyn ErasedOperator> {
    Box::new(Unary { operator, emitted: Vec::new(), items: PhantomData })
}

pub(super) fn binary<L: Item, R: Item, O: Item>(
    operator: Rc<RefCell<impl BinaryStatefulOperator<L, R, O>>>,
) -> Box<dyn ErasedOperator> {
    Box::new(Binary { operator, emitted: Vec::new(), items: PhantomData })
}

pub(super) fn route<D: Item>(route: impl Fn(&D) -> u64 + 'static) -> Box<dyn ErasedRoute> {
    Box::new(Route { route, items: PhantomData })
}

pub(super) fn write<D: Item>(write: impl FnMut(Commit, &mut Vec<D>) + 'static) -> Box<dyn ErasedWrite> {
    Box::new(Write { write, items: PhantomData })
}

struct Step<F, D, O> {
    step: F,
    /// Empty between calls.
    results: Vec<O>,
    items: PhantomData<fn(D)>,
}

impl<D: Item, O: Item, F: FnMut(&mut Vec<D>, &mut Vec<O>)> ErasedStep for Step<F, D, O> {
    fn run(&mut self, batch: &mut dyn Batch, emit: Emit<'_>) {
        (self.step)(items(batch), &mut self.results);
        emit(&mut self.results);
    }
}

struct Unary<P, D, O> {
    operator: Rc<RefCell<P>>,
    /// Empty between calls.
    emitted: Vec<O>,
    items: PhantomData<fn(D)>,
}

impl<D: Item, O: Item, P: StatefulOperator<D, O>> ErasedOperator for Unary<P, D, O> {
    fn apply_left(&mut self, batch: &mut dyn Batch) {
        self.operator.borrow_mut().apply(items(batch));
    }

    fn apply_right(&mut self, _: &mut dyn Batch) {}

    fn seal(&mut self, emit: Emit<'_>) {
        let Unary { operator, emitted, .. } = self;
        operator.borrow_mut().seal(&mut |item| push(emitted, item, emit));
        emit(emitted);
    }

    fn decodes(&self) -> (Decode, Decode) {
        (decode::<D>, decode::<D>)
    }
}

struct Binary<P, L, R, O> {
    operator: Rc<RefCell<P>>,
    /// Empty between calls.
    emitted: Vec<O>,
    items: PhantomData<fn(L, R)>,
}

impl<L: Item, R: Item, O: Item, P: BinaryStatefulOperator<L, R, O>> ErasedOperator for Binary<P, L, R, O> {
    fn apply_left(&mut self, batch: &mut dyn Batch) {
        self.operator.borrow_mut().apply_left(items(batch));
    }

    fn apply_right(&mut self, batch: &mut dyn Batch) {
        self.operator.borrow_mut().apply_right(items(batch));
    }

    fn seal(&mut self, emit: Emit<'_>) {
        let Binary { operator, emitted, .. } = self;
        operator.borrow_mut().seal(&mut |item| push(emitted, item, emit));
        emit(emitted);
    }

    fn decodes(&self) -> (Decode, Decode) {
        (decode::<L>, decode::<R>)
    }
}

/// Adds an item to what is emitted next.
fn push<O: Item>(emitted: &mut Vec<O>, item: O, emit: Emit<'_>) {
    emitted.push(item);
    if emitted.len() == EMIT_BATCH {
        emit(emitted);
    }
}

struct Route<F, D> {
    route: F,
    items: PhantomData<fn(D)>,
}

impl<D: Item, F: Fn(&D) -> u64> ErasedRoute for Route<F, D> {
    fn numbers(&self, batch: &mut dyn Batch, numbers: &mut Vec<u64>) {
        for item in items(batch) {
            numbers.push((self.route)(item));
        }
    }
}

struct Write<F, D> {
    write: F,
    items: PhantomData<fn(D)>,
}

impl<D: Item, F: FnMut(Commit, &mut Vec<D>)> ErasedWrite for Write<F, D> {
    fn write(&mut self, commit: Commit, batch: &mut dyn Batch) {
        (self.write)(commit, items(batch));
    }

    fn decodes(&self) -> Decode {
        decode::<D>
    }
}

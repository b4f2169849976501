//! The code between typed operators and batches without a type: the part that is compiled for each operator.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use super::erased_batch::ErasedBatch;
use super::operators::{Emit, ErasedOperator};
use crate::data::Commit;
use crate::dataflow::stateful::EMIT_BATCH;
use crate::dataflow::{BinaryStatefulOperator, Item, StatefulOperator};
use crate::telemetry::{Counter, NodeTime};

/// A step over items, as one over batches.
pub(super) fn step<D: Item, O: Item>(
    mut step: impl FnMut(&mut Vec<D>, &mut Vec<O>) + 'static,
    time: NodeTime,
    items: Arc<Counter>,
) -> Box<dyn FnMut(ErasedBatch, Emit<'_>)> {
    Box::new(move |batch, emit| {
        let _turn = time.start();
        let mut results = Vec::new();
        step(&mut batch.into_items(), &mut results);
        items.add(results.len() as u64);
        if !results.is_empty() {
            emit(ErasedBatch::new(0, results));
        }
    })
}

/// A step that sorts items by the worker that they are for.
pub(super) fn route<D: Item>(
    route: impl Fn(&D) -> u64 + 'static,
    workers: usize,
    time: NodeTime,
) -> Box<dyn FnMut(ErasedBatch, Emit<'_>)> {
    let workers = workers as u64;
    Box::new(move |batch, emit| {
        let _turn = time.start();
        let mut batches: Vec<Vec<D>> = (0..workers).map(|_| Vec::new()).collect();
        let items = batch.into_items();
        // Room for the usual share of a worker and some more: a large batch that grows touches twice the memory.
        let share = items.len() / batches.len() * 9 / 8 + 1;
        for item in items {
            let items = &mut batches[(route(&item) % workers) as usize];
            if items.capacity() == 0 {
                items.reserve_exact(share);
            }
            items.push(item);
        }
        for (worker, items) in batches.into_iter().enumerate().filter(|(_, items)| !items.is_empty()) {
            emit(ErasedBatch::new(worker as u64, items));
        }
    })
}

/// A sink of items, as one of batches.
pub(super) fn write<D: Item>(
    mut write: Option<impl FnMut(Commit, &mut Vec<D>) + 'static>,
    time: NodeTime,
) -> Box<dyn FnMut(Commit, Vec<ErasedBatch>)> {
    Box::new(move |commit, batches| {
        if let Some(write) = &mut write {
            let _turn = time.start();
            let mut batches = batches.into_iter().map(ErasedBatch::into_items::<D>);
            let mut items = batches.next().unwrap_or_default();
            batches.for_each(|mut batch| items.append(&mut batch));
            write(commit, &mut items);
        }
    })
}

/// An operator with one input.
pub(super) struct Unary<P, D, O> {
    operator: Rc<RefCell<P>>,
    emitted: Emitted<O>,
    time: NodeTime,
    items: PhantomData<fn(D)>,
}

impl<P, D, O: Item> Unary<P, D, O> {
    pub(super) fn new(operator: Rc<RefCell<P>>, time: NodeTime, items: Arc<Counter>) -> Box<Self> {
        Box::new(Unary { operator, emitted: Emitted::new(items), time, items: PhantomData })
    }
}

impl<D: Item, O: Item, P: StatefulOperator<D, O>> ErasedOperator for Unary<P, D, O> {
    fn apply_left(&mut self, batch: ErasedBatch) {
        let _turn = self.time.start();
        self.operator.borrow_mut().apply(&mut batch.into_items());
    }

    fn apply_right(&mut self, _: ErasedBatch) {}

    fn seal(&mut self, emit: Emit<'_>) {
        let Unary { operator, emitted, time, .. } = self;
        let _turn = time.start();
        operator.borrow_mut().seal(&mut |item| emitted.push(item, emit));
        emitted.flush(emit);
    }
}

/// An operator with two inputs.
pub(super) struct Binary<P, L, R, O> {
    operator: Rc<RefCell<P>>,
    emitted: Emitted<O>,
    time: NodeTime,
    items: PhantomData<fn(L, R)>,
}

impl<P, L, R, O: Item> Binary<P, L, R, O> {
    pub(super) fn new(operator: Rc<RefCell<P>>, time: NodeTime, items: Arc<Counter>) -> Box<Self> {
        Box::new(Binary { operator, emitted: Emitted::new(items), time, items: PhantomData })
    }
}

impl<L: Item, R: Item, O: Item, P: BinaryStatefulOperator<L, R, O>> ErasedOperator for Binary<P, L, R, O> {
    fn apply_left(&mut self, batch: ErasedBatch) {
        let _turn = self.time.start();
        self.operator.borrow_mut().apply_left(&mut batch.into_items());
    }

    fn apply_right(&mut self, batch: ErasedBatch) {
        let _turn = self.time.start();
        self.operator.borrow_mut().apply_right(&mut batch.into_items());
    }

    fn seal(&mut self, emit: Emit<'_>) {
        let Binary { operator, emitted, time, .. } = self;
        let _turn = time.start();
        operator.borrow_mut().seal(&mut |item| emitted.push(item, emit));
        emitted.flush(emit);
    }
}

/// What an operator emits, on its way into batches.
struct Emitted<O> {
    batch: Vec<O>,
    /// How many items there were.
    items: Arc<Counter>,
}

impl<O: Item> Emitted<O> {
    fn new(items: Arc<Counter>) -> Self {
        Emitted { batch: Vec::new(), items }
    }

    fn push(&mut self, item: O, emit: Emit<'_>) {
        self.batch.push(item);
        if self.batch.len() == EMIT_BATCH {
            self.flush(emit);
        }
    }

    fn flush(&mut self, emit: Emit<'_>) {
        if !self.batch.is_empty() {
            self.items.add(self.batch.len() as u64);
            emit(ErasedBatch::new(0, std::mem::take(&mut self.batch)));
        }
    }
}

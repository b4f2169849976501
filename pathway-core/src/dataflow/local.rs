//! The engine for a single worker: each operator calls the operators that read it.
//!
//! Timely needs three rounds of scheduling and progress tracking for a commit of one row, which take 28 000 instructions.
//! With one worker, the input of an operator is complete as soon as all operators before it have emitted. Sealing the
//! operators in the order in which they were added is therefore all the progress tracking that is needed.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use super::stateful::EMIT_BATCH;
use super::stream::Input;
use super::{BinaryStatefulOperator, Changes, InputHandle, Item, Progress, StatefulOperator, Stream};
use crate::data::{Change, Commit, Schema};

/// The dataflow of a single worker.
#[derive(Default)]
pub(super) struct LocalEngine {
    /// The [`Output`] of each stream, by the stream's number.
    outputs: Vec<Box<dyn Any>>,
    seals: Seals,
}

/// The work of each operator when a commit is sealed, in the order in which the operators were added: what an operator
/// emits then reaches its readers before they are sealed.
#[derive(Default)]
struct Seals(Vec<Box<dyn FnMut(Commit)>>);

/// The readers of a stream. Clones share them.
struct Output<D> {
    readers: Rc<RefCell<Vec<Reader<D>>>>,
}

/// Takes items out of the vector; the caller drops what is left in it.
type Reader<D> = Box<dyn FnMut(&mut Vec<D>)>;

impl LocalEngine {
    pub(super) fn input<D: Item>(&mut self) -> (InputHandle<D>, Stream<D>) {
        let output = Output::new();
        let stream = self.add(&output);
        (InputHandle(Box::new(output)), stream)
    }

    pub(super) fn each<D: Item, O: Item>(
        &mut self,
        input: Stream<D>,
        mut step: impl FnMut(&mut Vec<D>, &mut Vec<O>) + 'static,
    ) -> Stream<O> {
        let output = Output::new();
        let stream = self.add(&output);
        let mut results = Vec::new();
        self.output(input).subscribe(move |items| {
            step(items, &mut results);
            output.send(&mut results);
        });
        stream
    }

    pub(super) fn concat<D: Item>(&mut self, first: Stream<D>, second: Stream<D>) -> Stream<D> {
        let output = Output::new();
        for input in [first, second] {
            let output = output.clone();
            self.output(input).subscribe(move |items| output.send(items));
        }
        self.add(&output)
    }

    pub(super) fn stateful<D: Item, O: Schema>(
        &mut self,
        input: Stream<D>,
        operator: impl StatefulOperator<D, O>,
    ) -> Changes<O> {
        let shared = Shared::new(operator);
        shared.subscribe(&self.output(input), |operator, items| operator.apply(items));
        self.seal(shared, |operator, emit| operator.seal(emit))
    }

    pub(super) fn stateful_binary<L: Item, R: Item, O: Schema>(
        &mut self,
        left: Stream<L>,
        right: Stream<R>,
        operator: impl BinaryStatefulOperator<L, R, O>,
    ) -> Changes<O> {
        let shared = Shared::new(operator);
        shared.subscribe(&self.output(left), |operator, items| operator.apply_left(items));
        shared.subscribe(&self.output(right), |operator, items| operator.apply_right(items));
        self.seal(shared, |operator, emit| operator.seal(emit))
    }

    /// Seals an operator with each commit: what it emits then is the returned stream.
    fn seal<P: 'static, O: Schema>(
        &mut self,
        operator: Shared<P>,
        mut seal: impl FnMut(&mut P, &mut dyn FnMut(Change<O>)) + 'static,
    ) -> Changes<O> {
        let output = Output::new();
        let stream = self.add(&output);
        let mut emitted = Vec::new();
        self.seals.0.push(Box::new(move |_| {
            let (operator, has_items) = &mut *operator.state.borrow_mut();
            if !std::mem::take(has_items) {
                return;
            }
            seal(operator, &mut |change| {
                emitted.push(change);
                if emitted.len() == EMIT_BATCH {
                    output.send(&mut emitted);
                }
            });
            output.send(&mut emitted);
        }));
        stream
    }

    pub(super) fn sink<D: Item>(&mut self, input: Stream<D>, mut write: impl FnMut(Commit, &mut Vec<D>) + 'static) {
        let pending = Rc::new(RefCell::new(Vec::new()));
        let received = Rc::clone(&pending);
        self.output(input).subscribe(move |items| {
            let mut pending = received.borrow_mut();
            if pending.is_empty() { std::mem::swap(&mut *pending, items) } else { pending.append(items) }
        });
        self.seals.0.push(Box::new(move |commit| {
            // Taken out, so that the memory of a large commit is freed.
            let mut items = std::mem::take(&mut *pending.borrow_mut());
            if !items.is_empty() {
                write(commit, &mut items);
            }
        }));
    }

    pub(super) fn finish(self) -> Box<dyn Progress> {
        Box::new(self.seals)
    }

    fn add<D: Item>(&mut self, output: &Output<D>) -> Stream<D> {
        self.outputs.push(Box::new(output.clone()));
        Stream::new(self.outputs.len() - 1)
    }

    fn output<D: Item>(&self, stream: Stream<D>) -> Output<D> {
        match self.outputs.get(stream.number).and_then(|output| output.downcast_ref::<Output<D>>()) {
            Some(output) => output.clone(),
            None => unreachable!("stream {} belongs to another dataflow", stream.number),
        }
    }
}

impl Progress for Seals {
    fn seal(&mut self, commit: Commit) {
        self.0.iter_mut().for_each(|seal| seal(commit));
    }

    fn is_complete_before(&self, _: Commit) -> bool {
        true
    }
}

impl<D: Item> Output<D> {
    fn new() -> Self {
        Output { readers: Rc::default() }
    }

    /// Calls the readers with these items, and leaves the vector empty.
    fn send(&self, items: &mut Vec<D>) {
        if items.is_empty() {
            return;
        }
        // The borrow lasts while the readers run. They come later in a graph without cycles, so no call returns here.
        let mut readers = self.readers.borrow_mut();
        if let Some((last, others)) = readers.split_last_mut() {
            others.iter_mut().for_each(|reader| reader(&mut items.clone()));
            last(items);
        }
        items.clear();
    }

    fn subscribe(&self, reader: impl FnMut(&mut Vec<D>) + 'static) {
        self.readers.borrow_mut().push(Box::new(reader));
    }
}

impl<D> Clone for Output<D> {
    fn clone(&self) -> Self {
        Output { readers: Rc::clone(&self.readers) }
    }
}

impl<D: Item> Input<D> for Output<D> {
    fn send(&mut self, items: &mut Vec<D>) {
        Output::send(self, items);
    }

    fn advance(&mut self, _: Commit) {}
}

/// An operator with state, shared by the readers of its inputs and by its seal.
struct Shared<P> {
    /// The operator, and whether the open commit has items for it.
    state: Rc<RefCell<(P, bool)>>,
}

impl<P: 'static> Shared<P> {
    fn new(operator: P) -> Self {
        Shared { state: Rc::new(RefCell::new((operator, false))) }
    }

    fn subscribe<D: Item>(&self, input: &Output<D>, mut apply: impl FnMut(&mut P, &mut Vec<D>) + 'static) {
        let state = Rc::clone(&self.state);
        input.subscribe(move |items| {
            let (operator, has_items) = &mut *state.borrow_mut();
            *has_items = true;
            apply(operator, items);
        });
    }
}

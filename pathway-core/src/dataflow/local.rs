//! The engine for a single worker: each operator calls the operators that read it.
//!
//! Timely needs three rounds of scheduling and progress tracking for a commit of one row, which take 28 000 instructions.
//! With one worker, the input of an operator is complete as soon as all operators before it have emitted. Sealing the
//! operators in the order in which they were added is therefore all the progress tracking that is needed.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use super::stateful::EMIT_BATCH;
use super::{ActiveInput, BinaryStatefulOperator, InputHandle, InputId, Item, Progress, StatefulOperator, Stream};
use crate::data::Commit;
use crate::telemetry::{Counter, NodeTime, Stopwatch};

/// The dataflow of a single worker.
#[derive(Default)]
pub(super) struct LocalEngine {
    /// By the stream's number.
    streams: Vec<LocalStream>,
    seals: Seals,
    active: ActiveInput,
    /// The time of the node whose operators are being added.
    time: NodeTime,
    stopwatch: Stopwatch,
}

struct LocalStream {
    /// Its [`Output`].
    output: Box<dyn Any>,
    /// Counts its items; shared with the output.
    items: Arc<Counter>,
    /// Whether the output sends its items one by one; shared with it.
    one_by_one: Rc<Cell<bool>>,
    /// The streams that it is made of at once, without waiting for the end of a commit.
    made_of: Vec<usize>,
}

/// The work of each operator when a commit is sealed, in the order in which the operators were added: what an operator
/// emits then reaches its readers before they are sealed.
#[derive(Default)]
struct Seals(Vec<Box<dyn FnMut(Commit)>>);

/// The readers of a stream. Clones share them.
pub(super) struct Output<D> {
    readers: Rc<RefCell<Vec<Reader<D>>>>,
    /// How many items were sent.
    items: Arc<Counter>,
    /// The readers meet again in a [`LocalEngine::concat`]. Items are sent one by one, so that they get there in the order in
    /// which they arrived, and not by reader.
    one_by_one: Rc<Cell<bool>>,
    stopwatch: Stopwatch,
}

/// Takes items out of the vector; the caller drops what is left in it.
type Reader<D> = Box<dyn FnMut(&mut Vec<D>)>;

impl LocalEngine {
    pub(super) fn new(stopwatch: Stopwatch) -> Self {
        LocalEngine { stopwatch, ..LocalEngine::default() }
    }

    /// The operators that follow are those of this node.
    pub(super) fn begin_node(&mut self, time: NodeTime) {
        self.time = time;
    }

    /// What counts the items of a stream.
    pub(super) fn items_of(&self, stream: usize) -> Arc<Counter> {
        Arc::clone(&self.streams[stream].items)
    }

    pub(super) fn input<D: Item>(&mut self) -> (InputHandle<D>, Stream<D>) {
        let output = Output::new(&self.stopwatch);
        let stream = self.add(&output, &[]);
        let id = InputId(stream.number as u64);
        (InputHandle { output, id, active: self.active.clone(), time: self.time.clone() }, stream)
    }

    pub(super) fn active_input(&self) -> ActiveInput {
        self.active.clone()
    }

    pub(super) fn as_input<D: Item>(&mut self, input: Stream<D>) -> (InputId, Stream<D>) {
        let output = Output::new(&self.stopwatch);
        let stream = self.add(&output, &[input.number]);
        let (id, active) = (InputId(stream.number as u64), self.active.clone());
        self.output(input).subscribe(move |items| {
            let before = active.set(id);
            output.send(items);
            active.set(before);
        });
        (id, stream)
    }

    pub(super) fn each<D: Item, O: Item>(
        &mut self,
        input: Stream<D>,
        mut step: impl FnMut(&mut Vec<D>, &mut Vec<O>) + 'static,
    ) -> Stream<O> {
        let output = Output::new(&self.stopwatch);
        let stream = self.add(&output, &[input.number]);
        let (mut results, time) = (Vec::new(), self.time.clone());
        self.output(input).subscribe(move |items| {
            let _turn = time.start();
            step(items, &mut results);
            output.send(&mut results);
        });
        stream
    }

    pub(super) fn concat<D: Item>(&mut self, first: Stream<D>, second: Stream<D>) -> Stream<D> {
        if let Some(shared) = self.last_shared(first.number, second.number) {
            self.streams[shared].one_by_one.set(true);
        }
        let output = Output::new(&self.stopwatch);
        for input in [first, second] {
            let output = output.clone();
            self.output(input).subscribe(move |items| output.send(items));
        }
        self.add(&output, &[first.number, second.number])
    }

    pub(super) fn stateful<D: Item, O: Item>(
        &mut self,
        input: Stream<D>,
        operator: Rc<RefCell<impl StatefulOperator<D, O>>>,
    ) -> Stream<O> {
        let shared = Shared::new(operator, self.time.clone());
        shared.subscribe(&self.output(input), |operator, items| operator.apply(items));
        self.seal(shared, |operator, emit| operator.seal(emit))
    }

    pub(super) fn stateful_binary<L: Item, R: Item, O: Item>(
        &mut self,
        left: Stream<L>,
        right: Stream<R>,
        operator: Rc<RefCell<impl BinaryStatefulOperator<L, R, O>>>,
    ) -> Stream<O> {
        let shared = Shared::new(operator, self.time.clone());
        shared.subscribe(&self.output(left), |operator, items| operator.apply_left(items));
        shared.subscribe(&self.output(right), |operator, items| operator.apply_right(items));
        self.seal(shared, |operator, emit| operator.seal(emit))
    }

    /// Seals an operator with each commit: what it emits then is the returned stream.
    fn seal<P: 'static, O: Item>(
        &mut self,
        operator: Shared<P>,
        mut seal: impl FnMut(&mut P, &mut dyn FnMut(O)) + 'static,
    ) -> Stream<O> {
        let output = Output::new(&self.stopwatch);
        let stream = self.add(&output, &[]);
        let mut emitted = Vec::new();
        self.seals.0.push(Box::new(move |_| {
            if !operator.has_items.take() {
                return;
            }
            let _turn = operator.time.start();
            seal(&mut operator.operator.borrow_mut(), &mut |item| {
                emitted.push(item);
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
        let (received, time) = (Rc::clone(&pending), self.time.clone());
        self.output(input).subscribe(move |items| {
            let mut pending = received.borrow_mut();
            if pending.is_empty() { std::mem::swap(&mut *pending, items) } else { pending.append(items) }
        });
        self.seals.0.push(Box::new(move |commit| {
            // Taken out, so that the memory of a large commit is freed.
            let mut items = std::mem::take(&mut *pending.borrow_mut());
            if !items.is_empty() {
                let _turn = time.start();
                write(commit, &mut items);
            }
        }));
    }

    pub(super) fn finish(self) -> Box<dyn Progress> {
        Box::new(self.seals)
    }

    /// Calls `reader` with the items of a stream. It empties the vector.
    pub(super) fn read<D: Item>(&mut self, input: Stream<D>, reader: impl FnMut(&mut Vec<D>) + 'static) {
        self.output(input).subscribe(reader);
    }

    fn add<D: Item>(&mut self, output: &Output<D>, made_of: &[usize]) -> Stream<D> {
        let (items, one_by_one) = (Arc::clone(&output.items), Rc::clone(&output.one_by_one));
        Stream::new(self.add_stream(Box::new(output.clone()), items, one_by_one, made_of))
    }

    /// The number of the stream.
    fn add_stream(
        &mut self,
        output: Box<dyn Any>,
        items: Arc<Counter>,
        one_by_one: Rc<Cell<bool>>,
        made_of: &[usize],
    ) -> usize {
        self.streams.push(LocalStream { output, items, one_by_one, made_of: made_of.to_vec() });
        self.streams.len() - 1
    }

    /// The last stream that both streams are made of, if there is one.
    fn last_shared(&self, first: usize, second: usize) -> Option<usize> {
        let (first, second) = (self.origins(first), self.origins(second));
        first.intersection(&second).max().copied()
    }

    /// The streams that a stream is made of, and itself.
    fn origins(&self, stream: usize) -> BTreeSet<usize> {
        let (mut origins, mut open) = (BTreeSet::new(), vec![stream]);
        while let Some(stream) = open.pop() {
            if origins.insert(stream) {
                open.extend(&self.streams[stream].made_of);
            }
        }
        origins
    }

    fn output<D: Item>(&self, stream: Stream<D>) -> Output<D> {
        match self.streams.get(stream.number).and_then(|stream| stream.output.downcast_ref::<Output<D>>()) {
            Some(output) => output.clone(),
            None => unreachable!("stream {} belongs to another dataflow", stream.number),
        }
    }
}

impl Progress for Seals {
    fn start_at(&mut self, _: Commit) {}

    fn seal(&mut self, commit: Commit) {
        self.0.iter_mut().for_each(|seal| seal(commit));
    }

    fn is_complete_before(&self, _: Commit) -> bool {
        true
    }
}

impl<D: Item> Output<D> {
    fn new(stopwatch: &Stopwatch) -> Self {
        Output {
            readers: Rc::default(),
            items: Arc::default(),
            one_by_one: Rc::default(),
            stopwatch: stopwatch.clone(),
        }
    }

    /// Calls the readers with these items, and leaves the vector empty.
    pub(super) fn send(&self, items: &mut Vec<D>) {
        if items.is_empty() {
            return;
        }
        self.items.add(items.len() as u64);
        // The borrow lasts while the readers run. They come later in a graph without cycles, so no call returns here.
        let mut readers = self.readers.borrow_mut();
        if self.one_by_one.get() && items.len() > 1 {
            let mut sample = self.stopwatch.sample(items.len());
            for item in items.drain(..) {
                sample.next();
                readers.iter_mut().for_each(|reader| reader(&mut vec![item.clone()]));
            }
            return;
        }
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
        Output {
            readers: Rc::clone(&self.readers),
            items: Arc::clone(&self.items),
            one_by_one: Rc::clone(&self.one_by_one),
            stopwatch: self.stopwatch.clone(),
        }
    }
}

/// An operator with state, shared by the readers of its inputs and by its seal.
struct Shared<P> {
    operator: Rc<RefCell<P>>,
    /// Whether the open commit has items for it.
    has_items: Rc<Cell<bool>>,
    time: NodeTime,
}

impl<P: 'static> Shared<P> {
    fn new(operator: Rc<RefCell<P>>, time: NodeTime) -> Self {
        Shared { operator, has_items: Rc::default(), time }
    }

    fn subscribe<D: Item>(&self, input: &Output<D>, mut apply: impl FnMut(&mut P, &mut Vec<D>) + 'static) {
        let (operator, has_items) = (Rc::clone(&self.operator), Rc::clone(&self.has_items));
        let time = self.time.clone();
        input.subscribe(move |items| {
            let _turn = time.start();
            has_items.set(true);
            apply(&mut operator.borrow_mut(), items);
        });
    }
}

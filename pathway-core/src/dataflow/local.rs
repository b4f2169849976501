//! The engine for a single worker: each operator calls the operators that read it.
//!
//! Timely needs three rounds of scheduling and progress tracking for a commit of one row, which take 28 000 instructions.
//! With one worker, the input of an operator is complete as soon as all operators before it have emitted. Sealing the
//! operators in the order in which they were added is therefore all the progress tracking that is needed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use super::batch::Batch;
use super::erased::{ErasedOperator, ErasedStep, ErasedWrite};
use super::{ActiveInput, InputId, Progress};
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
    output: Output,
    /// The streams that it is made of at once, without waiting for the end of a commit.
    made_of: Vec<usize>,
}

/// The work of each operator when a commit is sealed, in the order in which the operators were added: what an operator
/// emits then reaches its readers before they are sealed.
#[derive(Default)]
struct Seals(Vec<Box<dyn FnMut(Commit)>>);

/// The readers of a stream. Clones share them.
#[derive(Clone)]
struct Output {
    readers: Rc<RefCell<Vec<Reader>>>,
    /// How many items were sent.
    items: Arc<Counter>,
    /// The readers meet again in a [`LocalEngine::concat`]. Items are sent one by one, so that they get there in the order in
    /// which they arrived, and not by reader.
    one_by_one: Rc<Cell<bool>>,
    stopwatch: Stopwatch,
}

/// Takes items out of a batch; the caller drops what is left in it.
type Reader = Box<dyn FnMut(&mut dyn Batch)>;

/// Where a source puts its items.
pub(super) struct Input {
    output: Output,
    pub(super) id: InputId,
    active: ActiveInput,
    pub(super) time: NodeTime,
}

impl Input {
    /// Puts items into the open commit, and leaves the batch empty.
    pub(super) fn send(&mut self, items: &mut dyn Batch) {
        self.active.set(self.id);
        self.output.send(items);
    }
}

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
        Arc::clone(&self.streams[stream].output.items)
    }

    pub(super) fn input(&mut self) -> (Input, usize) {
        let output = Output::new(&self.stopwatch);
        let stream = self.add(&output, &[]);
        let id = InputId(stream as u64);
        (Input { output, id, active: self.active.clone(), time: self.time.clone() }, stream)
    }

    pub(super) fn active_input(&self) -> ActiveInput {
        self.active.clone()
    }

    pub(super) fn as_input(&mut self, input: usize) -> (InputId, usize) {
        let output = Output::new(&self.stopwatch);
        let stream = self.add(&output, &[input]);
        let (id, active) = (InputId(stream as u64), self.active.clone());
        self.read(input, move |items| {
            let before = active.set(id);
            output.send(items);
            active.set(before);
        });
        (id, stream)
    }

    pub(super) fn each(&mut self, input: usize, mut step: Box<dyn ErasedStep>) -> usize {
        let output = Output::new(&self.stopwatch);
        let stream = self.add(&output, &[input]);
        let time = self.time.clone();
        self.read(input, move |items| {
            let _turn = time.start();
            step.run(items, &mut |results| output.send(results));
        });
        stream
    }

    pub(super) fn concat(&mut self, first: usize, second: usize) -> usize {
        if let Some(shared) = self.last_shared(first, second) {
            self.streams[shared].output.one_by_one.set(true);
        }
        let output = Output::new(&self.stopwatch);
        for input in [first, second] {
            let output = output.clone();
            self.read(input, move |items| output.send(items));
        }
        self.add(&output, &[first, second])
    }

    pub(super) fn stateful(&mut self, input: usize, operator: Box<dyn ErasedOperator>) -> usize {
        let shared = Shared::new(operator, self.time.clone());
        self.read(input, shared.reader(|operator, items| operator.apply_left(items)));
        self.seal(shared)
    }

    pub(super) fn stateful_binary(&mut self, left: usize, right: usize, operator: Box<dyn ErasedOperator>) -> usize {
        let shared = Shared::new(operator, self.time.clone());
        self.read(left, shared.reader(|operator, items| operator.apply_left(items)));
        self.read(right, shared.reader(|operator, items| operator.apply_right(items)));
        self.seal(shared)
    }

    /// Seals an operator with each commit: what it emits then is the returned stream.
    fn seal(&mut self, shared: Shared) -> usize {
        let output = Output::new(&self.stopwatch);
        let stream = self.add(&output, &[]);
        self.seals.0.push(Box::new(move |_| {
            if shared.has_items.take() {
                let _turn = shared.time.start();
                shared.operator.borrow_mut().seal(&mut |emitted| output.send(emitted));
            }
        }));
        stream
    }

    pub(super) fn sink(&mut self, input: usize, mut write: Box<dyn ErasedWrite>) {
        let pending = Rc::new(RefCell::new(None::<Box<dyn Batch>>));
        let (received, time) = (Rc::clone(&pending), self.time.clone());
        self.read(input, move |items| match &mut *received.borrow_mut() {
            Some(pending) => pending.append(items),
            pending => *pending = Some(items.take()),
        });
        self.seals.0.push(Box::new(move |commit| {
            // Taken out, so that the memory of a large commit is freed.
            let items = pending.borrow_mut().take();
            if let Some(mut items) = items {
                let _turn = time.start();
                write.write(commit, &mut *items);
            }
        }));
    }

    pub(super) fn finish(self) -> Box<dyn Progress> {
        Box::new(self.seals)
    }

    /// Calls `reader` with the items of a stream. It empties the batch.
    ///
    /// # Panics
    /// If the stream belongs to another dataflow.
    pub(super) fn read(&mut self, input: usize, reader: impl FnMut(&mut dyn Batch) + 'static) {
        match self.streams.get(input) {
            Some(stream) => stream.output.readers.borrow_mut().push(Box::new(reader)),
            None => unreachable!("stream {input} belongs to another dataflow"),
        }
    }

    /// The number of the stream.
    fn add(&mut self, output: &Output, made_of: &[usize]) -> usize {
        self.streams.push(LocalStream { output: output.clone(), made_of: made_of.to_vec() });
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

impl Output {
    fn new(stopwatch: &Stopwatch) -> Self {
        Output {
            readers: Rc::default(),
            items: Arc::default(),
            one_by_one: Rc::default(),
            stopwatch: stopwatch.clone(),
        }
    }

    /// Calls the readers with these items, and leaves the batch empty.
    fn send(&self, items: &mut dyn Batch) {
        let len = items.len();
        if len == 0 {
            return;
        }
        self.items.add(len as u64);
        // The borrow lasts while the readers run. They come later in a graph without cycles, so no call returns here.
        let mut readers = self.readers.borrow_mut();
        let Some((last, others)) = readers.split_last_mut() else {
            items.clear();
            return;
        };
        let mut send = |items: &mut dyn Batch| {
            others.iter_mut().for_each(|reader| reader(&mut *items.clone_batch()));
            last(items);
        };
        if self.one_by_one.get() && len > 1 {
            let mut sample = self.stopwatch.sample(len);
            items.split(&mut |item| {
                sample.next();
                send(item);
            });
            return;
        }
        send(items);
        items.clear();
    }
}

/// An operator with state, shared by the readers of its inputs and by its seal.
#[derive(Clone)]
struct Shared {
    operator: Rc<RefCell<Box<dyn ErasedOperator>>>,
    /// Whether the open commit has items for it.
    has_items: Rc<Cell<bool>>,
    time: NodeTime,
}

impl Shared {
    fn new(operator: Box<dyn ErasedOperator>, time: NodeTime) -> Self {
        Shared { operator: Rc::new(RefCell::new(operator)), has_items: Rc::default(), time }
    }

    fn reader(&self, apply: fn(&mut dyn ErasedOperator, &mut dyn Batch)) -> impl FnMut(&mut dyn Batch) + 'static {
        let shared = self.clone();
        move |items| {
            let _turn = shared.time.start();
            shared.has_items.set(true);
            apply(&mut **shared.operator.borrow_mut(), items);
        }
    }
}

//! Handles on the streams of a dataflow, and on its inputs.

use std::any::TypeId;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use super::local::Input;
use crate::data::Change;
use crate::telemetry::NodeTime;

/// An item of a stream: it can cross threads and processes.
pub trait Item: Clone + ::timely::ExchangeData {}

impl<D: Clone + ::timely::ExchangeData> Item for D {}

/// A stream of items on one worker, from an operator to those that read it.
///
/// It is a number by which the engine finds the stream, and cheap to copy.
pub struct Stream<D> {
    pub(super) number: usize,
    items: PhantomData<fn() -> D>,
}

/// The changes of a table.
pub type Changes<R> = Stream<Change<R>>;

impl<D> Stream<D> {
    pub(super) fn new(number: usize) -> Self {
        Stream { number, items: PhantomData }
    }
}

impl<D> Clone for Stream<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Stream<D> {}

impl<D: 'static> Stream<D> {
    /// The same stream, without the type of its items.
    pub fn erase(self) -> ErasedStream {
        ErasedStream { number: self.number, items: TypeId::of::<D>() }
    }
}

/// A stream whose items are of a type that is not known at compile time.
#[derive(Clone, Copy, Debug)]
pub struct ErasedStream {
    pub(super) number: usize,
    items: TypeId,
}

impl ErasedStream {
    /// The stream with its type, if its items are of that type.
    pub fn typed<D: 'static>(self) -> Option<Stream<D>> {
        (self.items == TypeId::of::<D>()).then(|| Stream::new(self.number))
    }
}

/// An input of the dataflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct InputId(pub u64);

/// The input whose items are on their way. The steps that need no other rows run while it sends, and can so tell where an item
/// is from.
#[derive(Clone, Debug, Default)]
pub struct ActiveInput(Rc<Cell<u64>>);

impl ActiveInput {
    /// The input that is sending, or was the last one to send.
    pub fn get(&self) -> InputId {
        InputId(self.0.get())
    }

    /// Makes an input the one that sends. Returns the one that was.
    pub(super) fn set(&self, input: InputId) -> InputId {
        InputId(self.0.replace(input.0))
    }
}

/// Where a source puts its items.
pub struct InputHandle<D> {
    input: Input,
    items: PhantomData<fn(D)>,
}

impl<D: Item> InputHandle<D> {
    pub(super) fn new(input: Input) -> Self {
        InputHandle { input, items: PhantomData }
    }

    /// The time of the source, for what it does with items before it sends them.
    pub fn time(&self) -> NodeTime {
        self.input.time.clone()
    }

    /// Puts items into the open commit, and leaves the vector empty. The steps that need no other rows run at once.
    pub fn send(&mut self, items: &mut Vec<D>) {
        self.input.send(items);
    }

    /// Which input it is.
    pub fn id(&self) -> InputId {
        self.input.id
    }
}

impl<D> fmt::Debug for Stream<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("number", &self.number).finish_non_exhaustive()
    }
}

impl<D> fmt::Debug for InputHandle<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputHandle").finish_non_exhaustive()
    }
}

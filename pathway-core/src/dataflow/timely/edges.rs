//! Where items leave the local engine of the first worker for timely.

use std::cell::RefCell;
use std::rc::Rc;

use super::erased_batch::ErasedBatch;
use super::operators::Handle;
use crate::data::Commit;
use crate::dataflow::local::LocalEngine;

/// The inputs of timely that the local engine feeds.
pub(super) struct Edges {
    is_first_worker: bool,
    inputs: Vec<Rc<RefCell<Handle>>>,
}

impl Edges {
    pub(super) fn new(is_first_worker: bool) -> Self {
        Edges { is_first_worker, inputs: Vec::new() }
    }

    /// Sends the items of a local stream into timely. On the other workers there are none, and the input ends.
    pub(super) fn connect(&mut self, arrivals: &mut LocalEngine, stream: usize, input: Handle) {
        if !self.is_first_worker {
            return;
        }
        let input = Rc::new(RefCell::new(input));
        self.inputs.push(Rc::clone(&input));
        arrivals.read(stream, move |batch| {
            input.borrow_mut().send(ErasedBatch::new(0, batch.take()));
        });
    }

    /// Ends the open commit: later items belong to `next`.
    pub(super) fn advance(&mut self, next: Commit) {
        self.inputs.iter().for_each(|input| input.borrow_mut().advance_to(next));
    }
}

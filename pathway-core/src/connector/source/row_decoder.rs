//! What makes changes of messages.

use super::MessageBatch;
use crate::data::{Change, DecodeError, Message};
use crate::dataflow::{StatePart, Stateful};
use crate::format::DecodedRows;

/// Makes changes of messages. It may keep state, for example the rows of a bucket by key.
pub(crate) trait RowDecoder<R>: 'static {
    /// Adds the changes that a message causes.
    ///
    /// # Errors
    /// The message cannot be decoded. It causes no change.
    fn decode(&mut self, message: &Message<'_>, rows: &mut DecodedRows<R>) -> Result<(), DecodeError>;

    /// Whether it keeps the last message of each key, so that what the source has at the start, its snapshot, is complete.
    fn has_snapshot(&self) -> bool {
        false
    }

    /// Whether it has the snapshot as a whole, or keeps none.
    fn is_snapshot_complete(&self) -> bool {
        true
    }

    /// The snapshot of the source was decoded: appends changes that were held back until now. Returns false if it was complete
    /// before, in an earlier run.
    fn end_snapshot(&mut self, _changes: &mut Vec<Change<R>>) -> bool {
        false
    }

    /// The source is about to read its snapshot. Returns whether there are keys of an earlier run, so that it is compared with them.
    fn compare_snapshot(&mut self) -> bool {
        false
    }

    /// Whether a message of a snapshot that is compared says nothing new.
    fn is_known(&mut self, _message: &Message<'_>) -> bool {
        false
    }

    /// The snapshot was compared: adds a deletion for each key that it does not have, and returns how many these are.
    fn add_deletions(&mut self, _batch: &mut MessageBatch) -> usize {
        0
    }

    /// A message was rejected. It causes no change.
    fn reject(&mut self, _message: &Message<'_>) {}

    /// The commit is sealed.
    fn seal(&mut self) {}

    /// All parts of its state were loaded: makes anew what follows from them.
    fn loaded(&mut self) {}

    /// What it keeps from one commit to the next.
    fn states(&mut self) -> Vec<StatePart<'_>> {
        Vec::new()
    }
}

/// A decoder, kept where checkpoints find its state.
pub(super) struct BoxedDecoder<R>(pub(super) Box<dyn RowDecoder<R>>);

impl<R: 'static> Stateful for BoxedDecoder<R> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        self.0.states()
    }

    fn loaded(&mut self) {
        self.0.loaded();
    }
}

/// Copies the state of a decoder into a new one, as a checkpoint and a restart would.
#[cfg(test)]
pub(crate) fn copy_decoder<R: 'static>(
    from: Box<dyn RowDecoder<R>>,
    into: Box<dyn RowDecoder<R>>,
) -> Box<dyn RowDecoder<R>> {
    let (mut from, mut into) = (BoxedDecoder(from), BoxedDecoder(into));
    crate::dataflow::copy_state(&mut from, &mut into);
    into.0
}

impl<R, F> RowDecoder<R> for F
where
    F: Fn(&Message<'_>, &mut DecodedRows<R>) -> Result<(), DecodeError> + 'static,
{
    fn decode(&mut self, message: &Message<'_>, rows: &mut DecodedRows<R>) -> Result<(), DecodeError> {
        self(message, rows)
    }
}

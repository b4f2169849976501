//! What makes changes of messages.

use crate::data::{Change, DecodeError, Message, Schema};
use crate::dataflow::{StatePart, Stateful};
use crate::format::DecodedRows;

/// Makes changes of messages. It may keep state, for example the rows of a bucket by key.
pub(crate) trait RowDecoder<R>: 'static {
    /// Adds the changes that a message causes.
    ///
    /// # Errors
    /// The message cannot be decoded. It causes no change.
    fn decode(&mut self, message: &Message<'_>, rows: &mut DecodedRows<R>) -> Result<(), DecodeError>;

    /// The initial snapshot of the source was decoded: appends changes that were held back until now. It may be called again.
    fn end_snapshot(&mut self, _changes: &mut Vec<Change<R>>) {}

    /// Whether changes are held back until the initial snapshot was decoded.
    fn awaits_snapshot(&self) -> bool {
        false
    }

    /// The commit is sealed.
    fn seal(&mut self) {}

    /// What it keeps from one commit to the next.
    fn states(&mut self) -> Vec<StatePart<'_>> {
        Vec::new()
    }
}

/// A decoder, kept where checkpoints find its state.
pub(super) struct BoxedDecoder<R>(pub(super) Box<dyn RowDecoder<R>>);

impl<R: Schema> Stateful for BoxedDecoder<R> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        self.0.states()
    }
}

impl<R, F> RowDecoder<R> for F
where
    F: Fn(&Message<'_>, &mut DecodedRows<R>) -> Result<(), DecodeError> + 'static,
{
    fn decode(&mut self, message: &Message<'_>, rows: &mut DecodedRows<R>) -> Result<(), DecodeError> {
        self(message, rows)
    }
}

//! What a message is decoded into: rows, and parts that are no rows.

use std::fmt;
use std::ops::Range;

use crate::data::{Change, DecodeError, Message};

/// The rows of a message that may hold several, and its parts that could not be decoded; see
/// [`Decode::decode_rows`](super::Decode::decode_rows).
///
/// ```
/// use pathway::format::{self, Decode, DecodedRows, Message};
/// use pathway::prelude::*;
///
/// #[derive(Schema, Debug, PartialEq)]
/// struct Order { id: i64 }
///
/// let mut rows = DecodedRows::default();
/// let message = Message::new("orders", b"[{\"id\": 1}, {\"id\": null}]");
/// format::json_lines::<Order>().decode_rows(&message, &mut rows)?;
/// assert_eq!(rows.changes(), [Change::insert(Order { id: 1 })]);
/// assert_eq!(rows.rejected().next().and_then(|error| error.row), Some(1));
/// # Ok::<(), pathway::format::DecodeError>(())
/// ```
pub struct DecodedRows<R> {
    pub(crate) changes: Vec<Change<R>>,
    /// How many rows were added, or messages, for decoders of one row a message.
    pub(crate) rows: u64,
    pub(crate) rejected: Vec<RejectedPart>,
}

/// A part of a message that could not be decoded.
#[derive(Debug)]
pub(crate) struct RejectedPart {
    pub(crate) error: DecodeError,
    /// Where the part is in the payload.
    range: Range<usize>,
}

impl<R> DecodedRows<R> {
    /// Inserts a row.
    pub fn insert(&mut self, row: R) {
        self.change(Change::insert(row));
    }

    /// Inserts or removes a row.
    pub fn change(&mut self, change: Change<R>) {
        self.changes.push(change);
        self.rows += 1;
    }

    /// What was inserted and removed so far.
    pub fn changes(&self) -> &[Change<R>] {
        &self.changes
    }

    /// Why parts of the message were rejected so far.
    pub fn rejected(&self) -> impl Iterator<Item = &DecodeError> {
        self.rejected.iter().map(|part| &part.error)
    }

    /// A part of the message is not a row: it is counted and reported like a message that cannot be decoded, and nothing else is
    /// lost with it.
    ///
    /// `range` is where the part is in the payload: a dead letter has these bytes. The offset of the error counts from the
    /// start of the payload.
    pub fn reject(&mut self, error: DecodeError, range: Range<usize>) {
        self.rejected.push(RejectedPart { error, range });
    }
}

impl RejectedPart {
    /// The part as a message of its own, as it is sent to a dead-letter subject, and why it was rejected, with the offset in that
    /// message.
    pub(crate) fn as_message<'a>(&self, whole: &Message<'a>) -> (Message<'a>, DecodeError) {
        let Range { start, end } = self.range;
        let Some(payload) = whole.payload.get(start..end) else { return (*whole, self.error.clone()) };
        let mut error = self.error.clone();
        error.offset = error.offset.map(|offset| offset.saturating_sub(start));
        if let Some(index) = error.row.take() {
            error.reason = format!("row {index} of the message, counted from 0: {}", error.reason);
        }
        (Message { payload, ..*whole }, error)
    }
}

impl<R> Default for DecodedRows<R> {
    fn default() -> Self {
        DecodedRows { changes: Vec::new(), rows: 0, rejected: Vec::new() }
    }
}

impl<R> fmt::Debug for DecodedRows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodedRows")
            .field("rows", &self.rows)
            .field("rejected", &self.rejected)
            .finish_non_exhaustive()
    }
}

//! Checks a stream of changes: a row that is removed must be there.

use std::sync::Arc;

use super::RowDecoder;
use super::row_copies::RowCopies;
use crate::data::{DecodeError, Message};
use crate::dataflow::{StatePart, Stateful};
use crate::format::{Decode, DecodedRows};

/// Decodes changes, and rejects removals of rows that are not there. Without it, a reader that starts in the middle of a stream
/// would count rows below zero: their groups would be missing for good.
pub(super) struct ChangeChecker<D: Decode> {
    decoder: Arc<D>,
    copies: RowCopies<D::Row>,
}

impl<D: Decode> ChangeChecker<D> {
    pub(super) fn new(decoder: Arc<D>) -> Self {
        ChangeChecker { decoder, copies: RowCopies::default() }
    }
}

impl<D: Decode> RowDecoder<D::Row> for ChangeChecker<D> {
    fn decode(&mut self, message: &Message<'_>, rows: &mut DecodedRows<D::Row>) -> Result<(), DecodeError> {
        let first = rows.changes.len();
        self.decoder.decode_rows(message, rows)?;
        let mut invalid = 0;
        let decoded: Vec<_> = rows.changes.drain(first..).collect();
        for change in decoded {
            match self.copies.count(&change) {
                true => rows.changes.push(change),
                false => invalid += 1,
            }
        }
        rows.rows -= invalid;
        if invalid > 0 && rows.changes.len() == first && rows.rejected.is_empty() {
            return Err(not_there());
        }
        (0..invalid).for_each(|_| rows.reject(not_there(), 0..message.payload.len()));
        Ok(())
    }

    fn seal(&mut self) {
        self.copies.seal();
    }

    fn loaded(&mut self) {
        self.copies.loaded();
    }

    fn states(&mut self) -> Vec<StatePart<'_>> {
        self.copies.states()
    }
}

fn not_there() -> DecodeError {
    DecodeError::message(
        "it removes a row that is not there: read the changes from their beginning, and each of them once, or give the row \
         a primary key",
    )
}

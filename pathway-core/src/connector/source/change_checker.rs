//! Checks a stream of changes: a row that is removed must be there.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::quality::RandomState;

use super::RowDecoder;
use crate::data::{Change, DatumRef, DecodeError, Message};
use crate::format::{Decode, DecodedRows};

/// Decodes changes, and rejects removals of rows that are not there. Without it, a reader that starts in the middle of a stream
/// would count rows below zero: their groups would be missing for good.
///
/// It keeps a digest of each row, and the number of its copies: about 40 bytes a row.
pub(super) struct ChangeChecker<D> {
    decoder: Arc<D>,
    copies: HashMap<u128, u64, foldhash::fast::RandomState>,
    /// Two independent hashes are the digest: with a billion rows, two of them share one with a probability of 2⁻⁶⁸.
    hashers: [RandomState; 2],
}

impl<D: Decode> ChangeChecker<D> {
    pub(super) fn new(decoder: Arc<D>) -> Self {
        ChangeChecker { decoder, copies: HashMap::default(), hashers: Default::default() }
    }

    /// Counts a change, unless it removes a row that is not there.
    fn is_valid(&mut self, Change { row, diff }: &Change<D::Row>) -> bool {
        let [high, low] = self.hashers.each_ref().map(|hasher| hasher.hash_one(DatumRef(row)));
        let digest = u128::from(high) << 64 | u128::from(low);
        let copies = self.copies.get(&digest).copied().unwrap_or(0);
        match copies.checked_add_signed(*diff) {
            None => return false,
            Some(0) => drop(self.copies.remove(&digest)),
            Some(copies) => drop(self.copies.insert(digest, copies)),
        }
        true
    }
}

impl<D: Decode> RowDecoder<D::Row> for ChangeChecker<D> {
    fn decode(&mut self, message: &Message<'_>, rows: &mut DecodedRows<D::Row>) -> Result<(), DecodeError> {
        let first = rows.changes.len();
        self.decoder.decode_rows(message, rows)?;
        let mut invalid = 0;
        let decoded: Vec<_> = rows.changes.drain(first..).collect();
        for change in decoded {
            match self.is_valid(&change) {
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
}

fn not_there() -> DecodeError {
    DecodeError::message(
        "it removes a row that is not there: read the changes from their beginning, and each of them once, or give the row \
         a primary key",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Plaintext;

    #[test]
    fn copies_are_counted_and_leave_nothing_behind() {
        let decoder = |_: &Message<'_>| -> Result<Plaintext, DecodeError> { Err(DecodeError::message("unused")) };
        let mut checker = ChangeChecker::new(Arc::new(decoder));
        let row = |text: &str| Plaintext { data: text.to_owned() };
        let mut valid = |text, diff| checker.is_valid(&Change { row: row(text), diff });
        assert!(!valid("a", -1), "never there");
        assert!(valid("a", 1) && valid("a", 1) && valid("b", 1));
        assert!(valid("a", -1) && valid("a", -1) && !valid("a", -1), "two copies");
        assert!(valid("b", -1) && !valid("b", -1));
        assert!(checker.copies.is_empty());
    }
}

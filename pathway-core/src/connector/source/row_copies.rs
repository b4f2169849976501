//! How many copies of each row there are.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use crate::data::{Change, Datum, DatumRef};

/// The number of copies of each row of a table, to notice removals of rows that are not there.
///
/// It keeps a digest of each row, and the number of its copies: about 40 bytes a row.
#[derive(Default)]
pub(super) struct RowCopies {
    copies: HashMap<u128, u64, foldhash::fast::RandomState>,
    /// Two independent hashes are the digest: with a billion rows, two of them share one with a probability of 2⁻⁶⁸.
    hashers: [RandomState; 2],
}

impl RowCopies {
    /// Counts a change, unless it removes a row that is not there: then it returns false.
    pub(super) fn count<R: Datum>(&mut self, Change { row, diff }: &Change<R>) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Plaintext;

    #[test]
    fn copies_are_counted_and_leave_nothing_behind() {
        let mut copies = RowCopies::default();
        let mut count = |text: &str, diff| copies.count(&Change { row: Plaintext { data: text.to_owned() }, diff });
        assert!(!count("a", -1), "never there");
        assert!(count("a", 1) && count("a", 1) && count("b", 1));
        assert!(count("a", -1) && count("a", -1) && !count("a", -1), "two copies");
        assert!(count("b", -1) && !count("b", -1));
        assert!(copies.copies.is_empty());
    }
}

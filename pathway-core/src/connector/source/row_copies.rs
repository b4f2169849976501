//! How many copies of each row there are.

use foldhash::quality::FixedState;

use crate::data::{Change, RowIdentity, Schema};
use crate::dataflow::{StatePart, Stateful};
use crate::operators::{KeyedState, Whole, WholeState};

/// The number of copies of each row of a table, to notice removals of rows that are not there.
///
/// It keeps a digest of each row, and the number of its copies: about 50 bytes a row.
pub(super) struct RowCopies<R> {
    copies: KeyedState<(i64, i64), i64>,
    seeds: WholeState<Seeds>,
    identities: [RowIdentity<R, FixedState>; 2],
}

/// Two independent hashes are the digest of a row: with a billion rows, two of them share one with a probability of 2⁻⁶⁸. Their
/// seeds are random, so that nobody can make such rows, and saved with the digests.
struct Seeds([u64; 2]);

impl<R: Schema> Default for RowCopies<R> {
    fn default() -> Self {
        let seeds = WholeState::new(Seeds([fastrand::u64(..), fastrand::u64(..)]));
        RowCopies { copies: KeyedState::new(), identities: seeds.identities(), seeds }
    }
}

impl Seeds {
    fn identities<R: Schema>(&self) -> [RowIdentity<R, FixedState>; 2] {
        self.0.map(|seed| RowIdentity::with_hasher(FixedState::with_seed(seed)))
    }
}

impl Whole for Seeds {
    type Saved = [u64; 2];

    fn to_saved(&self) -> [u64; 2] {
        self.0
    }

    fn load(&mut self, saved: [u64; 2]) {
        self.0 = saved;
    }
}

impl<R: Schema> Stateful for RowCopies<R> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        let copies = StatePart::first("copies", &mut self.copies).of_identified_rows::<R>();
        vec![copies, StatePart::first("seeds", &mut self.seeds)]
    }

    fn loaded(&mut self) {
        self.identities = self.seeds.identities();
    }
}

impl<R: Schema> RowCopies<R> {
    /// Counts a change, unless it removes a row that is not there: then it returns false.
    pub(super) fn count(&mut self, Change { row, diff }: &Change<R>) -> bool {
        let [one, two] = &self.identities;
        let (slot, _) = self.copies.entry((one.hash(row) as i64, two.hash(row) as i64));
        let copies = self.copies.value(slot);
        match copies.checked_add(*diff).filter(|copies| *copies >= 0) {
            Some(now) => *copies = now,
            None => return false,
        }
        true
    }

    /// The commit is sealed.
    pub(super) fn seal(&mut self) {
        self.copies.seal(|_, copies| *copies != 0);
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
        copies.seal();
        assert_eq!(copies.copies.len(), 0);
    }
}

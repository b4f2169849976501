//! The hash table of [`Keyed`](super::keyed::Keyed): slot numbers by half hashes.
//!
//! Linear probing, and nothing but the entries themselves: with a million keys, a look waits for memory once, where a table
//! that keeps control bytes apart (hashbrown) waits twice. Removal moves later entries back (Knuth, *The Art of Computer
//! Programming* 3, 6.4, Algorithm R), so that there are no tombstones.

/// Slot numbers, each with half of its key's hash.
pub(super) struct Index {
    /// A power of two of them, or none.
    entries: Vec<Entry>,
    len: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    slot: u32,
    hash: u32,
}

impl Entry {
    /// No slot has this number: [`Index::insert`] would run out of memory before.
    const EMPTY: Entry = Entry { slot: u32::MAX, hash: 0 };

    fn is_empty(self) -> bool {
        self.slot == u32::MAX
    }
}

impl Index {
    const LEAST: usize = 8;

    /// A table without entries, and without memory.
    pub(super) fn new() -> Self {
        Index { entries: Vec::new(), len: 0 }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first slot with a hash of which `is_it` says yes.
    pub(super) fn find(&self, hash: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.entries.is_empty() {
            return None;
        }
        let mut at = self.home(hash);
        loop {
            let entry = self.entries[at];
            if entry.is_empty() {
                return None;
            }
            if entry.hash == hash && is_it(entry.slot) {
                return Some(entry.slot);
            }
            at = self.after(at);
        }
    }

    /// Takes a slot in that is not there.
    pub(super) fn insert(&mut self, hash: u32, slot: u32) {
        // Three quarters at most: probing stays short.
        if (self.len + 1) * 4 > self.entries.len() * 3 {
            let larger = (2 * self.entries.len()).max(Self::LEAST);
            let all = std::mem::replace(&mut self.entries, vec![Entry::EMPTY; larger]);
            all.into_iter().filter(|entry| !entry.is_empty()).for_each(|entry| self.place(entry));
        }
        self.place(Entry { slot, hash });
        self.len += 1;
    }

    /// Removes a slot, if it is there.
    pub(super) fn remove(&mut self, hash: u32, slot: u32) {
        if self.entries.is_empty() {
            return;
        }
        let mut hole = self.home(hash);
        while self.entries[hole].slot != slot {
            if self.entries[hole].is_empty() {
                return;
            }
            hole = self.after(hole);
        }
        let mut at = hole;
        loop {
            at = self.after(at);
            let entry = self.entries[at];
            if entry.is_empty() {
                break;
            }
            // It may move back to the hole, unless that lies before its home.
            if self.distance(self.home(entry.hash), at) >= self.distance(hole, at) {
                self.entries[hole] = entry;
                hole = at;
            }
        }
        self.entries[hole] = Entry::EMPTY;
        self.len -= 1;
    }

    fn place(&mut self, entry: Entry) {
        let mut at = self.home(entry.hash);
        while !self.entries[at].is_empty() {
            at = self.after(at);
        }
        self.entries[at] = entry;
    }

    /// Where a hash is looked for first: its highest bits, after it was spread over 64 (Fibonacci hashing).
    fn home(&self, hash: u32) -> usize {
        let spread = u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (spread >> (64 - self.entries.len().ilog2())) as usize
    }

    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.entries.len() - 1)
    }

    /// How many steps lead from one place to another.
    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & (self.entries.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Few different hashes, so that entries get into each other's way, also around the end.
    #[test]
    fn it_finds_what_is_there_and_nothing_else() {
        let mut random = 7_u64;
        let mut next = |limit: u32| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as u32 % limit
        };
        let (mut index, mut model) = (Index::new(), BTreeMap::new());
        for round in 0..200_000_u32 {
            // It grows, and shrinks again.
            let limit = if (round / 20_000).is_multiple_of(2) { 2 } else { 5 };
            let slot = next(600);
            match model.get(&slot) {
                None if next(limit) == 0 => {
                    let hash = next(97).wrapping_mul(0x0123_4567);
                    index.insert(hash, slot);
                    model.insert(slot, hash);
                }
                Some(hash) if next(4) > 0 => {
                    index.remove(*hash, slot);
                    model.remove(&slot);
                }
                _ => index.remove(next(97).wrapping_mul(0x0123_4567), 1000),
            }
            let (probe, hash) = (next(600), next(97).wrapping_mul(0x0123_4567));
            let expected = model.get(&probe).filter(|known| **known == hash).map(|_| probe);
            assert_eq!(index.find(hash, |slot| slot == probe), expected, "round {round}");
            assert_eq!((index.len(), index.is_empty()), (model.len(), model.is_empty()));
        }
        for (slot, hash) in &model {
            assert_eq!(index.find(*hash, |found| found == *slot), Some(*slot));
        }
    }
}

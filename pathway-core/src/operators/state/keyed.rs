//! State by key: what every operator with a state keeps, and what a commit has changed of it.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::data::{Datum, DatumRef};

/// A map from keys to values that knows which keys the open commit has touched.
///
/// Values lie densely in one vector, in *slots*; a hash table of slot numbers finds them. This keeps the hash
/// table's empty space small, and a key costs its own size, that of its value, and about twenty bytes. Half of each
/// hash stands beside the slot number, so that neither a look that misses nor the table's growth touches the keys.
/// Nothing depends on the hash: it decides neither results nor their order.
pub(in crate::operators) struct Keyed<K, V> {
    index: HashTable<Position>,
    slots: Vec<Option<(K, V)>>,
    /// Slots whose key was removed.
    free: Vec<u32>,
    /// The slots that the open commit touched, in the order in which it first did.
    touched: Vec<u32>,
    /// One bit a slot: whether it is among `touched`.
    marks: Vec<u64>,
    /// Room for [`Keyed::touch_all`], empty between its calls.
    candidates: Vec<Option<u32>>,
}

/// Where a key lies, and half of its hash.
#[derive(Clone, Copy)]
struct Position {
    slot: u32,
    hash: u32,
}

impl Position {
    /// The hash table's own hash, spread again over its 64 bits.
    fn spread(hash: u32) -> u64 {
        u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// Where a key's value lies, until the key is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::operators) struct Slot(u32);

/// The hash by which keys find their slot and their worker: the same in every process of one program.
pub(crate) fn hash_of<K: Datum>(key: &K) -> u64 {
    FixedState::default().hash_one(DatumRef(key))
}

/// The half of a hash that is kept: not the one whose lowest bits choose the worker.
fn half(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl<K: Datum, V: Default> Keyed<K, V> {
    /// A map without keys.
    pub(in crate::operators) fn new() -> Self {
        Keyed::filled([])
    }

    /// A map with what one had when it was left: no commit is open, and nothing has been touched.
    ///
    /// Of a key that comes twice the later value counts, so that what a map [had](Keyed::seal) at some commit, followed by what
    /// later commits changed of it, gives what it has now.
    pub(in crate::operators) fn filled(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut keyed = Keyed {
            index: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            touched: Vec::new(),
            marks: Vec::new(),
            candidates: Vec::new(),
        };
        for (key, value) in entries {
            let (slot, _) = keyed.touch(key);
            *keyed.value(slot) = value;
        }
        keyed.touched = Vec::new();
        keyed.marks.fill(0);
        keyed
    }

    /// The slot of a key, made with a default value if the key is new, and whether this is the first time
    /// that the open commit touches it.
    pub(in crate::operators) fn touch(&mut self, key: K) -> (Slot, bool) {
        let hash = half(hash_of(&key));
        let slots = &self.slots;
        let is_key = |at: &Position| {
            at.hash == hash && matches!(&slots[at.slot as usize], Some((k, _)) if k.compare(&key).is_eq())
        };
        let slot = match self.index.entry(Position::spread(hash), is_key, |at| Position::spread(at.hash)) {
            Entry::Occupied(entry) => entry.get().slot,
            Entry::Vacant(entry) => {
                let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
                entry.insert(Position { slot, hash });
                if slot as usize == self.slots.len() {
                    self.slots.push(None);
                    self.marks.resize(self.slots.len().div_ceil(64), 0);
                }
                self.slots[slot as usize] = Some((key, V::default()));
                slot
            }
        };
        (Slot(slot), self.mark(slot))
    }

    /// The same for many keys, in their order: `slots` receives what [`Keyed::touch`] gives for each.
    ///
    /// With a million keys, each look into the table waits for memory four or five times. Here the waits of many
    /// keys overlap: all keys are looked up by their hashes first, then all candidates are compared, and only
    /// what is not found that way goes one by one.
    pub(in crate::operators) fn touch_all(&mut self, keys: &mut Vec<K>, slots: &mut Vec<(Slot, bool)>) {
        let mut candidates = std::mem::take(&mut self.candidates);
        candidates.extend(keys.iter().map(|key| {
            let hash = half(hash_of(key));
            self.index.find(Position::spread(hash), |at| at.hash == hash).map(|at| at.slot)
        }));
        for (key, candidate) in keys.iter().zip(&mut candidates) {
            *candidate = candidate
                .filter(|slot| matches!(&self.slots[*slot as usize], Some((other, _)) if other.compare(key).is_eq()));
        }
        for (key, candidate) in keys.drain(..).zip(candidates.drain(..)) {
            slots.push(match candidate {
                Some(slot) => (Slot(slot), self.mark(slot)),
                None => self.touch(key),
            });
        }
        self.candidates = candidates;
    }

    /// MetadataColumns that the open commit touches a slot, and says whether it is for the first time.
    fn mark(&mut self, slot: u32) -> bool {
        let (word, bit) = (slot as usize / 64, 1 << (slot % 64));
        let first = self.marks[word] & bit == 0;
        if first {
            self.marks[word] |= bit;
            self.touched.push(slot);
        }
        first
    }

    /// The value in a slot.
    pub(in crate::operators) fn value(&mut self, slot: Slot) -> &mut V {
        &mut self.entry(slot).1
    }

    /// The key and the value in a slot.
    ///
    /// # Panics
    /// If the slot's key was removed: slots are given out by `touch` and used before the commit is sealed.
    pub(in crate::operators) fn entry(&mut self, Slot(slot): Slot) -> &mut (K, V) {
        match &mut self.slots[slot as usize] {
            Some(entry) => entry,
            None => unreachable!("slot {slot} was used after its key was removed"),
        }
    }

    /// The key and the value in a slot, if there is one.
    pub(in crate::operators) fn get(&mut self, Slot(slot): Slot) -> Option<(&K, &mut V)> {
        self.slots.get_mut(slot as usize)?.as_mut().map(|(key, value)| (&*key, value))
    }

    /// Removes a slot's key between two commits, if there is one and `is_it`.
    pub(in crate::operators) fn remove_if(
        &mut self,
        slot: Slot,
        is_it: impl FnOnce(&(K, V)) -> bool,
    ) -> Option<(K, V)> {
        let Slot(slot) = slot;
        let entry = self.slots.get_mut(slot as usize)?.take_if(|entry| is_it(entry))?;
        if let Ok(position) = self.index.find_entry(Position::spread(half(hash_of(&entry.0))), |at| at.slot == slot) {
            position.remove();
        }
        self.free.push(slot);
        if self.index.is_empty() {
            *self = Keyed::new();
        }
        Some(entry)
    }

    /// Puts the keys that a large commit touched into the order of their slots, in which `seal` then shows them: that of
    /// memory, where each look would else wait for a page of its own. What a small commit touched is near anyway.
    pub(in crate::operators) fn sort_touched(&mut self) {
        const LARGE: usize = 16 << 10;
        if self.touched.len() >= LARGE {
            self.touched.sort_unstable();
        }
    }

    /// How many keys there are.
    #[cfg(test)]
    pub(in crate::operators) fn len(&self) -> usize {
        self.index.len()
    }

    /// Seals the commit: shows each key that it touched, in the order of the first touch (or of [`Keyed::sort_touched`]), and
    /// removes the keys of which `keep` says no.
    ///
    /// What it shows, and what [`Keyed::remove_if`] gives, is all that a commit changes of the map.
    pub(in crate::operators) fn seal(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.seal_slots(|_, key, value| keep(key, value));
    }

    /// The same, where each key comes with its slot. That of a key which is removed may be another's from the next commit on.
    pub(in crate::operators) fn seal_slots(&mut self, mut keep: impl FnMut(Slot, &K, &mut V) -> bool) {
        for slot in std::mem::take(&mut self.touched) {
            self.marks[slot as usize / 64] &= !(1 << (slot % 64));
            let Some((key, value)) = &mut self.slots[slot as usize] else { continue };
            if keep(Slot(slot), key, value) {
                continue;
            }
            if let Ok(entry) = self.index.find_entry(Position::spread(half(hash_of(key))), |at| at.slot == slot) {
                entry.remove();
            }
            self.slots[slot as usize] = None;
            self.free.push(slot);
        }
        if self.index.is_empty() {
            *self = Keyed::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // `Datum` of integers, so that the test stands alone.
    #[test]
    fn counts_and_forgets_keys() {
        let mut keyed = Keyed::<i64, i64>::new();
        for round in 0..3 {
            for key in 0..1_000 {
                let (slot, first) = keyed.touch(key % 500);
                assert_eq!(first, key < 500, "round {round}, key {key}");
                *keyed.value(slot) += 1;
            }
            let mut slots = Vec::new();
            keyed.touch_all(&mut (0..1_000).map(|key| key / 2).collect(), &mut slots);
            for (slot, first) in slots {
                assert!(!first);
                *keyed.value(slot) += 2;
            }
            let mut seen = Vec::new();
            keyed.seal(|key, value| {
                seen.push(*key);
                *value % 2 == 0 && key % 2 == 0
            });
            assert_eq!(seen, (0..500).collect::<Vec<_>>());
            assert_eq!(keyed.len(), 250);
        }
        let mut slots = Vec::new();
        keyed.touch_all(&mut (0..1_000).map(|key| key / 2).collect(), &mut slots);
        assert_eq!(slots.iter().filter(|(_, first)| *first).count(), 500);
        keyed.seal(|_, _| false);
        assert_eq!((keyed.len(), keyed.slots.len()), (0, 0));
    }

    /// Whoever writes down what each commit shows can make the map again, at any commit.
    #[test]
    fn what_its_commits_show_fills_another_one() {
        let mut random = 7_u64;
        let mut next = |limit: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((random >> 33) % limit) as i64
        };
        let mut keyed = Keyed::<i64, i64>::new();
        let mut written = std::collections::BTreeMap::new();
        for commit in 0..300 {
            let mut slots = Vec::new();
            for _ in 0..next(20) {
                let (slot, _) = keyed.touch(next(50));
                *keyed.value(slot) += next(3) - 1;
                slots.push(slot);
            }
            keyed.seal(|key, value| {
                let keep = *value != 0;
                if keep {
                    written.insert(*key, *value)
                } else {
                    written.remove(key)
                };
                keep
            });
            if let Some((key, _)) = slots.first().and_then(|slot| keyed.remove_if(*slot, |(key, _)| key % 2 == 0)) {
                written.remove(&key);
            }
            // Every now and then the program starts again.
            if commit % 50 == 49 {
                keyed = Keyed::filled(written.clone());
            }
            let mut all: Vec<_> = keyed.slots.iter().flatten().copied().collect();
            all.sort_unstable();
            assert_eq!(all, written.clone().into_iter().collect::<Vec<_>>(), "commit {commit}");
            assert_eq!((keyed.len(), keyed.touched.len()), (all.len(), 0));
        }
    }
}

//! State by key, for every operator with state, and which keys the open commit has changed.

mod routed;
mod slots;
mod tracker;

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::data::{Datum, DatumRef};
pub(crate) use routed::RoutedState;
use slots::Slots;
use tracker::Tracker;

/// A map from keys to values that knows which keys the open commit has changed: its dirty keys.
///
/// The values are stored densely, in *slots*; a hash table of slot numbers finds them. This keeps the empty
/// space of the hash table small: a key costs its own size, that of its value, and about twenty bytes. Half of each hash is
/// stored beside the slot number, so that neither a failed lookup nor the growth of the table reads the keys.
/// The hash decides neither results nor their order.
pub(crate) struct KeyedState<K, V> {
    index: HashTable<Position>,
    slots: Slots<Option<(K, V)>>,
    /// Slots whose key was removed.
    free: Vec<u32>,
    /// The slots of the keys that the open commit has changed, in the order of the first change.
    dirty: Vec<u32>,
    /// One bit for each slot: whether it is in `dirty`.
    marks: Vec<u64>,
    /// A buffer of [`KeyedState::entries`]; empty between calls.
    candidates: Vec<Option<u32>>,
    /// If checkpoints save the map.
    tracker: Option<Box<Tracker<K, V>>>,
}

/// The slot of a key, and half of its hash.
#[derive(Clone, Copy)]
struct Position {
    slot: u32,
    hash: u32,
}

impl Position {
    /// The hash for the hash table: the half that is stored, spread over 64 bits.
    fn spread(hash: u32) -> u64 {
        u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// Where the value of a key is stored, until the key is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(u32);

/// The hash that decides the slot and the worker of a key: the same in every process of one program.
pub(crate) fn hash_of<K: Datum>(key: &K) -> u64 {
    FixedState::default().hash_one(DatumRef(key))
}

/// The half of a hash that is stored: not the half whose lowest bits choose the worker.
fn half(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl<K: Datum, V: Default> KeyedState<K, V> {
    /// A map without keys.
    pub(crate) fn new() -> Self {
        KeyedState {
            index: HashTable::new(),
            slots: Slots::new(),
            free: Vec::new(),
            dirty: Vec::new(),
            marks: Vec::new(),
            candidates: Vec::new(),
            tracker: None,
        }
    }

    /// The slot of a key, and whether this is the first change of the key in the open commit. A new key gets a default value.
    pub(crate) fn entry(&mut self, key: K) -> (Slot, bool) {
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
                // The open commit may have marked the slot already, for a key that it has removed since.
                if self.tracker.is_some() {
                    self.note_change(slot, true);
                }
                slot
            }
        };
        (Slot(slot), self.mark(slot))
    }

    /// Like [`KeyedState::entry`] for many keys: appends the result for each key to `slots`, in the order of the keys, and
    /// leaves `keys` empty.
    ///
    /// With a million keys, each lookup waits for memory four or five times. Here the waits of many keys overlap: all hashes
    /// are looked up first, then all candidates are compared, and only keys that are not found that way are looked up one by
    /// one.
    pub(crate) fn entries(&mut self, keys: &mut Vec<K>, slots: &mut Vec<(Slot, bool)>) {
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
                None => self.entry(key),
            });
        }
        self.candidates = candidates;
    }

    /// Tells the tracker that a slot changes. Few pipelines persist: this is kept out of the loops that find keys.
    #[cold]
    fn note_change(&mut self, slot: u32, is_new: bool) {
        if let Some(tracker) = &mut self.tracker {
            tracker.touch(slot, if is_new { None } else { self.slots[slot as usize].as_ref() });
        }
    }

    /// The slot of a key, if there is one. It makes no key dirty.
    pub(crate) fn find(&self, key: &K) -> Option<Slot> {
        let hash = half(hash_of(key));
        let slots = &self.slots;
        let is_key = |at: &Position| {
            at.hash == hash && matches!(&slots[at.slot as usize], Some((known, _)) if known.compare(key).is_eq())
        };
        self.index.find(Position::spread(hash), is_key).map(|at| Slot(at.slot))
    }

    /// Marks a slot as dirty, and returns whether it was clean.
    #[inline]
    fn mark(&mut self, slot: u32) -> bool {
        let (word, bit) = (slot as usize / 64, 1 << (slot % 64));
        let first = self.marks[word] & bit == 0;
        if first {
            self.marks[word] |= bit;
            self.dirty.push(slot);
            if self.tracker.is_some() {
                self.note_change(slot, false);
            }
        }
        first
    }

    /// The value in a slot.
    pub(crate) fn value(&mut self, slot: Slot) -> &mut V {
        &mut self.key_value(slot).1
    }

    /// The key and the value in a slot.
    ///
    /// # Panics
    /// If the slot's key was removed: a slot is used before the commit of its `entry` call is sealed.
    pub(crate) fn key_value(&mut self, Slot(slot): Slot) -> &mut (K, V) {
        match &mut self.slots[slot as usize] {
            Some(entry) => entry,
            None => unreachable!("slot {slot} was used after its key was removed"),
        }
    }

    /// The key and the value in a slot, which the open commit changes.
    ///
    /// # Panics
    /// If the slot's key was removed.
    pub(crate) fn change(&mut self, slot: Slot) -> (&K, &mut V) {
        self.mark(slot.0);
        let (key, value) = self.key_value(slot);
        (key, value)
    }

    /// The key and the value in a slot, if there is one.
    pub(crate) fn get(&self, Slot(slot): Slot) -> Option<&(K, V)> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// The key and the value in a slot, if there is one, to change the value without making the key dirty.
    pub(crate) fn update(&mut self, Slot(slot): Slot) -> Option<(&K, &mut V)> {
        let entry = self.slots.get_mut(slot as usize)?;
        if let Some(tracker) = &mut self.tracker {
            tracker.touch(slot, entry.as_ref());
        }
        entry.as_mut().map(|(key, value)| (&*key, value))
    }

    /// Visits each key after the state was loaded, to make anew what follows from it. What this changes is not saved.
    pub(crate) fn visit_loaded(&mut self, mut visit: impl FnMut(Slot, &K, &mut V)) {
        for (slot, entry) in self.slots.iter_mut().enumerate() {
            if let Some((key, value)) = entry {
                visit(Slot(slot as u32), key, value);
            }
        }
    }

    /// Removes the key in a slot, if there is one and `condition` holds for it. The slot can be used again at once.
    pub(crate) fn remove_if(&mut self, slot: Slot, condition: impl FnOnce(&(K, V)) -> bool) -> Option<(K, V)> {
        let Slot(slot) = slot;
        if !condition(self.slots.get(slot as usize)?.as_ref()?) {
            return None;
        }
        self.take_entry(slot)
    }

    fn take_entry(&mut self, slot: u32) -> Option<(K, V)> {
        let entry = self.slots[slot as usize].take()?;
        if let Some(tracker) = &mut self.tracker {
            tracker.touch(slot, Some(&entry));
            tracker.remove(slot, &entry.0);
        }
        if let Ok(position) = self.index.find_entry(Position::spread(half(hash_of(&entry.0))), |at| at.slot == slot) {
            position.remove();
        }
        self.free.push(slot);
        self.shrink_if_empty();
        Some(entry)
    }

    /// Removes the key in a slot, which the open commit has changed. Compiled once, and not for each `keep`.
    fn remove_slot(&mut self, slot: u32) {
        let Some((key, _)) = self.slots[slot as usize].take() else { return };
        if let Ok(entry) = self.index.find_entry(Position::spread(half(hash_of(&key))), |at| at.slot == slot) {
            entry.remove();
        }
        if let Some(tracker) = &mut self.tracker {
            tracker.remove(slot, &key);
        }
        self.free.push(slot);
    }

    /// Frees the memory of a map without keys.
    fn shrink_if_empty(&mut self) {
        if self.index.is_empty() {
            let tracker = self.tracker.take();
            *self = KeyedState::new();
            self.tracker = tracker;
            self.tracker.iter_mut().for_each(|tracker| tracker.clear());
        }
    }

    /// Sorts the dirty keys of a large commit by their slots, the order in which `seal` then visits them. That is the order
    /// of memory; otherwise each visit would wait for a page of its own. The keys of a small commit are close together anyway.
    pub(crate) fn sort_dirty(&mut self) {
        const LARGE: usize = 16 << 10;
        if self.dirty.len() >= LARGE {
            self.dirty.sort_unstable();
        }
    }

    /// All keys with their slots and values, in an order that says nothing.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, &K, &V)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(slot, entry)| entry.as_ref().map(|(key, value)| (Slot(slot as u32), key, value)))
    }

    /// Whether there are no keys.
    pub(crate) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// How many keys there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// How many bytes the map has allocated, without what keys and values have.
    fn memory(&self) -> usize {
        let KeyedState { index, slots, free, dirty, marks, candidates, .. } = self;
        let numbers = (free.capacity() + dirty.capacity()) * size_of::<u32>();
        let buffers = marks.capacity() * size_of::<u64>() + candidates.capacity() * size_of::<Option<u32>>();
        index.allocation_size() + slots.capacity() * size_of::<Option<(K, V)>>() + numbers + buffers
    }

    /// Seals the commit: visits each dirty key, in the order of the first change (or of [`KeyedState::sort_dirty`]), and removes
    /// the keys for which `keep` returns false.
    pub(crate) fn seal(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.seal_slots(|_, key, value| keep(key, value));
    }

    /// Like [`KeyedState::seal`], with the slot of each key. The slot of a removed key may be reused from the next commit on.
    pub(crate) fn seal_slots(&mut self, mut keep: impl FnMut(Slot, &K, &mut V) -> bool) {
        // The most capacity that stays allocated after a large commit.
        const KEEP: usize = 1 << 10;
        let mut dirty = std::mem::take(&mut self.dirty);
        for slot in dirty.drain(..) {
            self.marks[slot as usize / 64] &= !(1 << (slot % 64));
            let Some((key, value)) = &mut self.slots[slot as usize] else { continue };
            if !keep(Slot(slot), key, value) {
                self.remove_slot(slot);
            }
        }
        self.shrink_if_empty();
        if dirty.capacity() <= KEEP {
            self.dirty = dirty;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_removes_keys() {
        let mut keyed = KeyedState::<i64, i64>::new();
        for round in 0..3 {
            for key in 0..1_000 {
                let (slot, first) = keyed.entry(key % 500);
                assert_eq!(first, key < 500, "round {round}, key {key}");
                *keyed.value(slot) += 1;
            }
            let mut slots = Vec::new();
            keyed.entries(&mut (0..1_000).map(|key| key / 2).collect(), &mut slots);
            for (slot, first) in slots {
                assert!(!first);
                *keyed.value(slot) += 2;
            }
            let mut visited = Vec::new();
            keyed.seal(|key, value| {
                visited.push(*key);
                *value % 2 == 0 && key % 2 == 0
            });
            assert_eq!(visited, (0..500).collect::<Vec<_>>());
            assert_eq!(keyed.len(), 250);
        }
        let mut slots = Vec::new();
        keyed.entries(&mut (0..1_000).map(|key| key / 2).collect(), &mut slots);
        assert_eq!(slots.iter().filter(|(_, first)| *first).count(), 500);
        let found = keyed.find(&8).and_then(|slot| keyed.get(slot)).map(|(key, _)| *key);
        assert_eq!((found, keyed.find(&501)), (Some(8), None));
        keyed.seal(|_, _| false);
        assert_eq!((keyed.len(), keyed.slots.len()), (0, 0));
    }
}

//! What a checkpoint has to write of a map.
//!
//! A checkpoint begins by taking over, in one bitmap, which slots have changed since the last one: its *pending* slots. They are
//! written a piece at a time. A pending slot that a later commit is about to change is written first, as it still is. So the
//! checkpoint is of one moment, and no commit waits for it.

use serde::{Deserialize, Serialize};

use super::{KeyedState, Slot, hash_of};
use crate::data::{Datum, DatumKey, DatumRef, Layout, layout_of};
use crate::dataflow::SavedState;

/// Adds an entry to a piece.
type Encode<K, V> = fn(&K, Option<&V>, &mut Vec<u8>) -> Result<(), postcard::Error>;

/// Which slots a checkpoint has to write.
pub(super) struct Tracker<K, V> {
    /// Slots that have changed since the last checkpoint began.
    changed: Bits,
    /// Slots that the open checkpoint has to write as they are.
    pending: Bits,
    /// Slots whose keys are in checkpoints.
    saved: Bits,
    /// The words of `pending` before this one are empty.
    cursor: usize,
    /// Removals of keys that are in checkpoints, encoded, since the last checkpoint began.
    removed: Vec<u8>,
    /// What the open checkpoint has written and nobody has taken yet.
    written: Vec<u8>,
    /// Adds an entry; without a value, it removes the key.
    encode: Encode<K, V>,
    /// The first value that could not be written.
    error: Option<postcard::Error>,
}

impl<K, V> Tracker<K, V> {
    /// The map is about to change this entry, or to remove it.
    pub(super) fn touch(&mut self, slot: u32, entry: Option<&(K, V)>) {
        if self.pending.take(slot)
            && let Some((key, value)) = entry
        {
            let encoded = (self.encode)(key, Some(value), &mut self.written);
            self.saved.set(slot);
            self.note(encoded);
        }
        self.changed.set(slot);
    }

    /// The map has removed a key, which it had touched before.
    pub(super) fn remove(&mut self, slot: u32, key: &K) {
        self.changed.take(slot);
        if self.saved.take(slot) {
            let encoded = (self.encode)(key, None, &mut self.removed);
            self.note(encoded);
        }
    }

    fn note(&mut self, encoded: Result<(), postcard::Error>) {
        if let Err(error) = encoded {
            self.error.get_or_insert(error);
        }
    }

    /// The map has lost all of its slots.
    pub(super) fn clear(&mut self) {
        (self.changed, self.pending, self.saved) = Default::default();
        self.cursor = 0;
    }
}

/// A key, and its value unless it was removed.
#[derive(Deserialize)]
#[serde(bound = "K: Datum, V: Deserialize<'de>")]
struct Entry<K, V>(DatumKey<K>, Option<V>);

fn encode<K: Datum, V: Serialize>(key: &K, value: Option<&V>, out: &mut Vec<u8>) -> Result<(), postcard::Error> {
    *out = postcard::to_extend(&(DatumRef(key), value), std::mem::take(out))?;
    Ok(())
}

impl<K: Datum, V> SavedState for KeyedState<K, V>
where
    V: Default + Serialize + for<'de> Deserialize<'de> + 'static,
{
    fn track(&mut self, _: u64, _: u64) {
        self.tracker = Some(Box::new(Tracker {
            changed: Bits::default(),
            pending: Bits::default(),
            saved: Bits::default(),
            cursor: 0,
            removed: Vec::new(),
            written: Vec::new(),
            encode: encode::<K, V>,
            error: None,
        }));
    }

    fn begin(&mut self, all: bool) {
        let Some(tracker) = &mut self.tracker else { return };
        let Tracker { changed, pending, saved, cursor, removed, written, .. } = &mut **tracker;
        *cursor = 0;
        *pending = std::mem::take(changed);
        *written = std::mem::take(removed);
        if all {
            written.clear();
            *saved = Bits::default();
            // Without a look at each slot, which would take milliseconds: those that are empty are passed over later.
            *pending = Bits::first(self.slots.len());
        }
    }

    fn write(&mut self, out: &mut Vec<u8>, bytes: usize) -> Result<bool, String> {
        let Some(tracker) = &mut self.tracker else { return Ok(false) };
        if let Some(error) = tracker.error.take() {
            return Err(error.to_string());
        }
        let end = out.len() + bytes;
        out.append(&mut tracker.written);
        while out.len() < end {
            let Some(slot) = tracker.pending.first_from(&mut tracker.cursor) else { return Ok(false) };
            tracker.pending.take(slot);
            if let Some((key, value)) = &self.slots[slot as usize] {
                (tracker.encode)(key, Some(value), out).map_err(|error| error.to_string())?;
                tracker.saved.set(slot);
            }
        }
        Ok(true)
    }

    fn load(&mut self, piece: &[u8], is_own: &dyn Fn(u64) -> bool) -> Result<(), String> {
        self.load_keys(piece, |key| is_own(hash_of(key)))
    }

    fn layout(&self) -> Layout {
        match layout_of(std::any::type_name::<Self>(), |reader| Entry::<K, V>::deserialize(reader)) {
            Layout::Tuple(entry) => match <[Layout; 2]>::try_from(entry) {
                Ok([key, value]) => Layout::Entry(key.into(), value.into()),
                Err(entry) => Layout::Tuple(entry),
            },
            layout => layout,
        }
    }

    fn keys(&self) -> usize {
        self.index.len()
    }

    fn bytes(&self) -> usize {
        self.memory()
    }
}

impl<K: Datum, V: Default> KeyedState<K, V> {
    /// Like [`SavedState::load`], for a map whose keys do not decide by themselves to which worker they belong.
    pub(crate) fn load_keys(&mut self, mut piece: &[u8], is_own: impl Fn(&K) -> bool) -> Result<(), String>
    where
        V: for<'de> Deserialize<'de>,
    {
        while !piece.is_empty() {
            let (Entry(DatumKey(key), value), rest): (Entry<K, V>, _) =
                postcard::take_from_bytes(piece).map_err(|error| error.to_string())?;
            piece = rest;
            if !is_own(&key) {
                continue;
            }
            let (Slot(slot), _) = self.entry(key);
            match value {
                Some(value) => *self.value(Slot(slot)) = value,
                None => drop(self.remove_if(Slot(slot), |_| true)),
            }
            self.forget_changes(slot);
        }
        Ok(())
    }

    /// What was loaded is no change: checkpoints have it.
    fn forget_changes(&mut self, slot: u32) {
        self.dirty.clear();
        if let Some(marks) = self.marks.get_mut(slot as usize / 64) {
            *marks &= !(1 << (slot % 64));
        }
        let is_there = self.slots.get(slot as usize).is_some_and(Option::is_some);
        if let Some(tracker) = &mut self.tracker {
            tracker.changed.take(slot);
            tracker.removed.clear();
            if is_there {
                tracker.saved.set(slot);
            }
        }
    }
}

/// A set of slots.
#[derive(Default)]
struct Bits(Vec<u64>);

impl Bits {
    /// The first so many slots.
    fn first(count: usize) -> Self {
        let mut words = vec![u64::MAX; count / 64];
        words.extend((!count.is_multiple_of(64)).then(|| (1 << (count % 64)) - 1));
        Bits(words)
    }

    fn set(&mut self, slot: u32) {
        let word = slot as usize / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (slot % 64);
    }

    /// Removes a slot. Returns whether it was there.
    fn take(&mut self, slot: u32) -> bool {
        let (Some(word), bit) = (self.0.get_mut(slot as usize / 64), 1 << (slot % 64)) else { return false };
        let was_there = *word & bit != 0;
        *word &= !bit;
        was_there
    }

    /// The first slot. The words before `cursor` are empty; it moves to the slot's word.
    fn first_from(&self, cursor: &mut usize) -> Option<u32> {
        let empty = self.0.get(*cursor..)?.iter().take_while(|word| **word == 0).count();
        *cursor += empty;
        let word = self.0.get(*cursor)?;
        u32::try_from(*cursor * 64 + word.trailing_zeros() as usize).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A random map that is saved in pieces while it changes.
    #[test]
    fn a_checkpoint_is_of_one_moment() {
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..200 {
            let mut map = KeyedState::<i64, i64>::new();
            map.track(0, 1);
            let keys = random.i64(1..300);
            // The checkpoints so far, as they would be loaded.
            let (mut pieces, mut open) = (Vec::new(), None::<(BTreeMap<i64, i64>, Vec<Vec<u8>>)>);
            for commit in 0..60 {
                let mut slots = Vec::new();
                for _ in 0..random.usize(0..40) {
                    let (slot, _) = map.entry(random.i64(0..keys));
                    *map.value(slot) += random.i64(-1..3);
                    slots.push(slot);
                    // The next key gets its slot, in the same commit.
                    if random.u8(0..10) == 0 {
                        map.remove_if(slot, |_| true);
                    }
                }
                let threshold = random.i64(0..4);
                map.seal(|_, value| *value >= threshold);
                if let Some(slot) = slots.first() {
                    map.remove_if(*slot, |(key, _)| key % 3 == 0);
                }
                if open.is_none() && random.u8(0..3) == 0 {
                    let all = pieces.is_empty() || random.u8(0..5) == 0;
                    map.begin(all);
                    if all {
                        pieces.clear();
                    }
                    let now = map.slots.iter().flatten().copied().collect();
                    open = Some((now, Vec::new()));
                }
                if let Some((expected, written)) = &mut open {
                    let mut piece = Vec::new();
                    let more = map.write(&mut piece, random.usize(0..100)).expect("written");
                    written.push(piece);
                    if more {
                        continue;
                    }
                    pieces.append(written);
                    let mut loaded = KeyedState::<i64, i64>::new();
                    loaded.track(0, 1);
                    for piece in &pieces {
                        loaded.load(piece, &|_| true).expect("loaded");
                    }
                    let loaded_entries: BTreeMap<_, _> = loaded.slots.iter().flatten().copied().collect();
                    assert_eq!(&loaded_entries, expected, "commit {commit}");
                    assert_eq!(loaded.keys(), expected.len());
                    open = None;
                    // From time to time, the program restarts.
                    if random.bool() {
                        let mut rest = Vec::new();
                        loaded.begin(false);
                        assert_eq!((loaded.write(&mut rest, 1), rest.len()), (Ok(false), 0));
                        map = loaded;
                    }
                }
            }
        }
    }
}

//! The rows that a policy keeps until event time has passed them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::data::{Layout, Schema, layout_of};
use crate::dataflow::SavedState;
use crate::operators::reducers::Multiset;
use crate::operators::state::hash_of;

/// The number of a worker among so many that share the rows by their hashes.
type Place = (u64, u64);

/// What the workers write of a time.
type Entry<R> = (Place, i128, Option<Multiset<R>>);

/// Rows with their numbers of copies, in the order of their times.
pub(super) struct RowsByTime<R> {
    rows: BTreeMap<i128, Multiset<R>>,
    /// While rows with other columns are loaded: what each worker has written last, which their hashes no longer say.
    migrated: BTreeMap<(i128, Place), Multiset<R>>,
    /// If checkpoints save them.
    tracker: Option<Box<Tracker>>,
}

impl<R: Schema> RowsByTime<R> {
    pub(super) fn new() -> Self {
        RowsByTime { rows: BTreeMap::new(), migrated: BTreeMap::new(), tracker: None }
    }

    /// Inserts copies of a row of this time, or removes them if `diff` is negative.
    pub(super) fn update(&mut self, time: i128, row: R, diff: i64) {
        if let Some(tracker) = &mut self.tracker {
            tracker.touch(time, self.rows.get(&time));
        }
        let rows = self.rows.entry(time).or_default();
        rows.update(row, diff);
        if rows.is_empty() {
            self.rows.remove(&time);
        }
    }

    /// Removes the rows whose times have passed, and passes them to `take` with their numbers of copies: by time, and rows of one
    /// time in their order.
    pub(super) fn take_while(&mut self, has_passed: impl Fn(i128) -> bool, mut take: impl FnMut(R, i64)) {
        while let Some(entry) = self.rows.first_entry().filter(|entry| has_passed(*entry.key())) {
            let (time, rows) = entry.remove_entry();
            if let Some(tracker) = &mut self.tracker {
                tracker.touch(time, Some(&rows));
            }
            rows.iter().for_each(|(row, copies)| take(row.clone_datum(), copies));
        }
    }
}

/// Which times a checkpoint has to write. It works as that of keyed state does: what is about to change is written first.
struct Tracker {
    /// That of this worker.
    place: Place,
    /// The times whose rows have changed since the last checkpoint began.
    changed: BTreeSet<i128>,
    pending: Pending,
    /// What the open checkpoint has written and nobody has taken yet.
    written: Vec<u8>,
    error: Option<postcard::Error>,
}

/// The times that the open checkpoint has to write.
enum Pending {
    These(BTreeSet<i128>),
    /// All from `next` on, except those that are written, or have come since.
    AllFrom {
        next: i128,
        done: BTreeSet<i128>,
    },
}

impl Tracker {
    /// The rows of a time are about to change.
    fn touch<R: Schema>(&mut self, time: i128, rows: Option<&Multiset<R>>) {
        let is_pending = match &mut self.pending {
            Pending::These(times) => times.remove(&time),
            Pending::AllFrom { next, done } => time >= *next && done.insert(time) && rows.is_some(),
        };
        if is_pending && let Err(error) = encode(self.place, time, rows, &mut self.written) {
            self.error.get_or_insert(error);
        }
        self.changed.insert(time);
    }
}

/// Adds the rows of a time of one worker; they replace those that it has written before.
fn encode<R: Schema>(
    place: Place,
    time: i128,
    rows: Option<&Multiset<R>>,
    out: &mut Vec<u8>,
) -> Result<(), postcard::Error> {
    *out = postcard::to_extend(&(place, time, rows), std::mem::take(out))?;
    Ok(())
}

impl<R: Schema> SavedState for RowsByTime<R> {
    fn track(&mut self, worker: u64, workers: u64) {
        self.tracker = Some(Box::new(Tracker {
            place: (worker, workers),
            changed: BTreeSet::new(),
            pending: Pending::These(BTreeSet::new()),
            written: Vec::new(),
            error: None,
        }));
    }

    fn begin(&mut self, all: bool) {
        self.migrated.clear();
        let Some(tracker) = &mut self.tracker else { return };
        let changed = std::mem::take(&mut tracker.changed);
        tracker.written.clear();
        tracker.pending = match all {
            true => Pending::AllFrom { next: i128::MIN, done: BTreeSet::new() },
            false => Pending::These(changed),
        };
    }

    fn write(&mut self, out: &mut Vec<u8>, bytes: usize) -> Result<bool, String> {
        let Some(tracker) = &mut self.tracker else { return Ok(false) };
        if let Some(error) = tracker.error.take() {
            return Err(error.to_string());
        }
        let end = out.len() + bytes;
        out.append(&mut tracker.written);
        let place = tracker.place;
        let more = match &mut tracker.pending {
            Pending::These(times) => loop {
                if out.len() >= end {
                    break Ok(true);
                }
                let Some(time) = times.pop_first() else { break Ok(false) };
                if let Err(error) = encode(place, time, self.rows.get(&time), out) {
                    break Err(error);
                }
            },
            Pending::AllFrom { next, done } => loop {
                let first = self.rows.range(*next..).find(|(time, _)| !done.contains(time));
                let Some((time, rows)) = first else { break Ok(false) };
                *next = *time;
                if out.len() >= end {
                    break Ok(true);
                }
                if let Err(error) = encode(place, *time, Some(rows), out) {
                    break Err(error);
                }
                let Some(behind) = time.checked_add(1) else { break Ok(false) };
                *next = behind;
            },
        };
        if let Ok(false) = more {
            tracker.pending = Pending::These(BTreeSet::new());
        }
        more.map_err(|error| error.to_string())
    }

    fn load(&mut self, mut piece: &[u8], is_own: &dyn Fn(u64) -> bool) -> Result<(), String> {
        while !piece.is_empty() {
            let (((worker, workers), time, rows), rest): (Entry<R>, _) =
                postcard::take_from_bytes(piece).map_err(|error| error.to_string())?;
            piece = rest;
            let (before, rows) = (self.rows.remove(&time).unwrap_or_default(), rows.unwrap_or_default());
            let mut now = Multiset::default();
            let of_others = before.iter().filter(|(row, _)| hash_of(*row) % workers.max(1) != worker);
            let own = rows.iter().filter(|(row, _)| is_own(hash_of(*row)));
            for (row, copies) in of_others.chain(own) {
                now.update(row.clone_datum(), copies);
            }
            if !now.is_empty() {
                self.rows.insert(time, now);
            }
        }
        Ok(())
    }

    fn load_migrated(&mut self, mut piece: &[u8], is_own: &dyn Fn(u64) -> bool) -> Result<(), String> {
        while !piece.is_empty() {
            let ((place, time, rows), rest): (Entry<R>, _) =
                postcard::take_from_bytes(piece).map_err(|error| error.to_string())?;
            piece = rest;
            // All have the same number, because this is checked for each.
            if self.migrated.keys().next().is_some_and(|(_, (_, workers))| *workers != place.1) {
                let reason =
                    "its rows have other columns now, and parts of the checkpoint are of different numbers of workers";
                return Err(reason.to_owned());
            }
            self.migrated.insert((time, place), rows.unwrap_or_default());
            let mut now = Multiset::default();
            for (_, rows) in self.migrated.range((time, (0, 0))..=(time, (u64::MAX, u64::MAX))) {
                let own = rows.iter().filter(|(row, _)| is_own(hash_of(*row)));
                for (row, copies) in own {
                    now.update(row.clone_datum(), copies);
                }
            }
            match now.is_empty() {
                true => drop(self.rows.remove(&time)),
                false => drop(self.rows.insert(time, now)),
            }
        }
        Ok(())
    }

    fn layout(&self) -> Layout {
        layout_of(std::any::type_name::<Self>(), |reader| <Entry<R> as Deserialize>::deserialize(reader))
    }

    fn keys(&self) -> usize {
        self.rows.len()
    }

    fn bytes(&self) -> usize {
        self.rows.len() * size_of::<(i128, Multiset<R>)>()
    }
}

#[cfg(test)]
impl<R: Schema> RowsByTime<R> {
    /// The times of the rows.
    pub(super) fn times(&self) -> BTreeSet<i128> {
        self.rows.keys().copied().collect()
    }
}

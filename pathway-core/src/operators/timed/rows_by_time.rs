//! The rows that a policy keeps until event time has passed them.

use std::collections::{BTreeMap, BTreeSet};

use crate::data::Schema;
use crate::dataflow::SavedState;
use crate::operators::reducers::Multiset;
use crate::operators::state::hash_of;

/// Rows with their numbers of copies, in the order of their times.
pub(super) struct RowsByTime<R> {
    rows: BTreeMap<i128, Multiset<R>>,
    /// If checkpoints save them.
    tracker: Option<Box<Tracker>>,
}

impl<R: Schema> RowsByTime<R> {
    pub(super) fn new() -> Self {
        RowsByTime { rows: BTreeMap::new(), tracker: None }
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
    /// The number of this worker among so many that share the rows by their hashes.
    place: (u64, u64),
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
    place: (u64, u64),
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
        type Entry<R> = ((u64, u64), i128, Option<Multiset<R>>);
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

    fn keys(&self) -> usize {
        self.rows.len()
    }
}

#[cfg(test)]
impl<R: Schema> RowsByTime<R> {
    /// The times of the rows.
    pub(super) fn times(&self) -> BTreeSet<i128> {
        self.rows.keys().copied().collect()
    }
}

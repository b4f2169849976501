//! The state of operators, as checkpoints see it.

use std::fmt;

use crate::data::{KeptRows, Layout, Schema, row_layout};

/// What an operator keeps from one commit to the next.
pub trait Stateful: 'static {
    /// The parts of the state, each under a label of its own, always the same ones.
    fn states(&mut self) -> Vec<StatePart<'_>>;

    /// All parts were loaded: makes anew what follows from them.
    fn loaded(&mut self) {}
}

/// A part of an operator's state.
pub struct StatePart<'a> {
    /// What it is called within its node. Operators of one node can load the same part.
    pub label: &'static str,
    /// Which workers have it.
    pub scope: StateScope,
    /// The part.
    pub state: &'a mut dyn SavedState,
    /// Whether it keeps rows as they are, so that it can continue with rows that have other columns.
    pub kept_rows: KeptRows,
    /// What the rows consist of that it tells apart by hashes, without keeping them.
    pub identified: Option<Layout>,
}

/// Which workers have a part of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateScope {
    /// Each worker has the keys that belong to it.
    Partitioned,
    /// The first worker has it.
    First,
    /// The first worker saves it, and all workers load it: all have the same.
    Shared,
    /// Another operator of the node saves it, and all workers load it.
    LoadOnly,
}

/// A part of a state that checkpoints save.
///
/// A checkpoint is of one moment between two commits, but it is written in pieces, while later commits change the state.
pub trait SavedState {
    /// From now on the state knows what it has to write. It is that of one of so many workers, which share the keys by their
    /// hashes.
    fn track(&mut self, worker: u64, workers: u64);

    /// Begins a checkpoint of the state as it is now: of all of it, or of what has changed since the last one began.
    fn begin(&mut self, all: bool);

    /// Adds the next piece of the checkpoint, of about this many bytes. Returns whether there is more.
    ///
    /// # Errors
    /// A value cannot be written.
    fn write(&mut self, out: &mut Vec<u8>, bytes: usize) -> Result<bool, String>;

    /// Loads a piece of a checkpoint; pieces come in the order in which they were written. `is_own` says of the hash of a key
    /// whether it belongs to this worker.
    ///
    /// # Errors
    /// The piece is not of such a state.
    fn load(&mut self, piece: &[u8], is_own: &dyn Fn(u64) -> bool) -> Result<(), String>;

    /// Like [`load`](SavedState::load), for a piece whose rows have got the columns that they have now: the hashes of rows are not
    /// those by which it was written.
    ///
    /// # Errors
    /// The piece is not of such a state.
    fn load_migrated(&mut self, piece: &[u8], is_own: &dyn Fn(u64) -> bool) -> Result<(), String> {
        self.load(piece, is_own)
    }

    /// What a piece consists of: any number of values with this layout.
    fn layout(&self) -> Layout;

    /// How many keys there are.
    fn keys(&self) -> usize;

    /// About how much memory it takes, in bytes, without what keys and values have allocated elsewhere.
    fn bytes(&self) -> usize;

    /// Event time, in ticks, if that is in it.
    fn event_time(&self) -> Option<i128> {
        None
    }
}

impl<'a> StatePart<'a> {
    fn new(label: &'static str, scope: StateScope, state: &'a mut dyn SavedState) -> Self {
        StatePart { label, scope, state, kept_rows: KeptRows::None, identified: None }
    }

    /// What it consists of.
    pub fn layout(&self) -> Layout {
        let layout = self.state.layout();
        match &self.identified {
            Some(rows) => Layout::identified(rows.clone(), layout),
            None => layout,
        }
    }

    /// It keeps rows as they are. They can have other columns after a restart: what the state means does not depend on their order,
    /// nor on how rows are hashed or sorted.
    pub fn of_rows(self) -> Self {
        StatePart { kept_rows: KeptRows::Unordered, ..self }
    }

    /// It keeps rows as they are, and what it means depends on the order of the values that it [sorts](Layout::Sorted): its rows
    /// can have other columns after a restart if these leave the order of the rows as it was.
    pub fn of_ordered_rows(self) -> Self {
        StatePart { kept_rows: KeptRows::Ordered, ..self }
    }

    /// It tells rows apart by their `RowIdentity`.
    pub fn of_identified_rows<R: Schema>(self) -> Self {
        StatePart { identified: Some(row_layout::<R>()), ..self }
    }

    /// A part of which each worker has the keys that belong to it.
    pub fn partitioned(label: &'static str, state: &'a mut dyn SavedState) -> Self {
        StatePart::new(label, StateScope::Partitioned, state)
    }

    /// A part that the first worker has.
    pub fn first(label: &'static str, state: &'a mut dyn SavedState) -> Self {
        StatePart::new(label, StateScope::First, state)
    }

    /// A part that all workers have.
    pub fn shared(label: &'static str, state: &'a mut dyn SavedState) -> Self {
        StatePart::new(label, StateScope::Shared, state)
    }

    /// A part that another operator of the node saves.
    pub fn load_only(label: &'static str, state: &'a mut dyn SavedState) -> Self {
        StatePart::new(label, StateScope::LoadOnly, state)
    }
}

impl fmt::Debug for StatePart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatePart").field("label", &self.label).field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// Copies the state of an operator into a new one, as a checkpoint and a restart would.
#[cfg(test)]
pub(crate) fn copy_state(from: &mut impl Stateful, into: &mut impl Stateful) {
    let mut pieces = Vec::new();
    for part in from.states() {
        part.state.track(0, 1);
        part.state.begin(true);
        let mut written = Vec::new();
        let mut more = true;
        while more {
            let mut piece = Vec::new();
            more = part.state.write(&mut piece, 16).expect("a piece");
            written.push(piece);
        }
        pieces.push((part.label, written));
    }
    for part in into.states() {
        part.state.track(0, 1);
        for (_, written) in pieces.iter().filter(|(label, _)| *label == part.label) {
            for piece in written.iter().filter(|piece| !piece.is_empty()) {
                part.state.load(piece, &|_| true).expect("loaded");
            }
        }
    }
    into.loaded();
}

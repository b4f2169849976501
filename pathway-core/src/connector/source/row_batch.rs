//! Rows that a source hands over together.

use std::fmt;

use super::{InputBatch, Position};
use crate::data::{Change, Datum};

/// Changes of a table, in the order in which a source gave them.
pub struct RowBatch<R> {
    /// The changes.
    pub changes: Vec<Change<R>>,
    /// The first and the last position that the source has set. Boxed, because most batches have none: a batch is then as small as its
    /// vector.
    positions: Option<Box<(Position, Position)>>,
}

impl<R> RowBatch<R> {
    /// Sets the position after the last row, from which the source can continue.
    pub fn set_position(&mut self, position: Position) {
        match &mut self.positions {
            Some(positions) => positions.1 = position,
            None => self.positions = Some(Box::new((position.clone(), position))),
        }
    }
}

impl<R> From<Vec<Change<R>>> for RowBatch<R> {
    fn from(changes: Vec<Change<R>>) -> Self {
        RowBatch { changes, positions: None }
    }
}

impl<R: fmt::Debug> fmt::Debug for RowBatch<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowBatch").field("changes", &self.changes).field("positions", &self.positions).finish()
    }
}

impl<R> Default for RowBatch<R> {
    fn default() -> Self {
        RowBatch { changes: Vec::new(), positions: None }
    }
}

impl<R: Datum> InputBatch for RowBatch<R> {
    fn len(&self) -> usize {
        self.changes.len()
    }

    /// The rows themselves. What they point to is not counted: rows are bounded by their number.
    fn weight(&self) -> usize {
        self.changes.len() * size_of::<Change<R>>()
    }

    fn clear(&mut self) {
        self.changes.clear();
        self.positions = None;
    }

    fn positions(&self) -> Option<(&Position, &Position)> {
        self.positions.as_ref().map(|positions| (&positions.0, &positions.1))
    }
}

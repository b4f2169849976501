//! What a queue between a source and the worker holds: batches of messages or rows.

use super::Position;

/// Messages or rows that a source hands over together.
pub trait InputBatch: Default + Send + 'static {
    /// How many messages or rows there are.
    fn len(&self) -> usize;

    /// The memory that they take, in bytes.
    fn weight(&self) -> usize;

    /// Removes all, and keeps the memory for the next ones.
    fn clear(&mut self);

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The total length of all payloads, in bytes; 0 for rows.
    fn payload_bytes(&self) -> usize {
        0
    }

    /// When the first of them was stored, in unix nanoseconds, if it is known.
    fn first_stored(&self) -> Option<i64> {
        None
    }

    /// The first and the last position that the source has set; `None` where it has no positions.
    fn positions(&self) -> Option<(&Position, &Position)> {
        None
    }
}

//! What a queue holds.

use std::collections::VecDeque;
use std::time::Instant;

use super::super::{Bound, InputBatch};

/// What a queue holds.
#[derive(Default)]
pub(super) struct State<B> {
    /// What was added since the last sealed commit, where the source seals commits.
    pub(super) open: B,
    /// With the times at which they have arrived.
    pub(super) batches: VecDeque<(Instant, B)>,
    /// Emptied batches, whose memory the source uses again.
    pub(super) spare: Vec<B>,
    pub(super) messages: usize,
    pub(super) bytes: usize,
    /// How many threads wait for room.
    pub(super) blocked: usize,
    /// The source pushes no more.
    pub(super) ended: bool,
    /// The worker takes no more.
    pub(super) closed: bool,
    /// So many messages were taken; what else was in the last batch was not. `None`: all of it was.
    pub(super) taken: Option<u64>,
    /// How many messages were pushed.
    pub(super) pushed: u64,
    /// How many of them belong to the initial snapshot, once that is known.
    pub(super) snapshot: Option<u64>,
}

impl<B: InputBatch> State<B> {
    pub(super) fn enqueue(&mut self, batch: B, arrived: Instant) {
        self.messages += batch.len();
        self.bytes += batch.weight();
        self.pushed += batch.len() as u64;
        self.batches.push_back((arrived, batch));
    }

    pub(super) fn seal(&mut self) {
        let commit = std::mem::take(&mut self.open);
        self.enqueue(commit, Instant::now());
    }

    pub(super) fn takes_no_more(&self) -> bool {
        self.closed || self.ended
    }

    pub(super) fn has_room(&self, bound: Bound, batch: &B) -> bool {
        self.messages + batch.len() <= bound.messages && self.bytes + batch.weight() <= bound.bytes
    }

    pub(super) fn is_half_free(&self, bound: Bound) -> bool {
        self.messages <= bound.messages / 2 && self.bytes <= bound.bytes / 2
    }
}

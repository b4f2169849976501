//! The bounded hand-over between a source's thread and the worker.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Batch;
use crate::data::Control;

/// Batches on their way from one source to the worker.
///
/// It is bounded: [`Queue::push`] blocks the source's thread while the queue is full, so that the source's
/// socket fills and TCP slows the server down, instead of memory growing or messages being dropped.
pub struct Queue {
    state: Mutex<State>,
    /// Signalled when the worker has taken batches, or takes no more.
    room: Condvar,
    control: Control,
}

#[derive(Default)]
struct State {
    batches: VecDeque<Batch>,
    /// Emptied batches, whose memory the source uses again.
    spare: Vec<Batch>,
    messages: usize,
    bytes: usize,
    /// The source will push no more.
    ended: bool,
    /// The worker will take no more.
    closed: bool,
}

/// The worker takes no more: the pipeline has ended.
#[derive(Clone, Copy, Debug)]
pub struct Closed;

impl Queue {
    /// How many messages wait at most before the source is held back: some milliseconds of a flood.
    pub const MAX_MESSAGES: usize = 64 * 1024;
    /// How many bytes wait at most, headers included, before the source is held back.
    pub const MAX_BYTES: usize = 8 << 20;
    /// How many emptied batches are kept.
    const MAX_SPARE: usize = 8;

    /// An empty queue. `control` wakes the worker when messages come.
    pub fn new(control: Control) -> Self {
        Queue { state: Mutex::default(), room: Condvar::new(), control }
    }

    /// Hands over a batch, and leaves an empty one in its place. Blocks while the queue is full.
    ///
    /// # Errors
    /// [`Closed`] when the pipeline has ended: the batch was not taken.
    pub fn push(&self, batch: &mut Batch) -> Result<(), Closed> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut state = self.lock();
        // A batch always fits into an empty queue, however large it is.
        while !state.closed && !state.batches.is_empty() && state.is_full() {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return Err(Closed);
        }
        state.messages += batch.len();
        state.bytes += batch.weight();
        let empty = state.spare.pop().unwrap_or_default();
        state.batches.push_back(std::mem::replace(batch, empty));
        let first = state.batches.len() == 1;
        drop(state);
        // Where batches wait already, the worker has been woken for them.
        if first {
            self.control.wake();
        }
        Ok(())
    }

    /// Says that no more will come, and wakes the worker.
    pub fn finish(&self) {
        self.lock().ended = true;
        self.control.wake();
    }

    /// Takes the oldest batch, if one waits.
    pub fn take(&self) -> Option<Batch> {
        let mut state = self.lock();
        let batch = state.batches.pop_front()?;
        let was_full = state.is_full();
        state.messages -= batch.len();
        state.bytes -= batch.weight();
        if was_full && !state.is_full() {
            self.room.notify_all();
        }
        Some(batch)
    }

    /// Gives an emptied batch back, for its memory.
    pub fn give_back(&self, mut batch: Batch) {
        batch.clear();
        let mut state = self.lock();
        if state.spare.len() < Self::MAX_SPARE {
            state.spare.push(batch);
        }
    }

    /// How many messages wait.
    pub fn backlog(&self) -> usize {
        self.lock().messages
    }

    /// Whether the source has ended and everything was taken.
    pub fn is_finished(&self) -> bool {
        let state = self.lock();
        state.ended && state.batches.is_empty()
    }

    /// Takes no more: a source that waits for room is let go.
    pub fn close(&self) {
        self.lock().closed = true;
        self.room.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_full(&self) -> bool {
        self.messages >= Queue::MAX_MESSAGES || self.bytes >= Queue::MAX_BYTES
    }
}

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
    bound: Bound,
    control: Control,
}

/// How much waits in a [`Queue`] at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// How many messages: by default 65 536, which are some milliseconds of a flood.
    pub messages: usize,
    /// How many bytes, headers included: by default 8 MiB.
    pub bytes: usize,
}

impl Default for Bound {
    fn default() -> Self {
        Bound { messages: 64 * 1024, bytes: 8 << 20 }
    }
}

#[derive(Default)]
struct State {
    batches: VecDeque<Batch>,
    /// Emptied batches, whose memory the source uses again.
    spare: Vec<Batch>,
    messages: usize,
    bytes: usize,
    /// Threads that wait for room.
    held_back: usize,
    /// The source will push no more.
    ended: bool,
    /// The worker will take no more.
    closed: bool,
}

/// The worker takes no more: the pipeline has ended.
#[derive(Clone, Copy, Debug)]
pub struct Closed;

impl Queue {
    /// How many emptied batches are kept.
    const MAX_SPARE: usize = 8;

    /// An empty queue with the default bound. `control` wakes the worker when messages come.
    pub fn new(control: Control) -> Self {
        Queue::bounded(control, Bound::default())
    }

    /// An empty queue with a bound of its own.
    pub fn bounded(control: Control, bound: Bound) -> Self {
        Queue { state: Mutex::default(), room: Condvar::new(), bound, control }
    }

    /// How much waits at most.
    pub fn bound(&self) -> Bound {
        self.bound
    }

    /// Hands over a batch, and leaves an empty one in its place. Blocks while there is no room for it; says whether it did.
    ///
    /// # Errors
    /// [`Closed`] when the pipeline has ended: the batch was not taken.
    pub fn push(&self, batch: &mut Batch) -> Result<bool, Closed> {
        if batch.is_empty() {
            return Ok(false);
        }
        let mut held_back = false;
        let mut state = self.lock();
        // A batch always fits into an empty queue, however large it is.
        while !state.closed && !state.batches.is_empty() && !state.has_room(self.bound, batch) {
            held_back = true;
            state.held_back += 1;
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.held_back -= 1;
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
        Ok(held_back)
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
        state.messages -= batch.len();
        state.bytes -= batch.weight();
        if state.held_back > 0 {
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
    fn has_room(&self, bound: Bound, batch: &Batch) -> bool {
        self.messages + batch.len() <= bound.messages && self.bytes + batch.weight() <= bound.bytes
    }
}

//! The bounded hand-over between a source's thread and the worker.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{AckProgress, Batch};
use crate::plan::Control;

/// Batches on their way from one source to the worker.
///
/// It is bounded: [`Queue::push`] blocks the source's thread while the queue is full, so that the source's
/// socket fills and TCP slows the server down, instead of memory growing or messages being dropped.
pub struct Queue {
    state: Mutex<State>,
    /// Signalled when the worker has taken batches, or takes no more.
    room: Condvar,
    /// Signalled when half of the queue is free again, for a source that may not block.
    half: Notify,
    settled: AckProgress,
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
    /// How many messages were pushed.
    pushed: u64,
    /// How many of them are what there was at the start, once that is known.
    snapshot: Option<u64>,
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
        Queue {
            state: Mutex::default(),
            room: Condvar::new(),
            half: Notify::new(),
            settled: AckProgress::default(),
            bound,
            control,
        }
    }

    /// What comes back for the messages: which of them are done with.
    pub fn settled(&self) -> &AckProgress {
        &self.settled
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
        self.place(state, batch)?;
        Ok(held_back)
    }

    /// The same without blocking, for a source that asks its server for no more than [there is room](Queue::until_half_free) for.
    ///
    /// # Errors
    /// [`Closed`] when the pipeline has ended: the batch was not taken.
    pub fn put(&self, batch: &mut Batch) -> Result<(), Closed> {
        if batch.is_empty() { Ok(()) } else { self.place(self.lock(), batch) }
    }

    fn place(&self, mut state: MutexGuard<'_, State>, batch: &mut Batch) -> Result<(), Closed> {
        if state.closed {
            return Err(Closed);
        }
        state.messages += batch.len();
        state.bytes += batch.weight();
        state.pushed += batch.len() as u64;
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

    /// Whether at most half of the queue is taken.
    pub fn is_half_free(&self) -> bool {
        self.lock().is_half_free(self.bound)
    }

    /// Waits until at most half of the queue is taken, or the worker takes no more. Only the source waits.
    pub async fn until_half_free(&self) {
        loop {
            {
                let state = self.lock();
                if state.is_half_free(self.bound) || state.closed {
                    return;
                }
            }
            self.half.notified().await;
        }
    }

    /// Says that what was pushed so far is all that there was at the start.
    pub fn end_snapshot(&self) {
        let mut state = self.lock();
        state.snapshot = Some(state.pushed);
        drop(state);
        self.control.wake();
    }

    /// Whether the first `taken` messages hold all that there was at the start.
    pub fn is_past_snapshot(&self, taken: u64) -> bool {
        self.lock().snapshot.is_some_and(|snapshot| taken >= snapshot)
    }

    /// Says that no more will come, and wakes the worker.
    pub fn finish(&self) {
        self.lock().ended = true;
        self.control.wake();
    }

    /// Whether the source has said that no more will come.
    pub fn is_ended(&self) -> bool {
        self.lock().ended
    }

    /// Takes the oldest batch, if one waits.
    pub fn take(&self) -> Option<Batch> {
        let mut state = self.lock();
        let batch = state.batches.pop_front()?;
        let was_half_free = state.is_half_free(self.bound);
        state.messages -= batch.len();
        state.bytes -= batch.weight();
        if !was_half_free && state.is_half_free(self.bound) {
            self.half.notify_one();
        }
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
        self.half.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_room(&self, bound: Bound, batch: &Batch) -> bool {
        self.messages + batch.len() <= bound.messages && self.bytes + batch.weight() <= bound.bytes
    }

    fn is_half_free(&self, bound: Bound) -> bool {
        self.messages <= bound.messages / 2 && self.bytes <= bound.bytes / 2
    }
}

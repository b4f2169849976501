//! The bounded queue between a source and the worker.

mod state;

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::{AckProgress, Bound, Closed, InputBatch, MessageBatch};
use crate::plan::Control;
use crate::telemetry::Waiting;
use state::State;

/// Batches on their way from one source to the worker.
///
/// It is bounded: [`push`](InputQueue::push) blocks the source's thread while the queue is full. The source's socket then
/// fills and TCP slows the server down; memory does not grow, and nothing is dropped.
///
/// The commits of a source that seals its own are taken one by one. A source in memory has no bound: a test that gives rows
/// before the pipeline runs must not wait for it.
pub struct InputQueue<B = MessageBatch> {
    state: Mutex<State<B>>,
    /// Signalled when the worker has taken a batch, or takes no more.
    room: Condvar,
    /// Signalled when half of the queue is free again, for a source that must not block.
    half_free: Notify,
    /// Signalled when the worker takes no more.
    closed: Notify,
    acks: AckProgress,
    bound: Bound,
    control: Control,
}

impl<B: InputBatch> InputQueue<B> {
    /// How many emptied batches are kept.
    const MAX_SPARE: usize = 8;

    /// An empty queue with the default bound. `control` wakes the worker when messages arrive.
    pub fn new(control: Control) -> Self {
        InputQueue::bounded(control, Bound::default())
    }

    /// An empty queue with another bound.
    pub fn bounded(control: Control, bound: Bound) -> Self {
        InputQueue {
            state: Mutex::default(),
            room: Condvar::new(),
            half_free: Notify::new(),
            closed: Notify::new(),
            acks: AckProgress::default(),
            bound,
            control,
        }
    }

    /// How far the pipeline has confirmed the messages.
    pub fn acks(&self) -> &AckProgress {
        &self.acks
    }

    /// How much the queue holds.
    pub fn bound(&self) -> Bound {
        self.bound
    }

    /// The pipeline that takes the batches.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Hands over a batch, and leaves an empty one in its place. Blocks while there is no room for it; returns whether it did.
    ///
    /// # Errors
    /// [`Closed`] when the pipeline or the source has ended: the batch was not taken.
    pub fn push(&self, batch: &mut B) -> Result<bool, Closed> {
        if batch.is_empty() {
            return Ok(false);
        }
        let (arrived, mut blocked) = (Instant::now(), false);
        let mut state = self.lock();
        // A batch always fits into an empty queue, however large it is.
        while !state.takes_no_more() && !state.batches.is_empty() && !state.has_room(self.bound, batch) {
            blocked = true;
            state.blocked += 1;
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.blocked -= 1;
        }
        if state.takes_no_more() {
            return Err(Closed);
        }
        self.enqueue(state, batch, arrived)?;
        Ok(blocked)
    }

    /// Hands over a batch without blocking, for a source that asks for no more than [fits](InputQueue::until_half_free).
    ///
    /// # Errors
    /// [`Closed`] when the pipeline has ended: the batch was not taken.
    pub fn push_unblocked(&self, batch: &mut B) -> Result<(), Closed> {
        if batch.is_empty() { Ok(()) } else { self.enqueue(self.lock(), batch, Instant::now()) }
    }

    fn enqueue(&self, mut state: MutexGuard<'_, State<B>>, batch: &mut B, arrived: Instant) -> Result<(), Closed> {
        if state.closed {
            return Err(Closed);
        }
        let empty = state.spare.pop().unwrap_or_default();
        state.enqueue(std::mem::replace(batch, empty), arrived);
        self.wake_for_first(state);
        Ok(())
    }

    /// Where batches wait already, the worker has been woken for them.
    fn wake_for_first(&self, state: MutexGuard<'_, State<B>>) {
        let first = state.batches.len() == 1;
        drop(state);
        if first {
            self.control.wake();
        }
    }

    /// Adds to the last batch that waits, or to a new one where that has `batch_len` messages already. Blocks while the
    /// queue is full.
    ///
    /// # Errors
    /// [`Closed`] when the pipeline stops, or it or the source has ended: nothing was added.
    pub fn append(&self, batch_len: usize, add: impl FnOnce(&mut B)) -> Result<(), Closed> {
        let mut guard = self.lock_to_add()?;
        let state = &mut *guard;
        if state.batches.back().is_none_or(|(_, last)| last.len() >= batch_len) {
            let batch = state.spare.pop().unwrap_or_default();
            state.batches.push_back((Instant::now(), batch));
        }
        if let Some((_, last)) = state.batches.back_mut() {
            let (len, weight) = (last.len(), last.weight());
            add(last);
            let added = last.len() - len;
            state.messages += added;
            state.pushed += added as u64;
            state.bytes += last.weight() - weight;
        }
        self.wake_for_first(guard);
        Ok(())
    }

    /// Adds to the open commit. Blocks while sealed commits fill the queue.
    ///
    /// # Errors
    /// [`Closed`] when the pipeline stops, or it or the source has ended: nothing was added.
    pub fn append_to_open(&self, add: impl FnOnce(&mut B)) -> Result<(), Closed> {
        add(&mut self.lock_to_add()?.open);
        Ok(())
    }

    /// Adds to the open commit of a source in memory, without waiting.
    pub fn add_to_open(&self, add: impl FnOnce(&mut B)) {
        add(&mut self.lock().open);
    }

    /// Seals the open commit, once there is room. An empty one is left out.
    ///
    /// # Errors
    /// [`Closed`] when the pipeline stops or has ended: the commit was not taken.
    pub fn seal_with_room(&self) -> Result<(), Closed> {
        let mut state = self.lock_with_room()?;
        if !state.open.is_empty() {
            state.seal();
            self.wake_for_first(state);
        }
        Ok(())
    }

    /// Seals the open commit of a source in memory, which may be empty, and does not wake the worker: the caller does.
    pub fn seal(&self) {
        self.lock().seal();
    }

    /// Waits for room, where the source has not ended.
    fn lock_to_add(&self) -> Result<MutexGuard<'_, State<B>>, Closed> {
        self.lock_with_room().and_then(|state| if state.ended { Err(Closed) } else { Ok(state) })
    }

    /// Waits for room. It notices a stop even if nothing is taken any more.
    fn lock_with_room(&self) -> Result<MutexGuard<'_, State<B>>, Closed> {
        const STOP_CHECK: Duration = Duration::from_millis(20);
        let mut state = self.lock();
        loop {
            if state.closed || self.control.is_stopping() {
                return Err(Closed);
            }
            if state.messages < self.bound.messages && state.bytes < self.bound.bytes {
                return Ok(state);
            }
            state.blocked += 1;
            state = self.room.wait_timeout(state, STOP_CHECK).unwrap_or_else(PoisonError::into_inner).0;
            state.blocked -= 1;
        }
    }

    /// Whether at most half of the queue is taken.
    pub fn is_half_free(&self) -> bool {
        self.lock().is_half_free(self.bound)
    }

    /// Waits until at most half of the queue is taken, or the worker takes no more. Only the source may wait.
    pub async fn until_half_free(&self) {
        loop {
            {
                let state = self.lock();
                if state.is_half_free(self.bound) || state.closed {
                    return;
                }
            }
            self.half_free.notified().await;
        }
    }

    /// Ends the initial snapshot: it consists of what was pushed so far.
    pub fn end_snapshot(&self) {
        let mut state = self.lock();
        state.snapshot = Some(state.pushed);
        drop(state);
        self.control.wake();
    }

    /// Whether the first `taken` messages include the initial snapshot.
    pub fn is_past_snapshot(&self, taken: u64) -> bool {
        self.lock().snapshot.is_some_and(|snapshot| taken >= snapshot)
    }

    /// The source pushes no more. Wakes the worker. The open commit of a source that seals its own is left out.
    pub fn finish(&self) {
        self.end(self.lock());
    }

    /// The source pushes no more, and its open commit is the last one.
    pub fn seal_and_finish(&self) {
        let mut state = self.lock();
        if !state.ended && !state.open.is_empty() {
            state.seal();
        }
        self.end(state);
    }

    fn end(&self, mut state: MutexGuard<'_, State<B>>) {
        state.ended = true;
        let pushed = state.pushed;
        drop(state);
        self.room.notify_all();
        self.acks.set_last(pushed);
        self.control.wake();
    }

    /// The pipeline has ended. Everything that the worker has taken is confirmed, or the pipeline has failed.
    pub(crate) fn end_acks(&self, all: bool) {
        let state = self.lock();
        let (part, taken) = (state.taken, state.pushed - state.messages as u64);
        drop(state);
        match part {
            Some(taken) if all => self.acks.end_after(taken),
            _ => self.acks.end(all.then_some(taken)),
        }
    }

    /// Whether the source pushes no more.
    pub fn is_ended(&self) -> bool {
        self.lock().ended
    }

    /// Takes the oldest batch, if one waits.
    pub fn take(&self) -> Option<B> {
        self.take_arrived().map(|(_, batch)| batch)
    }

    /// The same, with the time at which the batch has arrived: when its source has begun to hand it over.
    pub fn take_arrived(&self) -> Option<(Instant, B)> {
        let mut state = self.lock();
        let (arrived, batch) = state.batches.pop_front()?;
        let was_half_free = state.is_half_free(self.bound);
        state.messages -= batch.len();
        state.bytes -= batch.weight();
        if !was_half_free && state.is_half_free(self.bound) {
            self.half_free.notify_one();
        }
        if state.blocked > 0 {
            self.room.notify_all();
        }
        Some((arrived, batch))
    }

    /// Gives an emptied batch back, for its memory.
    pub fn recycle(&self, mut batch: B) {
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

    /// What waits, for the statistics.
    pub(super) fn waiting(&self) -> Waiting {
        let state = self.lock();
        Waiting { messages: state.messages, stored: state.batches.front().and_then(|(_, batch)| batch.first_stored()) }
    }

    /// How many messages were handed over so far.
    pub fn pushed(&self) -> u64 {
        self.lock().pushed
    }

    /// How many batches wait: commits, of a source that seals its own.
    pub(super) fn batches(&self) -> usize {
        self.lock().batches.len()
    }

    /// Whether the source has ended and everything was taken.
    pub fn is_finished(&self) -> bool {
        let state = self.lock();
        state.ended && state.batches.is_empty()
    }

    /// The worker takes no more. Releases a source that waits for room.
    pub fn close(&self) {
        self.lock().closed = true;
        self.room.notify_all();
        self.half_free.notify_one();
        self.closed.notify_waiters();
    }

    /// As [`close`](InputQueue::close). The worker has taken only the first `messages` messages: no others are confirmed.
    pub(super) fn close_after(&self, messages: u64) {
        self.lock().taken = Some(messages);
        self.close();
    }

    /// Waits until the worker takes no more.
    pub async fn closed(&self) {
        // From here on, it notices `close`.
        let closed = self.closed.notified();
        if !self.is_closed() {
            closed.await;
        }
    }

    /// Whether the worker takes no more.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, State<B>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B: InputBatch> fmt::Debug for InputQueue<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputQueue").field("backlog", &self.backlog()).finish_non_exhaustive()
    }
}

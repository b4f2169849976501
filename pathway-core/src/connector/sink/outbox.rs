//! The queue between the worker and a sink.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::EncodedBatch;
use crate::data::{Commit, EncodeError};
use crate::plan::Control;

/// What one commit has for a sink.
pub trait OutputBatch: Send + Sync + 'static {
    /// The commit's number.
    fn commit(&self) -> Commit;

    /// How many messages or rows there are.
    fn len(&self) -> usize;

    /// The memory that they take, in bytes.
    fn weight(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Leaves out the first messages or rows: the sink holds them already.
    fn skip(&mut self, count: usize);

    /// How many cannot be written, because a row could not be encoded or its subject is invalid, and why the first cannot.
    fn invalid(&self) -> Option<(usize, EncodeError)> {
        None
    }
}

/// Batches that the worker has made and the sink has not confirmed yet.
///
/// [`push`](Outbox::push) never blocks, because a blocked worker would hold up the dataflow. Instead, the worker opens no
/// new commit while an outbox [is full](Outbox::is_full).
pub struct Outbox<B = EncodedBatch> {
    state: Mutex<State<B>>,
    /// Signalled when there is a batch to take, or no more follow: for sinks that wait asynchronously, and for others.
    available: Notify,
    available_blocking: Condvar,
    control: Control,
}

struct State<B> {
    /// Not taken yet.
    waiting: VecDeque<Arc<B>>,
    /// The weight of all batches that are not confirmed, taken or not.
    weight: usize,
    /// The commits of these batches, in order.
    unconfirmed: VecDeque<Commit>,
    finished: bool,
    /// Commits before this one are not taken: an earlier run has written them.
    skipped: Commit,
    /// How many threads wait in [`Outbox::next_blocking`].
    blocked: usize,
}

/// How much waits, in bytes, before the worker opens no new commit.
const MAX_WEIGHT: usize = 8 << 20;

impl<B: OutputBatch> Outbox<B> {
    /// An empty outbox. `control` wakes the worker when there is room again.
    pub fn new(control: Control) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            weight: 0,
            unconfirmed: VecDeque::new(),
            finished: false,
            skipped: 0,
            blocked: 0,
        };
        Outbox { state: Mutex::new(state), available: Notify::new(), available_blocking: Condvar::new(), control }
    }

    /// Hands over what a commit has for the sink.
    pub fn push(&self, batch: B) {
        let mut state = self.lock();
        if batch.commit() < state.skipped {
            return;
        }
        state.weight += batch.weight();
        state.unconfirmed.push_back(batch.commit());
        state.waiting.push_back(Arc::new(batch));
        self.notify(state);
    }

    /// Leaves out the commits before this one.
    pub(super) fn skip_before(&self, commit: Commit) {
        self.lock().skipped = commit;
    }

    /// No more follow.
    pub fn finish(&self) {
        let mut state = self.lock();
        state.finished = true;
        self.notify(state);
    }

    fn notify(&self, state: MutexGuard<'_, State<B>>) {
        let blocked = state.blocked > 0;
        drop(state);
        self.available.notify_one();
        // Notifying a condition variable is a system call, even if nobody waits.
        if blocked {
            self.available_blocking.notify_one();
        }
    }

    /// Takes the oldest batch that was not taken, if there is one. It counts towards the bound until it is confirmed.
    pub fn take(&self) -> Option<Arc<B>> {
        self.lock().waiting.pop_front()
    }

    /// Waits until a batch can be taken. `None` when no more follow.
    pub async fn next(&self) -> Option<Arc<B>> {
        loop {
            {
                let mut state = self.lock();
                if let Some(batch) = state.waiting.pop_front() {
                    return Some(batch);
                }
                if state.finished {
                    return None;
                }
            }
            self.available.notified().await;
        }
    }

    /// Blocks until a batch can be taken. `None` when no more follow.
    pub fn next_blocking(&self) -> Option<Arc<B>> {
        let mut state = self.lock();
        loop {
            if let Some(batch) = state.waiting.pop_front() {
                return Some(batch);
            }
            if state.finished {
                return None;
            }
            state.blocked += 1;
            state = self.available_blocking.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.blocked -= 1;
        }
    }

    /// The sink has written a batch. Returns false, and does nothing, where it has confirmed the batch already.
    pub fn confirm(&self, batch: &B) -> bool {
        self.confirm_commit(batch.commit(), batch.weight())
    }

    /// The sink has written the batch of a commit, which had this weight. Returns false if it is confirmed already.
    pub(super) fn confirm_commit(&self, commit: Commit, weight: usize) -> bool {
        let mut state = self.lock();
        let was_full = state.is_full();
        let Some(position) = state.unconfirmed.iter().position(|unconfirmed| *unconfirmed == commit) else {
            return false;
        };
        state.unconfirmed.remove(position);
        state.weight -= weight;
        let wake = (was_full && !state.is_full()) || state.unconfirmed.is_empty();
        drop(state);
        if wake {
            self.control.wake();
        }
        true
    }

    /// Whether no more batches follow.
    pub(super) fn is_finished(&self) -> bool {
        self.lock().finished
    }

    /// Whether the worker should wait before it opens another commit.
    pub fn is_full(&self) -> bool {
        self.lock().is_full()
    }

    /// How many batches are not confirmed.
    pub fn unconfirmed(&self) -> usize {
        self.lock().unconfirmed.len()
    }

    /// The oldest commit that is not confirmed.
    pub fn oldest_unconfirmed(&self) -> Option<Commit> {
        self.lock().unconfirmed.front().copied()
    }

    fn lock(&self) -> MutexGuard<'_, State<B>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> State<B> {
    fn is_full(&self) -> bool {
        self.weight >= MAX_WEIGHT
    }
}

impl<B: OutputBatch> fmt::Debug for Outbox<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("unconfirmed", &self.unconfirmed()).finish_non_exhaustive()
    }
}

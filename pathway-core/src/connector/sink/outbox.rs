//! The queue between the worker and a sink.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::EncodedBatch;
use crate::data::{Commit, EncodeError};
use crate::plan::Control;
use crate::telemetry::{OutboxStats, PublishSpan};

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
    sink: Arc<str>,
    control: Control,
}

struct State<B> {
    /// Not taken yet. Each waits until as many records of the log are on the disk.
    waiting: VecDeque<(u64, Arc<B>)>,
    /// How many records are.
    released: u64,
    is_discarded: bool,
    /// The weight of all batches that are not confirmed, taken or not.
    weight: usize,
    /// These batches, in order.
    unconfirmed: VecDeque<Unconfirmed>,
    /// How many messages they have.
    messages: u64,
    /// How long so much has waited that it was full, and since when it is.
    full: Duration,
    full_since: Option<Instant>,
    finished: bool,
    /// Commits before this one are not taken: an earlier run has written them.
    skipped: Commit,
    /// How many threads wait in [`Outbox::next_blocking`].
    blocked: usize,
}

/// A batch that the sink has not confirmed.
struct Unconfirmed {
    commit: Commit,
    messages: u64,
    /// When the sink could take it, or was given it and could not.
    since: Instant,
    /// It cannot be taken before as many records of the log are on the disk.
    needed: u64,
    /// Ends when it is confirmed.
    _span: PublishSpan,
}

/// How much waits, in bytes, before the worker opens no new commit.
const MAX_WEIGHT: usize = 8 << 20;

impl<B: OutputBatch> Outbox<B> {
    /// An empty outbox of a sink. `control` wakes the worker when there is room again.
    pub fn new(sink: Arc<str>, control: Control) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            released: 0,
            is_discarded: false,
            weight: 0,
            unconfirmed: VecDeque::new(),
            messages: 0,
            full: Duration::ZERO,
            full_since: None,
            finished: false,
            skipped: 0,
            blocked: 0,
        };
        Outbox { state: Mutex::new(state), available: Notify::new(), available_blocking: Condvar::new(), sink, control }
    }

    /// Hands over what a commit has for the sink.
    pub fn push(&self, batch: B) {
        self.push_after(self.control.persistent().map_or(0, |state| state.needed_record()), batch);
    }

    /// Hands over a batch that is not taken before as many records of the log are on the disk.
    fn push_after(&self, needed: u64, batch: B) {
        let mut state = self.lock();
        if batch.commit() < state.skipped || state.is_discarded {
            return;
        }
        let (commit, messages, since) = (batch.commit(), batch.len() as u64, Instant::now());
        state.weight += batch.weight();
        if state.is_full() {
            state.full_since.get_or_insert(since);
        }
        state.messages += messages;
        state.unconfirmed.push_back(Unconfirmed {
            commit,
            messages,
            since,
            needed,
            _span: PublishSpan::begin(&self.sink),
        });
        self.control.latencies().handed_over(commit);
        state.waiting.push_back((needed, Arc::new(batch)));
        self.notify(state);
    }

    /// As many records of the log are on the disk.
    pub(super) fn release(&self, records: u64) {
        let mut state = self.lock();
        let (before, now) = (std::mem::replace(&mut state.released, records), Instant::now());
        let released = state.unconfirmed.iter_mut().filter(|batch| batch.needed > before && batch.needed <= records);
        released.for_each(|batch| batch.since = now);
        self.notify(state);
    }

    /// What was not taken is not, and nothing else.
    pub(super) fn discard_waiting(&self) {
        let mut state = self.lock();
        state.is_discarded = true;
        state.waiting.clear();
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
        self.lock().next()
    }

    /// Waits until a batch can be taken. `None` when no more follow.
    pub async fn next(&self) -> Option<Arc<B>> {
        loop {
            {
                let mut state = self.lock();
                if let Some(batch) = state.next() {
                    return Some(batch);
                }
                if state.is_at_end() {
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
            if let Some(batch) = state.next() {
                return Some(batch);
            }
            if state.is_at_end() {
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
        let position = state.unconfirmed.iter().position(|unconfirmed| unconfirmed.commit == commit);
        let Some(batch) = position.and_then(|position| state.unconfirmed.remove(position)) else {
            return false;
        };
        let now = Instant::now();
        state.weight -= weight;
        state.messages -= batch.messages;
        if was_full && !state.is_full() {
            state.full = state.full_for(now);
            state.full_since = None;
        }
        let wake = (was_full && !state.is_full()) || state.unconfirmed.is_empty();
        drop(state);
        self.control.latencies().confirmed(commit, now.saturating_duration_since(batch.since), now);
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
        self.lock().unconfirmed.front().map(|batch| batch.commit)
    }

    /// What waits, for the statistics.
    pub(super) fn stats(&self) -> OutboxStats {
        let state = self.lock();
        OutboxStats { messages: state.messages, full: state.full_for(Instant::now()), is_full: state.is_full() }
    }

    fn lock(&self) -> MutexGuard<'_, State<B>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> State<B> {
    /// Takes the oldest batch, if it can be taken.
    fn next(&mut self) -> Option<Arc<B>> {
        let released = self.released;
        self.waiting.pop_front_if(|(needed, _)| *needed <= released).map(|(_, batch)| batch)
    }

    fn is_at_end(&self) -> bool {
        self.finished && self.waiting.is_empty()
    }

    fn is_full(&self) -> bool {
        self.weight >= MAX_WEIGHT
    }

    fn full_for(&self, now: Instant) -> Duration {
        self.full + self.full_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

impl<B: OutputBatch> fmt::Debug for Outbox<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("unconfirmed", &self.unconfirmed()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(commit: Commit) -> EncodedBatch {
        EncodedBatch::new(commit, 0, "s".into())
    }

    #[test]
    fn a_batch_is_taken_when_its_record_is_on_the_disk() {
        let outbox = Outbox::<EncodedBatch>::new("sink".into(), Control::new());
        let take = || outbox.take().map(|batch| batch.commit);
        (1..=3).for_each(|commit| outbox.push_after(commit, batch(commit)));
        outbox.finish();
        assert_eq!((take(), outbox.unconfirmed()), (None, 3));
        outbox.release(2);
        assert_eq!([take(), take(), take()], [Some(1), Some(2), None]);
        std::thread::scope(|scope| {
            // It waits for the last one, though no more follow.
            let next = scope.spawn(|| [(); 2].map(|()| outbox.next_blocking().map(|batch| batch.commit)));
            outbox.release(3);
            assert_eq!(next.join().expect("a thread"), [Some(3), None]);
        });
    }

    #[test]
    fn nothing_is_taken_when_the_disk_has_failed() {
        let outbox = Outbox::<EncodedBatch>::new("sink".into(), Control::new());
        outbox.push_after(1, batch(0));
        outbox.discard_waiting();
        outbox.push_after(1, batch(1));
        outbox.release(1);
        outbox.finish();
        assert!(outbox.take().is_none() && outbox.next_blocking().is_none());
    }
}

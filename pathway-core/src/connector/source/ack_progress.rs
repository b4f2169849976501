//! How far the pipeline has confirmed a source's messages: acknowledgements wait for this.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Tells a source which of its messages are confirmed. Messages are counted in the order in which they were handed over,
/// so that no data has to travel back.
#[derive(Default)]
pub struct AckProgress {
    /// The source has asked for this. Nothing is kept for others. The worker reads it with each commit, so it is not locked.
    requested: AtomicBool,
    state: Mutex<AckSnapshot>,
    changed: Notify,
    ended: Notify,
}

/// How far a source's messages are confirmed.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AckSnapshot {
    /// So many of the first messages are confirmed: the commits that they belong to are done, and every sink has confirmed
    /// what it was given for them.
    pub messages: u64,
    /// So many of the first messages are durable: no restart will need them again. Without persistence that is the case as
    /// soon as they are confirmed.
    pub durable: u64,
    /// The numbers, from 0, of messages that could not be decoded.
    pub rejected: VecDeque<u64>,
    /// Nothing more follows.
    pub over: bool,
}

impl AckProgress {
    /// Requests the progress. Call it before the first message is handed over.
    pub fn request(&self) {
        self.requested.store(true, Ordering::Relaxed);
    }

    /// Whether the source has requested the progress.
    pub fn is_requested(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }

    /// The message with this number, from 0, could not be decoded.
    pub fn reject(&self, number: u64) {
        if self.is_requested() {
            self.lock().rejected.push_back(number);
        }
    }

    /// The first `messages` messages are confirmed.
    pub fn advance(&self, messages: u64) {
        let mut state = self.lock();
        state.messages = messages;
        state.durable = messages;
        drop(state);
        self.changed.notify_one();
    }

    /// Nothing more follows: `all` messages are confirmed, or the pipeline has failed.
    pub fn end(&self, all: bool) {
        let mut state = self.lock();
        state.over = true;
        if all {
            state.messages = u64::MAX;
            state.durable = u64::MAX;
        }
        drop(state);
        self.changed.notify_one();
        self.ended.notify_one();
    }

    /// Waits until nothing more follows. Returns false where the pipeline has failed. Only the source may wait.
    pub async fn ended(&self) -> bool {
        loop {
            {
                let state = self.lock();
                if state.over {
                    return state.messages == u64::MAX;
                }
            }
            self.ended.notified().await;
        }
    }

    /// Waits until something has changed. Only the source may wait.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// How far the messages are confirmed. Each rejected message that is confirmed is returned once.
    pub fn take(&self) -> AckSnapshot {
        let mut state = self.lock();
        let confirmed = state.rejected.iter().take_while(|number| **number < state.messages).count();
        let rejected = state.rejected.drain(..confirmed).collect();
        AckSnapshot { rejected, ..*state }
    }

    fn lock(&self) -> MutexGuard<'_, AckSnapshot> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for AckProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AckProgress").field("snapshot", &*self.lock()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_messages_are_returned_once_they_are_confirmed() {
        let progress = AckProgress::default();
        progress.reject(0);
        progress.request();
        [1, 4, 5].into_iter().for_each(|number| progress.reject(number));
        progress.advance(5);
        let snapshot = progress.take();
        assert_eq!((snapshot.messages, snapshot.rejected, snapshot.over), (5, VecDeque::from([1, 4]), false));
        progress.end(true);
        let snapshot = progress.take();
        assert_eq!((snapshot.messages, snapshot.rejected, snapshot.over), (u64::MAX, VecDeque::from([5]), true));
    }
}

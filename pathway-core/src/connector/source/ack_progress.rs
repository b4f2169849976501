//! How far the pipeline has come with a source's messages: what their acknowledgement waits for.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Says back to a source which of its messages are done with. Messages are counted in the order in which they were
/// handed over, so that no data has to come back.
#[derive(Default)]
pub struct AckProgress {
    state: Mutex<AckSnapshot>,
    news: Notify,
    end: Notify,
}

/// Where a source's messages stand.
#[derive(Clone, Debug, Default)]
pub struct AckSnapshot {
    /// The source asks for this. Else nothing is kept.
    wanted: bool,
    /// So many of the first messages are through, and the server has all that they caused.
    pub messages: u64,
    /// The numbers, from 0, of those that could not be read.
    pub rejected: VecDeque<u64>,
    /// Nothing more will be said.
    pub over: bool,
}

impl AckProgress {
    /// Asks to be told, before any message is handed over.
    pub fn want(&self) {
        self.lock().wanted = true;
    }

    /// Whether the source wants to be told.
    pub fn is_wanted(&self) -> bool {
        self.lock().wanted
    }

    /// The message with that number, from 0, can't be read.
    pub fn reject(&self, number: u64) {
        let mut state = self.lock();
        if state.wanted {
            state.rejected.push_back(number);
        }
    }

    /// The first so many messages are done with.
    pub fn advance(&self, messages: u64) {
        self.lock().messages = messages;
        self.news.notify_one();
    }

    /// Nothing more will be said; `all` messages are done with, or the pipeline has failed.
    pub fn end(&self, all: bool) {
        let mut state = self.lock();
        state.over = true;
        if all {
            state.messages = u64::MAX;
        }
        drop(state);
        self.news.notify_one();
        self.end.notify_one();
    }

    /// Waits until nothing more will be said; false where the pipeline has failed. Only the source waits.
    pub async fn ended(&self) -> bool {
        loop {
            {
                let state = self.lock();
                if state.over {
                    return state.messages == u64::MAX;
                }
            }
            self.end.notified().await;
        }
    }

    /// Waits until there is something new. Only the source waits.
    pub async fn news(&self) {
        self.news.notified().await;
    }

    /// Where the messages stand. Rejects that are done with are handed out once.
    pub fn take(&self) -> AckSnapshot {
        let mut state = self.lock();
        let done = state.rejected.iter().take_while(|number| **number < state.messages).count();
        let rejected = state.rejected.drain(..done).collect();
        AckSnapshot { rejected, ..*state }
    }

    fn lock(&self) -> MutexGuard<'_, AckSnapshot> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_come_with_what_is_done() {
        let settled = AckProgress::default();
        settled.reject(0);
        settled.want();
        [1, 4, 5].into_iter().for_each(|number| settled.reject(number));
        settled.advance(5);
        let standing = settled.take();
        assert_eq!((standing.messages, standing.rejected, standing.over), (5, VecDeque::from([1, 4]), false));
        settled.end(true);
        let standing = settled.take();
        assert_eq!((standing.messages, standing.rejected, standing.over), (u64::MAX, VecDeque::from([5]), true));
    }
}

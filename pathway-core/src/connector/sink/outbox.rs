//! The hand-over between the worker and a sink's thread.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::EncodedBatch;
use crate::data::Commit;
use crate::plan::Control;

/// Parcels that the worker has sealed and the server has not confirmed yet.
///
/// [`Outbox::push`] never blocks, because a worker that blocks would hold up the dataflow.
/// Instead the worker opens no new commit while an outbox [is full](Outbox::is_full).
pub struct Outbox {
    state: Mutex<State>,
    /// Signalled when there is a parcel to send, or there will be no more.
    news: Notify,
    control: Control,
}

#[derive(Default)]
struct State {
    /// Not sent yet.
    waiting: VecDeque<Arc<EncodedBatch>>,
    /// The weight of all parcels that are not confirmed, sent or not.
    weight: usize,
    /// The commits of the parcels that are not confirmed, in order.
    unconfirmed: VecDeque<Commit>,
    finished: bool,
}

impl Outbox {
    /// How much waits, in bytes, before the worker opens no new commit.
    pub const MAX_WEIGHT: usize = 8 << 20;

    /// An empty outbox. `control` wakes the worker when there is room again.
    pub fn new(control: Control) -> Self {
        Outbox { state: Mutex::default(), news: Notify::new(), control }
    }

    /// Hands over the messages of a commit.
    pub fn push(&self, parcel: EncodedBatch) {
        let mut state = self.lock();
        state.weight += parcel.weight();
        state.unconfirmed.push_back(parcel.commit);
        state.waiting.push_back(Arc::new(parcel));
        drop(state);
        self.news.notify_one();
    }

    /// Says that no more will come.
    pub fn finish(&self) {
        self.lock().finished = true;
        self.news.notify_one();
    }

    /// Takes the oldest parcel that was not sent, if there is one. It stays on the books until confirmed.
    pub fn take(&self) -> Option<Arc<EncodedBatch>> {
        self.lock().waiting.pop_front()
    }

    /// Waits until a parcel can be taken; `None` when there will be no more.
    pub async fn next(&self) -> Option<Arc<EncodedBatch>> {
        loop {
            {
                let mut state = self.lock();
                if let Some(parcel) = state.waiting.pop_front() {
                    return Some(parcel);
                }
                if state.finished {
                    return None;
                }
            }
            self.news.notified().await;
        }
    }

    /// Strikes a parcel off the books: the server has it.
    pub fn confirm(&self, parcel: &EncodedBatch) {
        let mut state = self.lock();
        let was_full = state.is_full();
        state.weight -= parcel.weight();
        if let Some(position) = state.unconfirmed.iter().position(|commit| *commit == parcel.commit) {
            state.unconfirmed.remove(position);
        }
        let wake = (was_full && !state.is_full()) || state.unconfirmed.is_empty();
        drop(state);
        if wake {
            self.control.wake();
        }
    }

    /// Whether the worker should wait before it opens another commit.
    pub fn is_full(&self) -> bool {
        self.lock().is_full()
    }

    /// How many parcels are not confirmed.
    pub fn unconfirmed(&self) -> usize {
        self.lock().unconfirmed.len()
    }

    /// The oldest commit of which something is not confirmed.
    pub fn oldest_unconfirmed(&self) -> Option<Commit> {
        self.lock().unconfirmed.front().copied()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_full(&self) -> bool {
        self.weight >= Outbox::MAX_WEIGHT
    }
}

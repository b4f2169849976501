//! What an in-memory source holds until its pipeline takes it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Items of one in-memory source, gathered into commits by hand.
pub struct CommitBuffer<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    /// The commit that is not sealed yet.
    open: T,
    sealed: VecDeque<T>,
    ended: bool,
}

impl<T: Default> CommitBuffer<T> {
    /// An empty mailbox.
    pub fn new() -> Self {
        CommitBuffer { state: Mutex::new(State { open: T::default(), sealed: VecDeque::new(), ended: false }) }
    }

    /// Adds to the open commit.
    pub fn add(&self, add: impl FnOnce(&mut T)) {
        add(&mut self.lock().open);
    }

    /// Seals the open commit, which may be empty.
    pub fn seal(&self) {
        let mut state = self.lock();
        let commit = std::mem::take(&mut state.open);
        state.sealed.push_back(commit);
    }

    /// Says that nothing more will come.
    pub fn end(&self) {
        self.lock().ended = true;
    }

    /// Takes the oldest sealed commit.
    pub fn take(&self) -> Option<T> {
        self.lock().sealed.pop_front()
    }

    /// Whether everything that was sealed was taken, and nothing more will come.
    pub fn is_finished(&self) -> bool {
        let state = self.lock();
        state.ended && state.sealed.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Default> Default for CommitBuffer<T> {
    fn default() -> Self {
        CommitBuffer::new()
    }
}

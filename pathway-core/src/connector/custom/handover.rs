//! The bounded hand-over of rows between a source's thread and the worker.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::row_sender::{RowSender, Stopped};
use super::source::Settings;
use crate::data::{Change, Error, ErrorKind, Schema};
use crate::plan::Control;

/// Rows on their way from a source of the user's own to the worker.
pub(super) struct Handover<R: Schema> {
    state: Mutex<State<R>>,
    /// Signalled when the worker has taken rows.
    room: Condvar,
    control: Control,
    own_commits: bool,
    append_only: bool,
}

struct State<R> {
    /// What was given since the last commit, of a source with commits of its own.
    open: Vec<Change<R>>,
    /// Of such a source, each is a commit.
    waiting: VecDeque<Vec<Change<R>>>,
    /// How many rows wait.
    rows: usize,
    /// The source gives no more.
    ended: bool,
    /// The worker takes no more.
    closed: bool,
}

impl<R: Schema> Handover<R> {
    /// How many rows wait at most before the source is held back, as many as messages of NATS.
    const MAX_ROWS: usize = 64 * 1024;
    /// How many rows lie together, of a source without commits of its own.
    const TOGETHER: usize = 1024;

    pub(super) fn new(control: Control, settings: &Settings) -> Self {
        let state = State { open: Vec::new(), waiting: VecDeque::new(), rows: 0, ended: false, closed: false };
        let (own_commits, append_only) = (settings.own_commits, settings.append_only);
        Handover { state: Mutex::new(state), room: Condvar::new(), control, own_commits, append_only }
    }

    pub(super) fn has_own_commits(&self) -> bool {
        self.own_commits
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.control.is_stopping() || self.lock().closed
    }

    /// Takes a change from the source.
    pub(super) fn push(&self, change: Change<R>) -> Result<(), Stopped> {
        if self.append_only && change.diff < 0 {
            let message = "a source that said that it is append-only has removed a row";
            self.control.fail(Error::new(ErrorKind::Custom, message));
            return Err(Stopped);
        }
        let mut state = self.with_room()?;
        if self.own_commits {
            state.open.push(change);
            return Ok(());
        }
        state.rows += 1;
        match state.waiting.back_mut() {
            Some(last) if last.len() < Self::TOGETHER => last.push(change),
            _ => state.waiting.push_back(vec![change]),
        }
        self.wake_for_the_first(state);
        Ok(())
    }

    /// Seals the open commit of a source with commits of its own, once there is room.
    pub(super) fn commit_when_there_is_room(&self) -> Result<(), Stopped> {
        self.seal(self.with_room()?);
        Ok(())
    }

    /// The same of a source that has ended, where waiting for room would help nobody.
    pub(super) fn commit(&self) {
        self.seal(self.lock());
    }

    fn seal(&self, mut state: MutexGuard<'_, State<R>>) {
        if !state.open.is_empty() {
            let commit = std::mem::take(&mut state.open);
            state.rows += commit.len();
            state.waiting.push_back(commit);
            self.wake_for_the_first(state);
        }
    }

    /// Where rows wait already, the worker has been woken for them.
    fn wake_for_the_first(&self, state: MutexGuard<'_, State<R>>) {
        let first = state.waiting.len() == 1;
        drop(state);
        if first {
            self.control.wake();
        }
    }

    /// Waits until there is room. Also while nobody takes rows any more, a stop is noticed.
    fn with_room(&self) -> Result<MutexGuard<'_, State<R>>, Stopped> {
        let mut state = self.lock();
        loop {
            if state.closed || self.control.is_stopping() {
                return Err(Stopped);
            }
            if state.rows < Self::MAX_ROWS {
                return Ok(state);
            }
            state = self.room.wait_timeout(state, RowSender::<R>::GLANCE).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes the oldest rows; of a source with commits of its own, the oldest commit.
    pub(super) fn take(&self) -> Option<Vec<Change<R>>> {
        let mut state = self.lock();
        let changes = state.waiting.pop_front()?;
        state.rows -= changes.len();
        drop(state);
        self.room.notify_all();
        Some(changes)
    }

    /// Says that the source gives no more, and wakes the worker.
    pub(super) fn finish(&self) {
        self.lock().ended = true;
        self.control.wake();
    }

    /// Says that the worker takes no more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.room.notify_all();
    }

    pub(super) fn is_finished(&self) -> bool {
        let state = self.lock();
        state.ended && state.waiting.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

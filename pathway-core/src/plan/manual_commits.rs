//! Commits that are sealed by hand: by a test, a broker in memory, or the holder of an input's feed.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Control;

/// Numbers the sealed commits of all groups. They are taken in this order.
static SEALING: Mutex<u64> = Mutex::new(0);

/// The commits of a group of sources that are sealed together, until they are done.
pub struct ManualCommits {
    state: Mutex<State>,
    /// Signalled when a commit is done, or the pipeline ends.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The numbers of the commits that were sealed and not taken yet.
    sealed: VecDeque<u64>,
    /// How many commits were taken and are not done.
    in_progress: usize,
    /// The pipeline that takes the commits, while it runs.
    running: Option<Control>,
}

impl ManualCommits {
    /// A group without commits.
    pub fn new() -> Self {
        ManualCommits { state: Mutex::default(), changed: Condvar::new() }
    }

    /// Seals a commit: `seal` makes the open rows of each of the group's sources one commit.
    ///
    /// While the pipeline runs, it returns when the commit is done, so that its effects can be seen.
    pub fn seal(&self, seal: impl FnOnce()) {
        self.seal_without_waiting(seal);
        self.wait();
    }

    /// Seals a commit, and returns at once.
    pub fn seal_without_waiting(&self, seal: impl FnOnce()) {
        let mut sealing = SEALING.lock().unwrap_or_else(PoisonError::into_inner);
        seal();
        *sealing += 1;
        let mut state = self.lock();
        state.sealed.push_back(*sealing);
        if let Some(pipeline) = &state.running {
            pipeline.wake();
        }
    }

    /// Waits until all sealed commits are done, or no pipeline runs that takes them.
    pub fn wait(&self) {
        let mut state = self.lock();
        while state.running.is_some() && !(state.sealed.is_empty() && state.in_progress == 0) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes the commit that was sealed first among several groups. Returns the number of its group.
    pub fn take_first(groups: &[std::sync::Arc<ManualCommits>]) -> Option<usize> {
        // No commit is sealed while the groups are compared.
        let _sealing = SEALING.lock().unwrap_or_else(PoisonError::into_inner);
        let heads = groups.iter().enumerate();
        let (_, first) = heads.filter_map(|(i, group)| Some((*group.lock().sealed.front()?, i))).min()?;
        let mut state = groups[first].lock();
        state.sealed.pop_front();
        state.in_progress += 1;
        Some(first)
    }

    /// The commits that were taken are done.
    pub fn done(&self) {
        self.lock().in_progress = 0;
        self.changed.notify_all();
    }

    /// A pipeline takes the commits from now on (`Some`), or no more (`None`).
    pub fn attach(&self, pipeline: Option<Control>) {
        self.lock().running = pipeline;
        self.changed.notify_all();
    }

    /// Whether a sealed commit waits to be taken.
    pub fn is_waiting(&self) -> bool {
        !self.lock().sealed.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualCommits {
    fn default() -> Self {
        ManualCommits::new()
    }
}

impl fmt::Debug for ManualCommits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualCommits").field("sealed", &self.lock().sealed.len()).finish_non_exhaustive()
    }
}

//! Commits that somebody else seals: a test, a broker in memory, the holder of an input's feed.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Control;

/// Numbers the sealed commits of all groups in one order, which is the order in which they are taken.
static SEALING: Mutex<u64> = Mutex::new(0);

/// The commits of a group of sources that are sealed together, from their sealing to their end.
pub struct ManualCommits {
    state: Mutex<State>,
    /// Signalled when a commit is through, or the pipeline ends.
    through: Condvar,
}

#[derive(Default)]
struct State {
    /// The numbers of the commits that were sealed and not taken.
    sealed: VecDeque<u64>,
    /// Commits that were taken and are not through.
    under_way: usize,
    /// The pipeline that takes the commits, while it runs.
    running: Option<Control>,
}

impl ManualCommits {
    /// A group without commits.
    pub fn new() -> Self {
        ManualCommits { state: Mutex::default(), through: Condvar::new() }
    }

    /// Seals a commit: `seal` puts the open rows of the group's sources down as one commit each.
    ///
    /// While the pipeline runs, it returns when the commit is through, so that its effects can be seen.
    pub fn seal(&self, seal: impl FnOnce()) {
        {
            let mut sealing = SEALING.lock().unwrap_or_else(PoisonError::into_inner);
            seal();
            *sealing += 1;
            let mut state = self.lock();
            state.sealed.push_back(*sealing);
            if let Some(pipeline) = &state.running {
                pipeline.wake();
            }
        }
        let mut state = self.lock();
        while state.running.is_some() && !(state.sealed.is_empty() && state.under_way == 0) {
            state = self.through.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes the commit that was sealed first among several groups, and says whose it is.
    pub fn take_first(groups: &[std::sync::Arc<ManualCommits>]) -> Option<usize> {
        // No commit is sealed while the groups are compared.
        let _sealing = SEALING.lock().unwrap_or_else(PoisonError::into_inner);
        let heads = groups.iter().enumerate();
        let (_, first) = heads.filter_map(|(i, group)| Some((*group.lock().sealed.front()?, i))).min()?;
        let mut state = groups[first].lock();
        state.sealed.pop_front();
        state.under_way += 1;
        Some(first)
    }

    /// Says that the commits which were taken are through.
    pub fn done(&self) {
        self.lock().under_way = 0;
        self.through.notify_all();
    }

    /// Says that a pipeline takes the commits from now on (`Some`), or no more (`None`).
    pub fn attach(&self, pipeline: Option<Control>) {
        self.lock().running = pipeline;
        self.through.notify_all();
    }

    /// Wakes the pipeline that takes the commits, if it runs.
    pub fn wake(&self) {
        if let Some(pipeline) = &self.lock().running {
            pipeline.wake();
        }
    }

    /// Whether a sealed commit waits.
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

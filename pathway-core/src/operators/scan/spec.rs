//! What a `scan` is made of.

use std::sync::Arc;

use super::timers::Timers;
use crate::data::Change;
use crate::operators::state::{Clocks, TimeParts};

/// The key of a row.
type Key<R, K> = Arc<dyn Fn(&R) -> K + Send + Sync>;

/// The closures and parameters of a `scan`, shared by all workers.
pub(in crate::operators) struct ScanSpec<R, T, K, S, O> {
    pub(in crate::operators) key: Key<R, K>,
    /// The time of a row, in ticks. Of no use where the table has no event time.
    pub(in crate::operators) time: Arc<dyn Fn(&R) -> i128 + Send + Sync>,
    /// The state of a new key.
    pub(in crate::operators) initial: S,
    pub(in crate::operators) step: Arc<Step<R, T, S, O>>,
    pub(in crate::operators) on_timer: Arc<OnTimer<T, K, S, O>>,
    /// How long after its last row a state is removed, in ticks.
    pub(in crate::operators) expire_after: Option<i128>,
}

/// Handles a row: changes the state of its key, and emits changes.
pub(in crate::operators) type Step<R, T, S, O> =
    dyn Fn(&mut S, &R, &mut Timers<'_, T>, &mut dyn FnMut(Change<O>)) + Send + Sync;

/// Handles a timer of a key.
pub(in crate::operators) type OnTimer<T, K, S, O> =
    dyn Fn(&K, &mut S, &mut Timers<'_, T>, &mut dyn FnMut(Change<O>)) + Send + Sync;

impl<R, T, K, S: Clone, O> Clone for ScanSpec<R, T, K, S, O> {
    fn clone(&self) -> Self {
        let ScanSpec { key, time, initial, step, on_timer, expire_after } = self;
        ScanSpec {
            key: Arc::clone(key),
            time: Arc::clone(time),
            initial: initial.clone(),
            step: Arc::clone(step),
            on_timer: Arc::clone(on_timer),
            expire_after: *expire_after,
        }
    }
}

/// How the rows of a table and its clocks move event time.
pub(in crate::operators) struct ScanTimes<R> {
    pub(in crate::operators) clocks: Clocks,
    pub(in crate::operators) parts: TimeParts<R>,
}

impl<R> Default for ScanTimes<R> {
    fn default() -> Self {
        ScanTimes { clocks: Clocks::default(), parts: TimeParts::Whole }
    }
}

impl<R> Clone for ScanTimes<R> {
    fn clone(&self) -> Self {
        ScanTimes { clocks: self.clocks.clone(), parts: self.parts.clone() }
    }
}

//! A reduction by windows: how rows become groups, and groups become rows.

use std::sync::Arc;

use super::grid::Grid;
use super::time::EventTime;
use super::windows::{ClosePolicy, Window};
use crate::data::{Change, Datum, DatumKey};
use crate::operators::reducers::{Multiset, Reducer};

/// The closures and parameters of a window operator, shared by all workers.
pub(super) struct WindowSpec<R, T, K, A, G: Reducer<A>, O> {
    pub(super) time: Arc<dyn Fn(&R) -> T + Send + Sync>,
    pub(super) key: Arc<dyn Fn(&R) -> K + Send + Sync>,
    pub(super) arguments: Arc<dyn Fn(&R) -> A + Send + Sync>,
    pub(super) reducers: Arc<G>,
    pub(super) output: MakeRow<K, T, G::Output, O>,
    pub(super) policy: ClosePolicy,
}

/// Makes the row of a group from its key, its window and the values of its reducers.
type MakeRow<K, T, V, O> = Arc<dyn Fn(&K, Window<T>, V) -> O + Send + Sync>;

/// What windows need of a change: the key, the event time in ticks, the arguments of the reducers, and how many copies are inserted
/// or removed. With several workers, this is sent to the one of the key.
pub(super) type KeyedChange<K, A> = (DatumKey<K>, i128, DatumKey<A>, i64);

impl<R, T: EventTime, K, A, G: Reducer<A>, O> WindowSpec<R, T, K, A, G, O> {
    /// What windows need of a change.
    pub(super) fn keyed(&self, Change { row, diff }: &Change<R>) -> KeyedChange<K, A> {
        (DatumKey((self.key)(row)), (self.time)(row).ticks(), DatumKey((self.arguments)(row)), *diff)
    }

    /// When the window that starts at `start` closes, in ticks. `None` if it never does.
    pub(super) fn closes(&self, grid: &Grid, start: T) -> Option<i128> {
        Some(grid.end(start.ticks()) + self.policy.allowed_lateness?)
    }

    /// Whether a session is closed at this event time, if the time of its last row is `end`.
    pub(super) fn session_has_closed(&self, end: i128, gap: i128, now: Option<i128>) -> bool {
        let (Some(late), Some(now)) = (self.policy.allowed_lateness, now) else { return false };
        now >= end + gap + late
    }

    /// The time of a row, in ticks; `None` if windows do not need event time, because they never close.
    pub(super) fn event_time(&self, row: &R) -> Option<i128> {
        self.policy.allowed_lateness.map(|_| (self.time)(row).ticks())
    }

    /// Computes the [event time](WindowSpec::event_time) of rows.
    pub(super) fn times(self: &Arc<Self>) -> impl Fn(&R) -> Option<i128> + use<R, T, K, A, G, O> {
        let spec = Arc::clone(self);
        move |row| spec.event_time(row)
    }

    /// The state of order-dependent reducers for the rows of a session. Its rows are in the order of event time, which late rows
    /// and merged sessions do not disturb.
    pub(super) fn state_of<'a>(&self, rows: impl Iterator<Item = (i128, &'a Multiset<A>)>) -> G::State
    where
        A: Datum,
    {
        let mut state = G::State::default();
        for (_, rows) in rows {
            for (argument, copies) in rows.iter() {
                self.reducers.update(&mut state, argument.clone_datum(), copies);
            }
        }
        state
    }
}

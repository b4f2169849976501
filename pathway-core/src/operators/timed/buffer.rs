//! `buffer`: holds rows back until event time has passed them.

use super::Timed;
use super::policy::{TimePolicy, Times};
use super::rows_by_time::RowsByTime;
use crate::data::{Change, Schema};
use crate::dataflow::SavedState;
use crate::operators::window::{EventTime, Length};
use crate::plan::Table;

impl<R: Schema> Table<R> {
    /// Holds each row back until event time is at least `delay` after its time.
    ///
    /// Downstream operators see the rows nearly in the order of their times, and do not see rows that are corrected or removed in
    /// the meantime. A row that arrives when event time is already that far is not held back. The last rows are held until later
    /// ones arrive. [`Table::timed`] explains event time; use it with [`idle_timeout`](Timed::idle_timeout) if the source may
    /// become idle.
    ///
    /// Memory: the rows that are held back. For each different row, its size and 60 bytes, 32 of these in nodes of up to eleven
    /// entries.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Debug, PartialEq)] struct Order { at: i64 }
    /// # let pipeline = Pipeline::new();
    /// let orders = pipeline.commits([10, 12, 15].map(|at| vec![Change::insert(Order { at })]));
    /// let delayed = orders.buffer(|o| o.at, 3).collect();
    /// # pipeline.run()?;
    /// assert_eq!(delayed.changes(), [(2, Order { at: 10 }, 1), (2, Order { at: 12 }, 1)]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn buffer<T: EventTime>(
        &self,
        time: impl Fn(&R) -> T + Send + Sync + 'static,
        delay: impl Length<T>,
    ) -> Table<R> {
        self.timed(time).buffer(delay)
    }
}

impl<R: Schema, T: EventTime> Timed<R, T> {
    /// Holds each row back until event time is at least `delay` after its time; see [`Table::buffer`].
    pub fn buffer(self, delay: impl Length<T>) -> Table<R> {
        let delay = self.ticks(delay);
        // The row that moves event time sends rows of other sources on.
        self.policy("buffer", delay, false, move |_| Buffer::new(delay)).into_origin()
    }
}

/// Keeps the rows that are held back, by time.
pub(super) struct Buffer<R> {
    delay: i128,
    held: RowsByTime<R>,
}

impl<R: Schema> Buffer<R> {
    fn new(delay: i128) -> Self {
        Buffer { delay, held: RowsByTime::new() }
    }
}

impl<R: Schema> TimePolicy<R> for Buffer<R> {
    fn apply(&mut self, changes: &mut Vec<(i128, Change<R>)>, times: Times, emit: &mut dyn FnMut(Change<R>)) {
        let Buffer { delay, held } = self;
        let is_past = |time: i128, now: Option<i128>| now.is_some_and(|now| now >= time + *delay);
        for (time, change) in changes.drain(..) {
            if is_past(time, times.before) {
                emit(change);
                continue;
            }
            held.update(time, change.row, change.diff);
        }
        held.take_while(|time| is_past(time, times.after), |row, copies| emit(Change { row, diff: copies }));
    }

    fn seal(&mut self) {}

    fn state(&mut self) -> &mut dyn SavedState {
        &mut self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataflow::StatefulOperator;
    use crate::operators::state::EventTimeTracker;
    use crate::operators::test_rows::{Row, max_kept, random_commits};
    use crate::operators::timed::policy::{PolicyOperator, check_policy};

    #[test]
    fn released_rows_leave_no_state() {
        let mut operator = PolicyOperator::new(Row::ticks(), EventTimeTracker::default(), Buffer::new(20));
        let max = max_kept(random_commits(2, 5), |mut commit, now| {
            operator.apply(&mut commit);
            operator.seal(&mut |_| {});
            let held = &operator.policy.held;
            assert!(held.times().iter().all(|time| time + 20 > now), "at {now}");
            held.times().len()
        });
        assert!((1..=20).contains(&max), "{max}");
    }

    #[test]
    fn it_holds_the_same_rows_after_a_restart() {
        check_policy(30, || Buffer::new(20));
    }
}

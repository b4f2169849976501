//! `forget`: removes rows that are too old in event time.

use super::Timed;
use super::policy::{TimePolicy, Times};
use super::rows_by_time::RowsByTime;
use crate::data::{Change, Schema};
use crate::dataflow::SavedState;
use crate::operators::window::{EventTime, Length};
use crate::plan::Table;

impl<R: Schema> Table<R> {
    /// Removes each row once its time is more than `after` before event time, which frees the state that downstream operators keep
    /// for it.
    ///
    /// Results that depend on the row change too: if the table has the rows of the last hour, a sum over it is the sum of the last
    /// hour. A row that is already too old when it arrives is dropped. A row that is removed after it was forgotten is removed only
    /// once. [`Table::timed`] explains event time; use it with [`idle_timeout`](Timed::idle_timeout) if the source may become idle.
    ///
    /// Memory: the rows that are not forgotten. For each different row, its size and 60 bytes, 32 of these in nodes of up to eleven
    /// entries.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Debug, PartialEq)] struct Order { at: i64 }
    /// # let pipeline = Pipeline::new();
    /// let orders = pipeline.commits([10, 15, 21].map(|at| vec![Change::insert(Order { at })]));
    /// let recent = orders.forget(|o| o.at, 10).collect();
    /// # pipeline.run()?;
    /// assert_eq!(recent.rows(), [Order { at: 15 }, Order { at: 21 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn forget<T: EventTime>(
        &self,
        time: impl Fn(&R) -> T + Send + Sync + 'static,
        after: impl Length<T>,
    ) -> Table<R> {
        self.timed(time).forget(after)
    }
}

impl<R: Schema, T: EventTime> Timed<R, T> {
    /// Removes each row once its time is more than `after` before event time; see [`Table::forget`].
    pub fn forget(self, after: impl Length<T>) -> Table<R> {
        let after = self.ticks(after);
        self.policy("forget", after, true, move |_| Forget::new(after))
    }
}

/// Keeps the rows that are not forgotten, by time.
pub(super) struct Forget<R> {
    after: i128,
    rows: RowsByTime<R>,
}

impl<R: Schema> Forget<R> {
    fn new(after: i128) -> Self {
        Forget { after, rows: RowsByTime::new() }
    }
}

impl<R: Schema> TimePolicy<R> for Forget<R> {
    fn apply(&mut self, changes: &mut Vec<(i128, Change<R>)>, times: Times, emit: &mut dyn FnMut(Change<R>)) {
        let first = times.after.map_or(i128::MIN, |now| now - self.after);
        for (time, Change { row, diff }) in changes.drain(..).filter(|(time, _)| *time >= first) {
            emit(Change { row: row.clone_datum(), diff });
            self.rows.update(time, row, diff);
        }
        self.rows.take_while(|time| time < first, |row, copies| emit(Change { row, diff: -copies }));
    }

    fn seal(&mut self) {}

    fn state(&mut self) -> &mut dyn SavedState {
        &mut self.rows
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
    fn old_rows_leave_no_state() {
        let mut operator = PolicyOperator::new(Row::ticks(), EventTimeTracker::default(), Forget::new(20));
        let max = max_kept(random_commits(1, 30), |mut commit, now| {
            operator.apply(&mut commit);
            operator.seal(&mut |_| {});
            let rows = &operator.policy.rows;
            assert!(rows.times().iter().all(|time| *time >= now - 20), "at {now}");
            rows.times().len()
        });
        assert!((1..=21).contains(&max), "{max}");
    }

    #[test]
    fn it_forgets_the_same_rows_after_a_restart() {
        check_policy(30, || Forget::new(20));
    }
}

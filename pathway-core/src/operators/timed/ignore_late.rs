//! `ignore_late`: drops rows that arrive too late.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Timed;
use super::policy::{TimePolicy, Times};
use crate::data::{Change, DatumKey, Schema};
use crate::dataflow::SavedState;
use crate::operators::state::{JumpReports, KeyedState, RowStep, RowTimes, by_row};
use crate::operators::window::{EventTime, Length, late_rows};
use crate::plan::Table;
use crate::telemetry::{OperatorContext, OperatorReports};

impl<R: Schema> Table<R> {
    /// Drops each row that arrives when event time is already more than `late` after its time. Dropped rows are counted and
    /// reported.
    ///
    /// Event time before the row decides; in a table that changes, event time before the commit. If a row was dropped, its
    /// removal is dropped too; a row that was not dropped can be removed at any time.
    /// [`Table::timed`] explains event time; use it with [`idle_timeout`](Timed::idle_timeout) if the source may become idle.
    ///
    /// Memory: nothing for a table that only grows. Otherwise the dropped rows until they are removed: for each, its size and 28
    /// bytes.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Debug, PartialEq)] struct Order { at: i64 }
    /// # let pipeline = Pipeline::new();
    /// let orders = pipeline.commits([20, 15, 9].map(|at| vec![Change::insert(Order { at })]));
    /// let in_time = orders.ignore_late(|o| o.at, 10).collect();
    /// # pipeline.run()?;
    /// assert_eq!(in_time.rows(), [Order { at: 15 }, Order { at: 20 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn ignore_late<T: EventTime>(
        &self,
        time: impl Fn(&R) -> T + Send + Sync + 'static,
        late: impl Length<T>,
    ) -> Table<R> {
        self.timed(time).ignore_late(late)
    }
}

impl<R: Schema, T: EventTime> Timed<R, T> {
    /// Drops each row that arrives when event time is already more than `late` after its time; see [`Table::ignore_late`].
    pub fn ignore_late(self, late: impl Length<T>) -> Table<R> {
        let late = self.ticks(late);
        let append_only = self.table.properties().append_only;
        let time = Arc::clone(&self.time);
        self.policy("ignore_late", late, false, move |name| {
            let time = Arc::clone(&time);
            IgnoreLate::new(late, append_only, name, move |row| time(row).to_string())
        })
    }
}

impl<R: Schema, T: EventTime> Timed<R, T> {
    /// The rows that arrive when event time is already more than `late` after their time: what
    /// [`ignore_late`](Timed::ignore_late) drops.
    ///
    /// It requires a table of arrivals; otherwise [`Pipeline::run`](crate::plan::Pipeline::run) returns an error that says so.
    /// Memory: nothing.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Debug, PartialEq)] struct Order { at: i64 }
    /// # let pipeline = Pipeline::new();
    /// let orders = pipeline.rows([20, 15, 9].map(|at| Order { at }));
    /// let late = orders.timed(|o| o.at).late(10).collect();
    /// # pipeline.run()?;
    /// assert_eq!(late.rows(), [Order { at: 9 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn late(self, late: impl Length<T>) -> Table<R> {
        let late = self.ticks(late);
        let Timed { table, time, clocks, parts } = self;
        if !table.properties().is_sequence() {
            table.fail(format!(
                "`late` of {table:?}, whose rows can be removed or have no order: it needs a table of arrivals\n\
                 read messages into a row without a primary key, or make a stream of the table with `to_stream`"
            ));
            return table.never();
        }
        late_rows(&table, move |build, changes, name| {
            let (time, jumps) = (Arc::clone(&time), JumpReports::new(name, late));
            let times =
                RowTimes { time: move |row: &R| Some(time(row).ticks()), clocks: &clocks, parts: parts.clone() };
            by_row(build, changes, name, times, jumps, move |step: RowStep<R>, rows: &mut Vec<Change<R>>| {
                let RowStep::Next { change: Some(change), time: Some(time), before: Some(now), .. } = step else {
                    return;
                };
                if change.diff > 0 && now > time + late {
                    rows.push(change);
                }
            })
        })
    }
}

/// Keeps the dropped rows that can still be removed.
pub(super) struct IgnoreLate<R> {
    late: i128,
    append_only: bool,
    dropped: KeyedState<R, i64>,
    /// The time of a row, as text.
    time: Box<dyn Fn(&R) -> String>,
    reports: OperatorReports,
}

impl<R: Schema> IgnoreLate<R> {
    fn new(late: i128, append_only: bool, name: &OperatorContext, time: impl Fn(&R) -> String + 'static) -> Self {
        let reports = OperatorReports::new(name);
        IgnoreLate { late, append_only, dropped: KeyedState::new(), time: Box::new(time), reports }
    }

    fn drop_row(&mut self, row: R, copies: i64) {
        let time = (self.time)(&row);
        self.reports.late(copies.unsigned_abs(), format_args!("a row of {time} arrived too late and is dropped"));
        if !self.append_only {
            let (slot, _) = self.dropped.entry(row);
            *self.dropped.value(slot) += copies;
        }
    }

    /// How many of some removed copies were dropped when they arrived.
    fn forget_dropped(&mut self, row: &R, copies: i64) -> i64 {
        if self.dropped.is_empty() {
            return 0;
        }
        let (slot, _) = self.dropped.entry(row.clone_datum());
        let dropped = self.dropped.value(slot);
        let taken = copies.min(*dropped);
        *dropped -= taken;
        taken
    }
}

impl<R: Schema> TimePolicy<R> for IgnoreLate<R> {
    fn apply(&mut self, changes: &mut Vec<(i128, Change<R>)>, times: Times, emit: &mut dyn FnMut(Change<R>)) {
        let late = self.late;
        let is_late = |time: i128| times.before.is_some_and(|before| before > time + late);
        // Net, so that a row that is inserted and removed in one commit is not reported as late.
        let mut net = BTreeMap::<DatumKey<R>, i64>::new();
        for (time, Change { row, diff }) in changes.drain(..) {
            if is_late(time) { *net.entry(DatumKey(row)).or_default() += diff } else { emit(Change { row, diff }) }
        }
        for (DatumKey(row), diff) in net {
            match diff {
                0 => {}
                1.. => self.drop_row(row, diff),
                _ => {
                    let diff = diff + self.forget_dropped(&row, -diff);
                    if diff != 0 {
                        emit(Change { row, diff });
                    }
                }
            }
        }
    }

    fn seal(&mut self) {
        self.dropped.seal(|_, copies| *copies != 0);
    }

    fn state(&mut self) -> &mut dyn SavedState {
        &mut self.dropped
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
    fn dropped_rows_are_kept_until_they_are_removed() {
        for append_only in [false, true] {
            let policy = IgnoreLate::new(5, append_only, &"test".into(), |row: &Row| row.at.to_string());
            let mut operator = PolicyOperator::new(Row::ticks(), EventTimeTracker::default(), policy);
            let max = max_kept(random_commits(3, 40), |mut commit, _| {
                operator.apply(&mut commit);
                operator.seal(&mut |_| {});
                operator.policy.dropped.len()
            });
            assert_eq!(max == 0, append_only);
        }
    }

    #[test]
    fn it_ignores_the_same_rows_after_a_restart() {
        check_policy(40, || IgnoreLate::new(5, false, &"test".into(), |row: &Row| row.at.to_string()));
    }
}

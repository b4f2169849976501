//! `ignore_late`: rows that come too late are refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Timed;
use super::operator::{Moment, Policy};
use crate::data::{Change, DatumKey, Schema};
use crate::operators::window::{EventTime, Length};
use crate::plan::Table;
use crate::telemetry::{Level, LogLimiter};

impl<R: Schema> Table<R> {
    /// Ignores each row that comes when event time is more than `late` ahead of its time already; that is counted, and reported.
    ///
    /// What counts is event time before the commit: a commit's own rows are never late for each other. Of a row that was
    /// ignored the removal is ignored, too; one that was taken in can go whenever it does.
    /// [`Table::timed`] says what event time is, and has the form for where the source may fall silent.
    ///
    /// Of a table that only grows it keeps nothing; else the rows that were ignored, until they are taken back: a row's own size
    /// and 8 bytes, in nodes of up to eleven.
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
    /// Ignores each row that comes when event time is more than `late` ahead of its time; see [`Table::ignore_late`].
    pub fn ignore_late(self, late: impl Length<T>) -> Table<R> {
        let late = self.ticks(late);
        let append_only = self.table.shape().append_only;
        let time = Arc::clone(&self.time);
        self.policy("ignore_late", append_only, move |name| {
            let time = Arc::clone(&time);
            IgnoreLate::new(late, append_only, name, move |row| time(row).to_string())
        })
    }
}

/// Keeps the rows that were ignored and can still be taken back.
pub(super) struct IgnoreLate<R> {
    late: i128,
    append_only: bool,
    ignored: BTreeMap<DatumKey<R>, i64>,
    /// A row's time, for people.
    time: Box<dyn Fn(&R) -> String>,
    reports: LogLimiter,
}

impl<R: Schema> IgnoreLate<R> {
    fn new(late: i128, append_only: bool, name: &Arc<str>, time: impl Fn(&R) -> String + 'static) -> Self {
        let reports = LogLimiter::new(name);
        IgnoreLate { late, append_only, ignored: BTreeMap::new(), time: Box::new(time), reports }
    }

    fn ignore(&mut self, row: R, copies: i64) {
        let time = (self.time)(&row);
        self.reports.report(Level::Warn, 1, format_args!("a row of {time} came too late, and is ignored"));
        if !self.append_only {
            *self.ignored.entry(DatumKey(row)).or_default() += copies;
        }
    }

    /// How many of some copies that go were ignored when they came.
    fn take_back(&mut self, row: &R, copies: i64) -> i64 {
        if self.ignored.is_empty() {
            return 0;
        }
        let key = DatumKey(row.clone_datum());
        let Some(ignored) = self.ignored.get_mut(&key) else { return 0 };
        let taken = copies.min(*ignored);
        *ignored -= taken;
        if *ignored == 0 {
            self.ignored.remove(&key);
        }
        taken
    }
}

impl<R: Schema> Policy<R> for IgnoreLate<R> {
    fn commit(&mut self, changes: Vec<(i128, Change<R>)>, moment: Moment, emit: &mut dyn FnMut(Change<R>)) {
        let late = self.late;
        let is_late = |time: i128| moment.before.is_some_and(|before| before > time + late);
        // Net, so that a row which comes and goes in one commit is not told of as late.
        let mut net = BTreeMap::<DatumKey<R>, i64>::new();
        for (time, Change { row, diff }) in changes {
            if is_late(time) { *net.entry(DatumKey(row)).or_default() += diff } else { emit(Change { row, diff }) }
        }
        for (DatumKey(row), diff) in net {
            match diff {
                0 => {}
                1.. => self.ignore(row, diff),
                _ => {
                    let diff = diff + self.take_back(&row, -diff);
                    if diff != 0 {
                        emit(Change { row, diff });
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataflow::StatefulOperator;
    use crate::operators::state::event_time::EventTimeTracker;
    use crate::operators::support::{Row, most_kept, stream};
    use crate::operators::timed::operator::Operator;

    #[test]
    fn what_was_ignored_is_kept_until_it_goes() {
        for append_only in [false, true] {
            let policy = IgnoreLate::new(5, append_only, &"test".into(), |row: &Row| row.at.to_string());
            let mut operator = Operator::new(Row::ticks(), EventTimeTracker::default(), policy);
            let most = most_kept(stream(3, 40), |mut commit, _| {
                operator.apply(&mut commit);
                operator.seal(&mut |_| {});
                operator.policy.ignored.len()
            });
            assert_eq!(most == 0, append_only);
        }
    }
}

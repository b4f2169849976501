//! `late`: the rows that arrive too late for a window.

use std::sync::Arc;

use super::described;
use super::late_sessions::{SessionRule, late_for_sessions};
use super::windows::Kind;
use super::{EventTime, Windowed, WindowedGroups, Windows};
use crate::data::{Change, Datum, Schema};
use crate::dataflow::Changes;
use crate::operators::state::{JumpReports, RowStep, RowTimes, TimeParts, by_row};
use crate::plan::{Build, Order, Table, TableProperties};
use crate::telemetry::OperatorContext;

impl<R: Schema, T: EventTime> Windowed<R, T> {
    /// The rows that arrive too late for at least one of their windows, which a later [`reduce`](Windowed::reduce) drops there.
    /// Write them to a subject of their own, or count them by another rule.
    ///
    /// Each such row is in the result once, in the order of arrival. It requires a table of arrivals, and
    /// [`allowed_lateness`](Windows::allowed_lateness): otherwise [`Pipeline::run`](crate::plan::Pipeline::run) returns an error
    /// that says so.
    ///
    /// A row is too late for a session if its own session would be closed, and no session of its key that is open is within the
    /// gap. Group by the key first, and call [`WindowedGroups::late`].
    ///
    /// Memory: nothing for tumbling and sliding windows. For sessions, the key and about 130 bytes for each key that has open
    /// sessions, and 32 bytes for each open session; if rows are [forgotten](Table::forget), also a row and 24 bytes for each time,
    /// the latter two in nodes of up to eleven entries.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # use pathway::reducers::Sum;
    /// use pathway::windows::tumbling;
    ///
    /// # #[derive(Clone, Schema, Debug, PartialEq)] struct Order { at: i64, price: i64 }
    /// # #[derive(Schema, Debug, PartialEq)] struct Total { from: i64, total: i64 }
    /// # let pipeline = Pipeline::new();
    /// let orders = pipeline.rows([(5, 1), (12, 2), (7, 3), (20, 4), (8, 5)].map(|(at, price)| Order { at, price }));
    /// let tens = orders.window(|o| o.at, tumbling(10).allowed_lateness(5).emit_on_close());
    /// let late = tens.late().collect();
    /// let totals = tens.reduce(Sum, |o| o.price, |w, total| Total { from: w.start, total }).collect();
    /// # pipeline.run()?;
    /// assert_eq!(late.rows(), [Order { at: 8, price: 5 }]);
    /// assert_eq!(totals.rows(), [Total { from: 0, total: 4 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn late(&self) -> Table<R> {
        let key: Key<R, ()> = Arc::new(|_| ());
        late(&self.table, &self.time, &key, &self.windows, &self.parts)
    }
}

impl<R: Schema, T: EventTime, K: Datum> WindowedGroups<R, T, K> {
    /// The rows that arrive too late for at least one of their windows; see [`Windowed::late`].
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// use pathway::windows::session;
    ///
    /// # #[derive(Clone, Schema, Debug, PartialEq)] struct Click { user: i64, at: i64 }
    /// # let pipeline = Pipeline::new();
    /// let clicks = pipeline.rows([(1, 0), (2, 50), (1, 8), (2, 5), (2, 45)].map(|(user, at)| Click { user, at }));
    /// let visits = clicks.window(|c| c.at, session(10).allowed_lateness(20).emit_on_close()).group_by(|c| c.user);
    /// let late = visits.late().collect();
    /// # pipeline.run()?;
    /// // The session of user 1 ended at 0, and closed at 30. That of user 2 is still open at 45.
    /// assert_eq!(late.changes(), [(0, Click { user: 1, at: 8 }, 1), (0, Click { user: 2, at: 5 }, 1)]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn late(&self) -> Table<R> {
        late(&self.table, &self.time, &self.key, &self.windows, &self.parts)
    }
}

/// The key of a row.
type Key<R, K> = Arc<dyn Fn(&R) -> K + Send + Sync>;

fn late<R: Schema, T: EventTime, K: Datum>(
    table: &Table<R>,
    time: &Arc<dyn Fn(&R) -> T + Send + Sync>,
    key: &Key<R, K>,
    Windows { kind, policy, clocks, error, .. }: &Windows<T>,
    parts: &TimeParts<R>,
) -> Table<R> {
    let refuse = |why: &str| {
        table.fail(format!("`late` of a window over {table:?}: {why}"));
        table.never()
    };
    clocks.check(table);
    if let Some(error) = error {
        return refuse(error);
    }
    let Some(lateness) = policy.allowed_lateness else {
        return refuse("its windows never close: set `allowed_lateness`");
    };
    if !table.properties().is_sequence() {
        return refuse(
            "it needs a table of arrivals\n\
             read messages into a row without a primary key, or make a stream of the table with `to_stream`",
        );
    }
    let details = described::windows::<T>(kind, *policy);
    let (clocks, parts, time) = (clocks.clone(), parts.clone(), Arc::clone(time));
    match kind {
        Kind::Grid(grid) => {
            let (grid, parameter) = (grid.clone(), format!("{kind:?}"));
            let late = late_rows(table, move |build, changes, name| {
                let (grid, time) = (grid.clone(), Arc::clone(&time));
                let jumps = JumpReports::new(name, grid.length());
                let time = move |row: &R| Some(time(row).ticks());
                let times = RowTimes { time, clocks: &clocks, parts: parts.clone() };
                by_row(build, changes, name, times, jumps, move |step: RowStep<R>, late: &mut Vec<Change<R>>| {
                    let RowStep::Next { change: Some(change), time: Some(time), before: Some(now), .. } = step else {
                        return;
                    };
                    let is_late = |start| now >= grid.end(start) + lateness;
                    if change.diff > 0 && grid.starts(time).any(is_late) {
                        late.push(change);
                    }
                })
            });
            late.with_event_time::<T>().with_state_parameter(parameter).with_details(details)
        }
        Kind::Session(gap) => {
            let rule = SessionRule {
                key: Arc::clone(key),
                time: Arc::new(move |row| time(row).ticks()),
                gap: *gap,
                allowed_lateness: lateness,
                forgets: !table.properties().append_only,
            };
            // They are emitted at the end of a commit.
            let late = TableProperties { order: Order::Emission, append_only: true, ..TableProperties::default() };
            let late = table.operator("late", late, move |build, changes, name| {
                let time = Arc::clone(&rule.time);
                let times = RowTimes { time: move |row: &R| Some(time(row)), clocks: &clocks, parts: parts.clone() };
                late_for_sessions(build, changes, name, times, rule.clone())
            });
            late.with_event_time::<T>().with_state_parameter(format!("{kind:?}")).with_details(details)
        }
    }
}

/// Declares the table of the late rows of a table of arrivals: they are never removed.
pub(in crate::operators) fn late_rows<R: Schema>(
    table: &Table<R>,
    build: impl Fn(&mut Build<'_>, Changes<R>, &OperatorContext) -> Changes<R> + Send + Sync + 'static,
) -> Table<R> {
    let properties = TableProperties { append_only: true, forgets: false, ..table.properties() };
    table.operator("late", properties, build)
}

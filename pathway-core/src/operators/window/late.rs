//! `late`: the rows that arrive too late for a window.

use std::sync::Arc;

use super::windows::Kind;
use super::{EventTime, Windowed, WindowedGroups, Windows};
use crate::data::Schema;
use crate::dataflow::Changes;
use crate::operators::state::{JumpReports, RowStep, RowTimes, TimeParts, by_row};
use crate::plan::{Build, Table, TableProperties};
use crate::telemetry::OperatorContext;

impl<R: Schema, T: EventTime> Windowed<R, T> {
    /// The rows that arrive too late for at least one of their windows, which a later [`reduce`](Windowed::reduce) drops there.
    /// Write them to a subject of their own, or count them by another rule.
    ///
    /// Each such row is in the result once. It requires a table of arrivals, tumbling or sliding windows, and
    /// [`allowed_lateness`](Windows::allowed_lateness): otherwise [`Pipeline::run`](crate::plan::Pipeline::run) returns an error
    /// that says so. Whether a row is too late for a session depends on the sessions of its key; use
    /// [`Timed::late`](crate::operators::Timed::late) there. Memory: nothing.
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
        late(&self.table, &self.time, &self.windows, &self.parts)
    }
}

impl<R: Schema, T: EventTime, K> WindowedGroups<R, T, K> {
    /// The rows that arrive too late for at least one of their windows; see [`Windowed::late`].
    pub fn late(&self) -> Table<R> {
        late(&self.table, &self.time, &self.windows, &self.parts)
    }
}

fn late<R: Schema, T: EventTime>(
    table: &Table<R>,
    time: &Arc<dyn Fn(&R) -> T + Send + Sync>,
    Windows { kind, policy, clocks, .. }: &Windows<T>,
    parts: &TimeParts<R>,
) -> Table<R> {
    let refuse = |why: &str| {
        table.fail(format!("`late` of a window over {table:?}: {why}"));
        table.never()
    };
    let Kind::Grid(grid) = kind else {
        return refuse(
            "whether a row is too late for a session depends on the sessions of its key\n\
             use `timed(..).late(..)`, with the gap and the allowed lateness of the sessions",
        );
    };
    let Some(lateness) = policy.allowed_lateness else {
        return refuse("its windows never close: set `allowed_lateness`");
    };
    if !table.properties().is_sequence() {
        return refuse(
            "it needs a table of arrivals\n\
             read messages into a row without a primary key, or make a stream of the table with `to_stream`",
        );
    }
    let (grid, clocks, parts, time) = (grid.clone(), clocks.clone(), parts.clone(), Arc::clone(time));
    late_rows(table, move |build, changes, name| {
        let (grid, ticks) = (grid.clone(), Arc::clone(&time));
        let jumps = JumpReports::new(name, grid.length());
        let times = RowTimes { time: move |row: &R| Some(ticks(row).ticks()), clocks: &clocks, parts: parts.clone() };
        by_row(build, changes, name, times, jumps, move |step, late| {
            let RowStep::Next { change: Some(change), time: Some(time), before: Some(now), .. } = step else { return };
            let is_late = |start| now >= grid.end(start) + lateness;
            if change.diff > 0 && grid.starts(time).any(is_late) {
                late.push(change);
            }
        })
    })
}

/// Declares the table of the late rows of a table of arrivals: they are never removed.
pub(in crate::operators) fn late_rows<R: Schema>(
    table: &Table<R>,
    build: impl Fn(&mut Build<'_>, Changes<R>, &OperatorContext) -> Changes<R> + Send + Sync + 'static,
) -> Table<R> {
    let properties = TableProperties { append_only: true, forgets: false, ..table.properties() };
    table.operator("late", properties, build)
}

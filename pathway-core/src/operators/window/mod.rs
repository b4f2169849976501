//! Windows of event time: groups rows by the hour, the last ten minutes, or the session in which they happened.

mod calendar;
mod described;
mod emission;
mod grid;
mod grid_operator;
mod late;
mod late_sessions;
mod session_changes;
mod session_operator;
mod session_rows;
mod spec;
mod time;
mod timeline;
mod windows;

pub use super::window::calendar::{CalendarLength, days, months, weeks};
pub use super::window::time::{EventTime, Length};
pub use super::window::windows::{Window, Windows, session, sliding, tumbling};

pub(in crate::operators) use super::window::described::length_text;
pub(in crate::operators) use super::window::late::late_rows;

use std::fmt;
use std::sync::Arc;

use super::group::{parameter_of, prepared};
use super::reducers::Reducer;
use super::state::{
    Clocks, InputTimes, JumpReports, Observed, RowTimes, Stamped, TimeParts, hash_of, observations, part_of, stamped,
};
use super::window::emission::{InClosingOrder, Plain, WindowOperator, WindowTime, WithClosingTime};
use super::window::grid::Grid;
use super::window::grid_operator::{GridChange, GridWindows};
use super::window::session_operator::SessionWindows;
use super::window::spec::{KeyedChange, WindowSpec};
use super::window::windows::{EmitMode, Kind};
use crate::data::{Change, Datum, Schema};
use crate::dataflow::{Changes, Item, Stream};
use crate::plan::{Build, Order, Table, TableProperties};
use crate::telemetry::OperatorContext;

impl<R: Schema> Table<R> {
    /// Groups the rows by windows of event time, to reduce each window: [`tumbling`], [`sliding`] or [`session`] windows.
    ///
    /// Memory: the state of the reducers for each key of each open window, with the key and 36 bytes, and 4 more if windows close.
    /// Sessions also keep the arguments of the reducers for each row, because the removal of any row may split a session: 140
    /// bytes for each key, 56 for each session, and 24 bytes and the arguments for each time, the latter two in nodes of up to
    /// eleven entries; 32 bytes more for each session if they close.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # use pathway::reducers::Sum;
    /// use pathway::windows::tumbling;
    ///
    /// # #[derive(Schema)] struct Order { city: String, at: DateTimeUtc, price: i64 }
    /// # #[derive(Schema, Debug, PartialEq)] struct Hour { city: String, start: DateTimeUtc, total: i64 }
    /// # let pipeline = Pipeline::new();
    /// # let at = |at: &str| format!("2026-01-01T{at}:00Z").parse::<DateTimeUtc>().unwrap();
    /// # let orders = pipeline.rows([("08:15", 2), ("08:59", 3), ("09:00", 5)].map(|(time, price)| Order { city: "Oslo".into(), at: at(time), price }));
    /// let hours = orders
    ///     .window(|o| o.at, tumbling(1.hours()).allowed_lateness(10.minutes()))
    ///     .group_by(|o| o.city.clone())
    ///     .reduce(Sum, |o| o.price, |city, w, total| Hour { city: city.clone(), start: w.start, total })
    ///     .collect();
    /// # pipeline.run()?;
    /// assert_eq!(hours.rows()[0], Hour { city: "Oslo".into(), start: at("08:00"), total: 5 });
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn window<T: EventTime>(
        &self,
        time: impl Fn(&R) -> T + Send + Sync + 'static,
        windows: Windows<T>,
    ) -> Windowed<R, T> {
        Windowed { table: self.clone(), time: Arc::new(time), windows, parts: TimeParts::of::<T>(self) }
    }
}

/// The rows of a table, grouped by windows; see [`Table::window`].
#[must_use = "windows do nothing until they are reduced"]
pub struct Windowed<R, T> {
    table: Table<R>,
    time: Arc<dyn Fn(&R) -> T + Send + Sync>,
    windows: Windows<T>,
    parts: TimeParts<R>,
}

impl<R: Schema, T: EventTime> Windowed<R, T> {
    /// Groups the rows of each window by a key, too. Use a tuple for several keys.
    pub fn group_by<K: Datum>(self, key: impl Fn(&R) -> K + Send + Sync + 'static) -> WindowedGroups<R, T, K> {
        let Windowed { table, time, windows, parts } = self;
        WindowedGroups { table, time, windows, parts, key: Arc::new(key) }
    }

    /// Makes event time the least time of the table's parts, such as devices or partitions: the latest time of each part, and of
    /// these the least. Default: each source is a part.
    ///
    /// One part whose clock is ahead, or that is read faster, then makes no row of another part late. A part that falls silent
    /// holds event time up, and with it all windows, until it is idle: set [`idle_timeout`](Windows::idle_timeout), unless every
    /// part always has rows. A part counts from its first row on, and again when it ends its idle period; event time never goes
    /// back, so that its rows may be late then. It requires a table of arrivals; for any other,
    /// [`Pipeline::run`](crate::plan::Pipeline::run) returns an error that says so. Other systems call the parts partitions, and
    /// event time a watermark by partition.
    ///
    /// Memory: about 170 bytes for each part that is not idle.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # use pathway::reducers::Count;
    /// use pathway::windows::tumbling;
    ///
    /// # #[derive(Clone, Schema, Debug, PartialEq)] struct Reading { device: i64, at: i64 }
    /// # #[derive(Schema, Debug, PartialEq)] struct Readings { from: i64, n: i64 }
    /// # let pipeline = Pipeline::new();
    /// // The clock of the second device is far ahead.
    /// let readings = pipeline.rows([(1, 5), (2, 9_000), (1, 7), (1, 12)].map(|(device, at)| Reading { device, at }));
    /// let tens = readings.window(|r| r.at, tumbling(10).emit_on_close()).time_by(|r| r.device);
    /// let counts = tens.reduce(Count, |_| (), |w, n| Readings { from: w.start, n }).collect();
    /// # pipeline.run()?;
    /// assert_eq!(counts.rows(), [Readings { from: 0, n: 2 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn time_by<P: Datum>(mut self, part: impl Fn(&R) -> P + Send + Sync + 'static) -> Self {
        self.parts = part_of(&self.table, part);
        self
    }

    /// Reduces each window that has rows to one row.
    pub fn reduce<A: Datum, G: Reducer<A>, O: Schema>(
        self,
        reducers: G,
        arguments: impl Fn(&R) -> A + Send + Sync + 'static,
        output: impl Fn(Window<T>, G::Output) -> O + Send + Sync + 'static,
    ) -> Table<O> {
        self.group_by(|_| ()).reduce(reducers, arguments, move |(), window, reduced| output(window, reduced))
    }
}

impl<R: Schema, T> fmt::Debug for Windowed<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Windowed { table, windows, .. } = self;
        f.debug_struct("Windowed").field("table", table).field("windows", windows).finish_non_exhaustive()
    }
}

/// The rows of a table, grouped by windows and a key; see [`Table::window`].
#[must_use = "windows do nothing until they are reduced"]
pub struct WindowedGroups<R, T, K> {
    table: Table<R>,
    time: Arc<dyn Fn(&R) -> T + Send + Sync>,
    windows: Windows<T>,
    parts: TimeParts<R>,
    key: Arc<dyn Fn(&R) -> K + Send + Sync>,
}

impl<R: Schema, T: EventTime, K: Datum> WindowedGroups<R, T, K> {
    /// Reduces each group of each window to one row.
    ///
    /// `arguments` computes the arguments of the reducers from a row; `output` makes the row of a group from its key, its window
    /// and the values of the reducers.
    pub fn reduce<A: Datum, G: Reducer<A>, O: Schema>(
        self,
        reducers: G,
        arguments: impl Fn(&R) -> A + Send + Sync + 'static,
        output: impl Fn(&K, Window<T>, G::Output) -> O + Send + Sync + 'static,
    ) -> Table<O> {
        let WindowedGroups { table, time, windows, parts, key } = self;
        let Windows { kind, policy, clocks, error, .. } = windows;
        clocks.check(&table);
        if let Some(error) = error {
            table.fail(format!("a window over {table:?}: {error}"));
        }
        // Windows that never close need no event time.
        let parts = policy.allowed_lateness.map_or(TimeParts::Whole, |_| parts);
        let reducers = prepared(&table, reducers);
        let (arguments, reducers, output) = (Arc::new(arguments), Arc::new(reducers), Arc::new(output));
        let spec = Arc::new(WindowSpec { time, key, arguments, reducers, output, policy });
        let input = table.properties();
        // A row that is emitted when its window closes is never removed.
        let append_only = policy.emit == EmitMode::OnClose;
        let order = if append_only && input.is_sequence() { Order::Emission } else { Order::Sorted };
        let properties = TableProperties { order, append_only, ..TableProperties::default() };
        let parameters = format!("{kind:?}, {policy:?}; {}", parameter_of::<O>(input));
        let details = described::windows::<T>(&kind, policy);
        let windows = table.operator("window", properties, move |build, changes, name| {
            let spec = Arc::clone(&spec);
            match &kind {
                Kind::Grid(grid) => reduce_grid(build, changes, name, spec, grid.clone(), (input, &clocks, &parts)),
                Kind::Session(gap) => reduce_sessions(build, changes, name, spec, *gap, (input, &clocks, &parts)),
            }
        });
        windows.with_event_time::<T>().with_state_parameter(parameters).with_details(details)
    }
}

impl<R: Schema, T, K> fmt::Debug for WindowedGroups<R, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WindowedGroups { table, windows, .. } = self;
        f.debug_struct("WindowedGroups").field("table", table).field("windows", windows).finish_non_exhaustive()
    }
}

fn reduce_grid<R, T, K, A, G, O>(
    build: &mut Build<'_>,
    changes: Changes<R>,
    name: &OperatorContext,
    spec: Arc<WindowSpec<R, T, K, A, G, O>>,
    grid: Grid,
    (input, clocks, parts): (TableProperties, &Clocks, &TimeParts<R>),
) -> Changes<O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    let by_row = input.is_sequence();
    let is_alone = build.dataflow.is_only_worker() && clocks.is_empty() && parts.is_whole();
    let inputs = InputTimes::new(build, parts, name);
    let event_time = WindowTime::new(by_row, !is_alone, clocks.idle.as_ref(), inputs);
    let windows = GridWindows::new(Arc::clone(&spec), grid.clone(), input, event_time, name);
    if is_alone {
        return build.dataflow.stateful(changes, name, |_: &Change<R>| 0, Plain(windows));
    }
    let (send, times) = (windows.change_to_send(), spec.times());
    if by_row {
        let (emit, jumps) = (spec.policy.emit, JumpReports::new(name, grid.length()));
        let times = RowTimes { time: times, clocks, parts: parts.clone() };
        let rows = stamped(build, changes, name, times, jumps, move |change, put| put(send(change)));
        let route = |((key, ..), _): &GridChange<K, A, R>| hash_of(&key.0);
        return reduce_by_row(build, rows, name, route, windows, emit);
    }
    let rows = build.dataflow.each(changes, name, move |changes: &mut Vec<Change<R>>, rows| {
        rows.extend(changes.drain(..).map(&send));
    });
    let observed = observations(build, changes, name, times, clocks.idle.as_ref(), parts);
    let route = |((key, ..), _): &GridChange<K, A, R>| hash_of(&key.0);
    build.dataflow.stateful_binary((rows, route), (observed, |observed: &Observed| observed.0), name, windows)
}

fn reduce_sessions<R, T, K, A, G, O>(
    build: &mut Build<'_>,
    changes: Changes<R>,
    name: &OperatorContext,
    spec: Arc<WindowSpec<R, T, K, A, G, O>>,
    gap: i128,
    (input, clocks, parts): (TableProperties, &Clocks, &TimeParts<R>),
) -> Changes<O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    let by_row = input.is_sequence();
    let is_alone = build.dataflow.is_only_worker() && clocks.is_empty() && parts.is_whole();
    let inputs = InputTimes::new(build, parts, name);
    let event_time = WindowTime::new(by_row, !is_alone, clocks.idle.as_ref(), inputs);
    let sessions = SessionWindows::new(Arc::clone(&spec), gap, input, event_time, name);
    if is_alone {
        return build.dataflow.stateful(changes, name, |_: &Change<R>| 0, Plain(sessions));
    }
    if by_row {
        let (emit, jumps) = (spec.policy.emit, JumpReports::new(name, gap));
        let times = RowTimes { time: spec.times(), clocks, parts: parts.clone() };
        let rows = stamped(build, changes, name, times, jumps, move |change, put| put(spec.keyed(&change)));
        let route = |(key, ..): &KeyedChange<K, A>| hash_of(&key.0);
        return reduce_by_row(build, rows, name, route, sessions, emit);
    }
    let observed = observations(build, changes, name, spec.times(), clocks.idle.as_ref(), parts);
    let rows = build.dataflow.each(changes, name, move |changes: &mut Vec<Change<R>>, rows| {
        rows.extend(changes.drain(..).map(|change| spec.keyed(&change)));
    });
    let route = |(key, ..): &KeyedChange<K, A>| hash_of(&key.0);
    build.dataflow.stateful_binary((rows, route), (observed, |observed: &Observed| observed.0), name, sessions)
}

/// Reduces windows of rows that have event time before them. Rows of closed windows are emitted in one order, whatever the
/// number of workers.
fn reduce_by_row<D: Item, O: Schema>(
    build: &mut Build<'_>,
    rows: Stream<Stamped<D>>,
    name: &OperatorContext,
    route: impl Fn(&D) -> u64 + 'static,
    windows: impl WindowOperator<Stamped<D>, O>,
    emit: EmitMode,
) -> Changes<O> {
    let route = move |(row, worker, _): &Stamped<D>| row.as_ref().map_or(*worker, &route);
    if emit != EmitMode::OnClose || build.dataflow.is_only_worker() {
        return build.dataflow.stateful(rows, name, route, Plain(windows));
    }
    let closed = build.dataflow.stateful(rows, name, route, WithClosingTime(windows));
    build.dataflow.stateful(closed, name, |_| 0, InClosingOrder(Vec::new()))
}

//! Windows of event time: what happened in the same hour, in the last ten minutes.

mod groups;
mod sessions;
mod time;
mod timeline;
mod windows;

pub use super::window::time::{EventTime, Length};
pub use super::window::windows::{Window, Windows, session, sliding, tumbling};

use std::sync::Arc;

use super::group::prepared;
use super::reducers::Reducer;
use super::state::event_time::{Clock, EventTimeTracker, Observed, seen};
use super::state::keyed::hash_of;
use super::window::groups::{Rule, WindowGroups};
use super::window::sessions::Sessions;
use super::window::windows::{Grid, Kind, Shows};
use crate::data::{Change, Datum, DatumKey, Error, ErrorKind, Schema};
use crate::dataflow::Changes;
use crate::plan::{Build, Order, Table, TableProperties};

impl<R: Schema> Table<R> {
    /// Groups the rows by windows of event time, to reduce each: [`tumbling`], [`sliding`] or [`session`] windows.
    ///
    /// It keeps what the reducers keep, for each key of each open window: its key and the window's start, 36 bytes, and 4 more
    /// where windows close. Sessions also keep what the reducers are fed of each row, since any row may make two of one: 140 bytes
    /// for each key, 56 for each session, 24 and the arguments for each time, the latter two in nodes of up to eleven, and 32
    /// more for each session where they close.
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
        Windowed { table: self.clone(), time: Arc::new(time), windows }
    }
}

/// The rows of a table in windows; see [`Table::window`].
#[must_use = "windows do nothing until they are reduced"]
pub struct Windowed<R, T> {
    table: Table<R>,
    time: Arc<dyn Fn(&R) -> T + Send + Sync>,
    windows: Windows<T>,
}

impl<R: Schema, T: EventTime> Windowed<R, T> {
    /// Groups the rows of each window by a key, too. Several keys are a tuple.
    pub fn group_by<K: Datum>(self, key: impl Fn(&R) -> K + Send + Sync + 'static) -> WindowedGroups<R, T, K> {
        WindowedGroups { table: self.table, time: self.time, windows: self.windows, key: Arc::new(key) }
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

/// The rows of a table in windows, and in groups of one key each; see [`Table::window`].
#[must_use = "windows do nothing until they are reduced"]
pub struct WindowedGroups<R, T, K> {
    table: Table<R>,
    time: Arc<dyn Fn(&R) -> T + Send + Sync>,
    windows: Windows<T>,
    key: Arc<dyn Fn(&R) -> K + Send + Sync>,
}

impl<R: Schema, T: EventTime, K: Datum> WindowedGroups<R, T, K> {
    /// Reduces each group of each window to one row.
    ///
    /// `arguments` says what the reducers are fed of a row, `output` makes the row of the key, the window, and what the
    /// reducers give.
    pub fn reduce<A: Datum, G: Reducer<A>, O: Schema>(
        self,
        reducers: G,
        arguments: impl Fn(&R) -> A + Send + Sync + 'static,
        output: impl Fn(&K, Window<T>, G::Output) -> O + Send + Sync + 'static,
    ) -> Table<O> {
        let WindowedGroups { table, time, windows, key } = self;
        let Windows { kind, policy, clock, mistake, .. } = windows;
        if let Some(clock) = &clock {
            clock.is_of_one_pipeline_with(&table, "window");
        }
        if let Some(mistake) = mistake {
            let message = format!("a window over {table:?}: {mistake}");
            table.plan().control().fail(Error::new(ErrorKind::Config, message));
        }
        let reducers = prepared(&table, reducers);
        let (arguments, reducers, output) = (Arc::new(arguments), Arc::new(reducers), Arc::new(output));
        let rule = Arc::new(Rule { time, key, arguments, reducers, output, policy });
        let (input, input_shape) = (table.node(), table.shape());
        // A closed window's only row never goes.
        let shape = TableProperties { order: Order::Sorted, append_only: policy.shows == Shows::OnceClosed };
        let name = table.plan().unique_name("window");
        let node = table.plan().add(name, shape, |node, name| {
            move |build| {
                let changes = build.get::<R>(input);
                let rule = Arc::clone(&rule);
                let reduced = match kind {
                    Kind::Grid(grid) => reduce_grid(build, changes, &name, rule, grid, (input_shape, clock.as_ref())),
                    Kind::Session(gap) => reduce_sessions(build, changes, &name, rule, gap, clock.as_ref()),
                };
                build.put::<O>(node, reduced);
            }
        });
        Table::new(table.plan().clone(), node)
    }
}

fn reduce_grid<'scope, R, T, K, A, G, O>(
    build: &mut Build<'scope>,
    changes: Changes<'scope, R>,
    name: &Arc<str>,
    rule: Arc<Rule<R, T, K, A, G, O>>,
    grid: Grid,
    (shape, clock): (TableProperties, Option<&Clock>),
) -> Changes<'scope, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    let groups = WindowGroups::new(Arc::clone(&rule), grid, shape, EventTimeTracker::new(clock), name);
    if build.graph.is_alone() && clock.is_none() {
        return build.graph.stateful(changes, name, |_: &Change<R>| 0, groups);
    }
    let by_window = Arc::clone(&rule);
    let rows = build.graph.each(changes.clone(), name, move |changes: &mut Vec<Change<R>>, rows| {
        for change in changes.drain(..) {
            rows.extend(by_window.starts(grid, &change.row).map(|start| (DatumKey(start), change.clone())));
        }
    });
    let seen = seen(build, changes, name, rule.times(), clock);
    let route = move |(start, change): &(DatumKey<T>, Change<R>)| hash_of(&(start.0, (rule.key)(&change.row)));
    build.graph.stateful_binary((rows, route), (seen, |seen: &Observed| seen.0), name, groups)
}

fn reduce_sessions<'scope, R, T, K, A, G, O>(
    build: &mut Build<'scope>,
    changes: Changes<'scope, R>,
    name: &Arc<str>,
    rule: Arc<Rule<R, T, K, A, G, O>>,
    gap: i128,
    clock: Option<&Clock>,
) -> Changes<'scope, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    let sessions = Sessions::new(Arc::clone(&rule), gap, EventTimeTracker::new(clock), name);
    if build.graph.is_alone() && clock.is_none() {
        return build.graph.stateful(changes, name, |_: &Change<R>| 0, sessions);
    }
    let seen = seen(build, changes.clone(), name, rule.times(), clock);
    let route = move |change: &Change<R>| hash_of(&(rule.key)(&change.row));
    build.graph.stateful_binary((changes, route), (seen, |seen: &Observed| seen.0), name, sessions)
}

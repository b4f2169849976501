//! Windows of event time: what happened in the same hour, in the last ten minutes.

mod groups;
mod time;
mod windows;

pub use time::{EventTime, Length};
pub use windows::{Window, Windows, sliding, tumbling};

use std::sync::Arc;

use super::keyed::hash_of;
use super::reducer::Reducer;
use crate::data::{Change, Datum, Error, ErrorKind, Held, Schema};
use crate::plan::{Order, Shape, Table};
use groups::{Rule, WindowGroups};
use windows::Shows;

impl<R: Schema> Table<R> {
    /// Groups the rows by windows of event time, to reduce each: [`tumbling`] or [`sliding`] ones.
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
    ///     .window(|o| o.at, tumbling(1.hours()).allow_late(10.minutes()))
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
        let Windows { grid, policy, mistake, .. } = windows;
        if let Some(mistake) = mistake {
            let message = format!("a window over {table:?}: {mistake}");
            table.plan().control().fail(Error::new(ErrorKind::Config, message));
        }
        let rule = Rule {
            time,
            key,
            arguments: Arc::new(arguments),
            reducers: Arc::new(reducers),
            output: Arc::new(output),
            grid,
            policy,
        };
        let rule = Arc::new(rule);
        let input = table.node();
        // A closed window's only row never goes.
        let shape = Shape { order: Order::Sorted, append_only: policy.shows == Shows::OnceClosed };
        let name = table.plan().unique_name("window");
        let node = table.plan().add(name, shape, |node, name| {
            move |build| {
                let changes = build.get::<R>(input);
                let groups = WindowGroups::new(Arc::clone(&rule), &name);
                let graph = &mut build.graph;
                if graph.is_alone() {
                    let reduced = graph.per_commit(changes, &name, |_: &Change<R>| 0, groups);
                    build.put::<O>(node, reduced);
                    return;
                }
                let (all, by_window) = (Arc::clone(&rule), Arc::clone(&rule));
                let rows = graph.each(changes.clone(), &name, move |changes: &mut Vec<Change<R>>, rows| {
                    for change in changes.drain(..) {
                        rows.extend(by_window.starts(&change.row).map(|start| (Held(start), change.clone())));
                    }
                });
                let workers = graph.workers();
                let times = graph.each(changes, &name, move |changes: &mut Vec<Change<R>>, times| {
                    let comes = changes.drain(..).filter(|change| change.diff > 0);
                    if let Some(latest) = comes.map(|change| (all.time)(&change.row).ticks()).max()
                        && all.policy.allow_late.is_some()
                    {
                        times.extend((0..workers).map(|worker| (worker, latest)));
                    }
                });
                let by_key = Arc::clone(&rule);
                let route =
                    move |(start, change): &(Held<T>, Change<R>)| hash_of(&(start.0, (by_key.key)(&change.row)));
                let reduced =
                    graph.per_commit_of_two((rows, route), (times, |(worker, _): &(u64, i128)| *worker), &name, groups);
                build.put::<O>(node, reduced);
            }
        });
        Table::new(table.plan().clone(), node)
    }
}

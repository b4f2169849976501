//! `map_async`: rows that are made by asynchronous functions. Unlike the operators of `table/`, these wait for others.

mod memo;
mod operator;
mod policy;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::map_async::operator::Calls;
pub use super::map_async::policy::CallError;
use super::map_async::policy::Policy;

use super::route_of;
use crate::data::{Change, Schema};
use crate::plan::{Order, Table, TableProperties};

impl<R: Schema> Table<R> {
    /// A row of each row, made by an asynchronous function: a call of another service, a look into a database.
    ///
    /// Up to 32 calls are under way at a time on each worker. A call that fails or takes longer than 30 s is made again,
    /// twice, after 100 ms and 200 ms. All of that can be set. What then becomes of a row whose call has failed for good
    /// is said last: [`or_skip`](MapAsync::or_skip) or [`or_else`](MapAsync::or_else).
    ///
    /// The result of a row is in the row's commit: the commit waits until all its calls are answered, and nothing else
    /// happens meanwhile, so that the order in which answers come changes nothing. A pipeline with such a call is as slow as
    /// the slowest call of each commit; [`commit_every`](crate::nats::Read::commit_every) lets more rows share a wait. Where
    /// answers may come whenever they do, let a service of its own write them to a subject, and read that.
    ///
    /// The function need not give the same for equal rows: what it gave is kept, and is what goes when the row goes.
    /// Equal rows are asked about once, as long as one of them is there. It keeps each row with its result; nothing where
    /// the table only grows, where equal rows of two commits are two questions unless there is a [cache](MapAsync::cache).
    ///
    /// The calls run on the worker's thread, in a tokio runtime with I/O and time, which stands still between commits.
    /// With several workers each calls for its own rows. A panic ends the pipeline with an error.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Clone)] struct Order { id: i64 }
    /// # #[derive(Schema, Debug, PartialEq)] struct Checked { id: i64, fine: bool }
    /// # async fn ask(id: i64) -> Result<bool, std::io::Error> { Ok(id != 2) }
    /// # let pipeline = Pipeline::new();
    /// # let orders = pipeline.rows([1, 2].map(|id| Order { id }));
    /// let checked = orders
    ///     .map_async(async |o| ask(o.id).await.map(|fine| Checked { id: o.id, fine }))
    ///     .concurrency(8)
    ///     .timeout(Duration::from_secs(2))
    ///     .or_else(|o, error| {
    ///         eprintln!("order {}: {error}", o.id);
    ///         Some(Checked { id: o.id, fine: false })
    ///     })
    ///     .collect();
    /// # pipeline.run()?;
    /// assert_eq!(checked.rows(), [Checked { id: 1, fine: true }, Checked { id: 2, fine: false }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn map_async<O, E, F>(&self, call: F) -> MapAsync<R, O, E, F>
    where
        O: Schema,
        E: fmt::Display + 'static,
        F: AsyncFn(&R) -> Result<O, E> + Send + Sync + 'static,
    {
        MapAsync { table: self.clone(), call, policy: Policy::default(), cache: 0, made: PhantomData }
    }
}

/// A table whose rows are to be made by calls; see [`Table::map_async`].
#[must_use = "say what becomes of a row whose call fails: `.or_skip()` or `.or_else(..)`"]
pub struct MapAsync<R, O, E, F> {
    table: Table<R>,
    call: F,
    policy: Policy,
    cache: usize,
    made: PhantomData<fn() -> (O, E)>,
}

/// What stands in for the result of a call that has failed.
type Fallback<R, O, E> = Arc<dyn Fn(&R, &CallError<E>) -> Option<O> + Send + Sync>;

impl<R, O, E, F> MapAsync<R, O, E, F>
where
    R: Schema,
    O: Schema,
    E: fmt::Display + 'static,
    F: AsyncFn(&R) -> Result<O, E> + Send + Sync + 'static,
{
    /// How many calls are under way at a time, on each worker. Default: 32; at least 1.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.policy.concurrency = calls.max(1);
        self
    }

    /// How long a call may take before it counts as failed. Default: 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.policy.timeout = timeout;
        self
    }

    /// How often a call that fails is made again. Default: 2.
    pub fn retries(mut self, retries: u32) -> Self {
        self.policy.retries = retries;
        self
    }

    /// How long to wait before a call is made again; each time twice as long, up to 10 s. Default: 100 ms.
    pub fn back_off(mut self, first: Duration) -> Self {
        self.policy.back_off = first;
        self
    }

    /// For how many rows that are gone (or, where the table only grows, that came before) the result is kept, on each
    /// worker, so that an equal row needs no call. Those that went first are forgotten first. Default: 0.
    pub fn cache(mut self, rows: usize) -> Self {
        self.cache = rows;
        self
    }

    /// How long a pipeline that stops waits for calls before it gives them up. Default: 10 s.
    ///
    /// Rows whose calls are given up have no result, and the run ends with an error that says how many they are.
    pub fn last_deadline(mut self, deadline: Duration) -> Self {
        self.policy.last_deadline = deadline;
        self
    }

    /// A row whose call has failed for good has no result. It is reported, the first ones each and then once a second
    /// with their number.
    ///
    /// It is asked about again when it has gone and comes back.
    pub fn or_skip(self) -> Table<O> {
        self.table_with(None)
    }

    /// A row whose call has failed for good has the result that `fallback` gives, if any.
    ///
    /// It is asked about again when it has gone and comes back.
    pub fn or_else(self, fallback: impl Fn(&R, &CallError<E>) -> Option<O> + Send + Sync + 'static) -> Table<O> {
        self.table_with(Some(Arc::new(fallback)))
    }

    fn table_with(self, fallback: Option<Fallback<R, O, E>>) -> Table<O> {
        let MapAsync { table, call, policy, cache, .. } = self;
        let (input, append_only, control) = (table.node(), table.shape().append_only, table.plan().control().clone());
        let call = Arc::new(call);
        let name = table.plan().unique_name("map_async");
        let shape = TableProperties { order: Order::Sorted, append_only };
        let node = table.plan().add(name, shape, |node, name| {
            move |build| {
                let changes = build.get::<R>(input);
                let (call, fallback) = (Arc::clone(&call), fallback.clone());
                let calls = Calls::new(&name, call, fallback, policy, control.clone(), append_only, cache);
                let route = |change: &Change<R>| route_of(&change.row);
                let rows = build.graph.stateful(changes, &name, route, calls);
                build.put::<O>(node, rows);
            }
        });
        Table::new(table.plan().clone(), node)
    }
}

//! `map_async`: makes rows with asynchronous functions. Unlike other operators, it waits for something outside of the pipeline.

mod call_policy;
mod memo;
mod operator;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

pub use super::map_async::call_policy::CallError;
use super::map_async::call_policy::CallPolicy;
use super::map_async::memo::AsyncMemo;
use super::map_async::operator::MapAsyncOperator;
use super::state::hash_of;
use crate::data::{Change, Schema};
use crate::plan::{Order, Table, TableProperties};

impl<R: Schema> Table<R> {
    /// One row for each row, made by an asynchronous function: a call of another service, a database lookup.
    ///
    /// Each worker makes up to 32 calls at a time. A call that fails or takes longer than 30 s is retried twice, after 100 ms and
    /// 200 ms. All of these can be set. Then choose what happens to a row whose call fails permanently:
    /// [`or_skip`](MapAsync::or_skip) or [`or_else`](MapAsync::or_else).
    ///
    /// The result of a row is in the same commit as the row: the commit waits until all its calls are finished, and the worker
    /// does nothing else in the meantime. Therefore the order in which calls finish changes nothing, and a pipeline is as slow as
    /// the slowest call of each commit. [`commit_every`](crate::nats::Read::commit_every) lets more rows share one wait. If
    /// results may arrive at any time, let a separate service publish them to a subject, and read that subject.
    ///
    /// The function need not return the same for equal rows: its result is kept, and this result is removed with the row.
    /// Equal rows share one call, as long as one of them is in the table. Memory: each row with its result; nothing if the table
    /// only grows. In that case, equal rows of two commits need two calls unless there is a [cache](MapAsync::cache).
    ///
    /// The calls run on the thread of the worker, in a tokio runtime with I/O and time that runs only while a commit has calls.
    /// With several workers, each makes the calls for its own rows. A panic ends the pipeline with an error.
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
        MapAsync { table: self.clone(), call, policy: CallPolicy::default(), cache: 0, result: PhantomData }
    }
}

/// A table whose rows are to be made by calls; see [`Table::map_async`].
#[must_use = "call `.or_skip()` or `.or_else(..)` to choose what happens to a row whose call fails"]
pub struct MapAsync<R, O, E, F> {
    table: Table<R>,
    call: F,
    policy: CallPolicy,
    cache: usize,
    result: PhantomData<fn() -> (O, E)>,
}

/// Makes the result of a row whose call failed.
type Fallback<R, O, E> = Arc<dyn Fn(&R, &CallError<E>) -> Option<O> + Send + Sync>;

impl<R, O, E, F> MapAsync<R, O, E, F>
where
    R: Schema,
    O: Schema,
    E: fmt::Display + 'static,
    F: AsyncFn(&R) -> Result<O, E> + Send + Sync + 'static,
{
    /// How many calls each worker makes at a time. Default: 32; at least 1.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.policy.concurrency = calls.max(1);
        self
    }

    /// How long a call may take before it counts as failed. Default: 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.policy.timeout = timeout;
        self
    }

    /// How often a failed call is retried. Default: 2.
    pub fn retries(mut self, retries: u32) -> Self {
        self.policy.retries = retries;
        self
    }

    /// How long to wait before the first retry. Each further wait is twice as long, up to 10 s. Default: 100 ms.
    pub fn back_off(mut self, first: Duration) -> Self {
        self.policy.back_off = first;
        self
    }

    /// How many results of removed rows each worker keeps, so that an equal row needs no call. If the table only grows, these are
    /// results of earlier rows. The oldest results are evicted first. Default: 0.
    pub fn cache(mut self, rows: usize) -> Self {
        self.cache = rows;
        self
    }

    /// How long a stopping pipeline waits for calls before it abandons them. Default: 10 s.
    ///
    /// Rows whose calls are abandoned have no result, and the run ends with an error that states their number.
    pub fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.policy.stop_timeout = timeout;
        self
    }

    /// A row whose call fails permanently has no result. The first failures are logged one by one, later ones once a second with
    /// their number.
    ///
    /// The call is repeated if the row is removed and inserted again.
    pub fn or_skip(self) -> Table<O> {
        self.table_with(None)
    }

    /// A row whose call fails permanently has the result that `fallback` returns, if any.
    ///
    /// The call is repeated if the row is removed and inserted again.
    pub fn or_else(self, fallback: impl Fn(&R, &CallError<E>) -> Option<O> + Send + Sync + 'static) -> Table<O> {
        self.table_with(Some(Arc::new(fallback)))
    }

    fn table_with(self, fallback: Option<Fallback<R, O, E>>) -> Table<O> {
        let MapAsync { table, call, policy, cache, .. } = self;
        let (append_only, control) = (table.properties().append_only, table.plan().control().clone());
        let call = Arc::new(call);
        let properties = TableProperties { order: Order::Sorted, append_only, ..TableProperties::default() };
        table.operator("map_async", properties, move |build, changes, name| {
            let (call, fallback) = (Arc::clone(&call), fallback.clone());
            let answers = build.answer_log::<R, O>(&control, name);
            let memo = AsyncMemo::new(append_only, cache);
            let operator = MapAsyncOperator::new(name, call, fallback, policy, control.clone(), memo, answers);
            build.dataflow.stateful(changes, name, |change: &Change<R>| hash_of(&change.row), operator)
        })
    }
}

impl<R: Schema, O, E, F> fmt::Debug for MapAsync<R, O, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MapAsync { table, policy, cache, .. } = self;
        let mut map_async = f.debug_struct("MapAsync");
        map_async.field("table", table).field("policy", policy).field("cache", cache).finish_non_exhaustive()
    }
}

//! A pipeline under declaration.

use std::fmt;

use super::Plan;
use crate::persistence::Persistence;
use crate::telemetry::{Level, report};

/// A pipeline: declare its tables, then [`run`](Pipeline::run) it.
///
/// ```
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct Input { value: i64 }
///
/// let pipeline = Pipeline::new();
/// let input = pipeline.rows(vec![Input { value: 1 }, Input { value: 2 }]);
/// let big = input.filter(|row| row.value > 1).collect();
/// pipeline.run()?;
/// assert_eq!(big.rows().len(), 1);
/// # Ok::<(), pathway::Error>(())
/// ```
#[must_use = "a pipeline does nothing until `run` or `start` is called"]
pub struct Pipeline {
    plan: Plan,
    /// Set by `run` and `start`.
    started: bool,
}

impl Pipeline {
    /// A pipeline without tables.
    pub fn new() -> Self {
        Pipeline { plan: Plan::new(), started: false }
    }

    /// A pipeline with a name. Its durable consumers on streams are named after it, and its dead letters carry the name.
    ///
    /// Default: the name of the program's file. Give two different pipelines different names.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// let pipeline = Pipeline::named("orders-service");
    /// # let _ = pipeline;
    /// ```
    pub fn named(name: impl Into<String>) -> Self {
        let pipeline = Pipeline::new();
        pipeline.plan.set_name(name.into().into());
        pipeline
    }

    /// Keeps what the pipeline needs to continue where it was, over any number of crashes, in a
    /// [directory](crate::persistence::directory). Default: every run begins with empty tables.
    ///
    /// Each commit is logged before any of its output is written: which messages it has, and its `time`, in about 40 bytes. From
    /// time to time, a [checkpoint](crate::persistence::Persistence::checkpoint_every) saves the state of all operators. When the
    /// pipeline starts again, it loads the last one, computes the commits behind it once more, from the same messages, and goes
    /// on. What it writes into JetStream streams is stored exactly once, in order, whatever was killed when. Other sinks may get
    /// the last commits again, with the same bytes; those that were confirmed long before are left out.
    ///
    /// The directory is one pipeline's: its [name](Pipeline::named) must stay the same, and two runs at a time are refused. A
    /// program that has changed can continue if the one before was stopped in an orderly way; the guide's page on restarts says
    /// how. The input streams must keep the messages behind the last checkpoint. A unit test takes a
    /// [store in memory](crate::persistence::MemoryStore) in place of a directory.
    ///
    /// `PATHWAY_PERSISTENT_STORAGE` names a directory from outside; this method comes first.
    ///
    /// # Requirements
    /// The input streams keep what the log needs. Messages that are acknowledged (of work queues, streams with interest retention,
    /// named durable consumers) are acknowledged when a checkpoint has their commit. Other inputs are logged as a whole, except
    /// buckets, which are refused.
    /// Nothing else writes into the output streams. With anything else, [`run`](Pipeline::run) returns an error that names it.
    ///
    /// ```
    /// use pathway::prelude::*;
    /// use pathway::persistence;
    ///
    /// #[derive(Schema)]
    /// struct Order { price: f64 }
    ///
    /// let uri = "nats://localhost:4222";
    /// let pipeline = Pipeline::named("orders-service").persist(persistence::directory("state"));
    /// let orders = nats::read(&pipeline, uri, "orders").jetstream("ORDERS").json::<Order>();
    /// let total = reduce!(o in orders => { total: sum(o.price) });
    /// nats::write(&total, uri, "totals").jetstream("TOTALS").json();
    /// # drop(pipeline);
    /// ```
    pub fn persist(self, persistence: impl Into<Persistence>) -> Pipeline {
        self.plan.set_persistence(persistence.into());
        self
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes the plan, to run it.
    pub(crate) fn into_plan(mut self) -> Plan {
        self.started = true;
        self.plan.clone()
    }
}

impl Default for Pipeline {
    fn default() -> Self {
        Pipeline::new()
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        if !self.started && !self.plan.is_empty() && !std::thread::panicking() {
            report(
                Level::Error,
                "pipeline",
                format_args!("the pipeline was dropped before it ran: call `pipeline.run()` or `pipeline.start()`"),
            );
        }
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("name", &self.plan.name()).finish_non_exhaustive()
    }
}

//! A pipeline under declaration.

use std::fmt;

use super::Plan;
use crate::persistence::{Persistence, Recording};
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
    /// Each commit is logged before any of its output is written: which messages it has, and its `time`, in about 45 bytes. From
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
    /// named durable consumers) are acknowledged when a checkpoint has their commit. Other inputs are logged as a whole.
    /// Nothing else writes into the output streams, unless their sinks are [`atomic`](crate::nats::Write::atomic). With anything else, [`run`](Pipeline::run) returns an error that names it.
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

    /// Records everything that arrives, so that another version of the program can be run over it, offline:
    /// [`replay`](Pipeline::replay). Default: nothing is recorded.
    ///
    /// A recording has each commit, with its `time`: in the order of arrival, the messages of all sources, as bytes and with all
    /// that NATS says of them; the rows of sources of your own and of [`input`](Pipeline::input), ticks of clocks, and the answers
    /// of `map_async`. It is a [directory](crate::persistence::record) of its own, beside that of [`persist`](Pipeline::persist)
    /// if the pipeline has one.
    ///
    /// The messages of a commit are written before the commit is computed: the recording of a process that was killed, or that
    /// a panic has ended, has the commit that was its last. A write that fails, because the disk is full for example, ends the
    /// recording with an error in the log, and the pipeline goes on; [`Stats::recording`](crate::telemetry::Stats::recording)
    /// counts the commits that are missing.
    ///
    /// It costs the disk space of the messages, headers included, and up to about 30 bytes for each, and the time to write
    /// them, on the thread of the first worker. Sources keep all headers and times of messages for it.
    ///
    /// Each start begins another *run* in the same directory. If the pipeline persists, a restart continues the last one.
    ///
    /// `PATHWAY_REPLAY_STORAGE=dir` with `PATHWAY_SNAPSHOT_ACCESS=record` does the same from outside; this method comes first.
    ///
    /// ```
    /// use pathway::persistence;
    /// use pathway::prelude::*;
    ///
    /// let day = Duration::from_secs(24 * 3600);
    /// let pipeline = Pipeline::named("orders-service").record(persistence::record("recording").keep(day));
    /// # drop(pipeline);
    /// ```
    pub fn record(self, recording: impl Into<Recording>) -> Pipeline {
        self.plan.set_recording(recording.into());
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

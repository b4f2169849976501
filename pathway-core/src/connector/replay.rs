//! Which recording a pipeline replays, and where its sinks write then, as users say it.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::MemoryBroker;
use crate::persistence::{MemoryStore, ReplayedRecording};
use crate::plan::Pipeline;

/// Replays the recording in a directory; see [`Pipeline::replay`].
///
/// ```
/// use pathway::persistence;
/// use pathway::prelude::*;
/// use pathway::testing::Broker;
///
/// let output = Broker::new();
/// let pipeline = Pipeline::named("orders-service").replay(persistence::replay("recording").run(3).sinks(&output));
/// # drop(pipeline);
/// ```
pub fn replay(path: impl Into<PathBuf>) -> ReplayOptions {
    ReplayOptions { recording: ReplayedRecording::new(path.into()), sinks: None }
}

/// Which recording is replayed, and how; see [`replay`].
#[derive(Clone)]
#[must_use = "give it to `Pipeline::replay`"]
pub struct ReplayOptions {
    recording: ReplayedRecording,
    /// Where the sinks of messages write.
    pub(crate) sinks: Option<Arc<dyn MemoryBroker>>,
}

impl ReplayOptions {
    /// Replays the run with this number. Default: the last one. Each start of a recorded pipeline begins a run, unless it
    /// continues the state of the one before; [`inspect`](crate::persistence::inspect) lists them with their times.
    ///
    /// If there is no such run, [`run`](Pipeline::run) returns an error that says which there are.
    pub fn run(mut self, run: u64) -> Self {
        self.recording.run = Some(run);
        self
    }

    /// The program has a source with this name which the recorded one did not have: it is replayed without messages, as a source
    /// that has ended. Without this, a source that the recording does not have is an error.
    ///
    /// It may stay when the recording has the source. A name that neither the program nor the recording has is an error.
    pub fn allow_missing(mut self, source: impl Into<String>) -> Self {
        self.recording.missing.push(source.into());
        self
    }

    /// Makes the calls of `map_async` whose answers are not in the recording, because the program has changed. Default: such a
    /// call ends the replay with an error.
    pub fn allow_calls(mut self) -> Self {
        self.recording.makes_calls = true;
        self
    }
}

impl<P: Into<PathBuf>> From<P> for ReplayOptions {
    fn from(path: P) -> Self {
        replay(path)
    }
}

impl From<&MemoryStore> for ReplayOptions {
    fn from(store: &MemoryStore) -> Self {
        ReplayOptions { recording: ReplayedRecording::new(store), sinks: None }
    }
}

impl fmt::Debug for ReplayOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayOptions").field("recording", &self.recording).finish_non_exhaustive()
    }
}

impl Pipeline {
    /// Runs the program over a [recording](Pipeline::record) in place of its sources, offline and as fast as the operators run.
    /// Then the pipeline ends.
    ///
    /// The commits are those of the recorded run, with the same messages in the same order, and the same `time`: the same program
    /// computes the same changes, with any number of workers. Another version of it shows what it would have done with the same
    /// input.
    ///
    /// Nothing is connected: no source runs, and no sink writes, those of your own neither. [`collect`](crate::plan::Table::collect)
    /// and [`subscribe`](crate::plan::Table::subscribe) see the tables. What the sinks of messages would publish goes into a
    /// [`testing::Broker`](crate::testing::Broker), if you say so: `persistence::replay("recording").sinks(&broker)`; sinks that
    /// write to such a broker anyway write to their own one otherwise.
    ///
    /// - Sources are known by their names, and read messages of a subject, or the values of a bucket, as they did. A source that the recording does not have is an error, unless it is
    ///   [allowed](ReplayOptions::allow_missing). Messages of a source that the program does not have are left out, with a
    ///   warning.
    /// - Messages are decoded again, so that their row may have other columns. Rows of sources of your own, and of
    ///   [`input`](Pipeline::input), must have the columns that they had. Static tables are those of the program.
    /// - Calls of `map_async` get the recorded answers. A call that has none is an error, unless it is
    ///   [allowed](ReplayOptions::allow_calls).
    /// - If the beginning of the recording was removed ([`keep`](crate::persistence::Recording::keep)), the replay begins with
    ///   empty tables.
    /// - What the program gives to its [`Feed`](crate::connector::Feed) is not read. `persist` and `record` have no effect.
    ///
    /// The pipeline's [name](Pipeline::named) must be the recorded one. `PATHWAY_REPLAY_STORAGE=dir` with
    /// `PATHWAY_SNAPSHOT_ACCESS=replay` does the same from outside; this method comes first.
    ///
    /// ```
    /// use pathway::prelude::*;
    /// use pathway::testing::{Broker, Store};
    ///
    /// #[derive(Schema)]
    /// struct Order { city: String, price: f64 }
    ///
    /// fn totals(pipeline: &Pipeline, broker: &Broker, least: f64) {
    ///     let orders = nats::read(pipeline, broker, "orders").json::<Order>();
    ///     let orders = orders.filter(move |order| order.price >= least);
    ///     let totals = reduce!(o in orders by o.city => { o.city, total: sum(o.price) });
    ///     nats::write(&totals, broker, "totals").json();
    /// }
    ///
    /// # fn main() -> pathway::Result<()> {
    /// let (recording, broker) = (Store::new(), Broker::new());
    /// let pipeline = Pipeline::named("totals").record(&recording);
    /// totals(&pipeline, &broker, 0.0);
    /// let running = pipeline.start()?;
    /// for price in [1.5, 0.5] {
    ///     broker.publish("orders", format!(r#"{{"city": "Oslo", "price": {price}}}"#));
    ///     broker.commit();
    /// }
    /// broker.close();
    /// running.join()?;
    ///
    /// for (least, messages) in [(0.0, 3), (1.0, 1)] {
    ///     let replayed = Broker::new();
    ///     let pipeline = Pipeline::named("totals").replay(&recording);
    ///     totals(&pipeline, &replayed, least);
    ///     pipeline.run()?;
    ///     assert_eq!(replayed.published("totals"), broker.published("totals")[..messages]);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn replay(self, recording: impl Into<ReplayOptions>) -> Pipeline {
        let ReplayOptions { recording, sinks } = recording.into();
        self.plan().set_replayed(recording);
        self.plan().shared::<ReplaySinks>().set(sinks);
        self
    }
}

/// Where the sinks of messages of a pipeline write while it replays a recording.
#[derive(Default)]
pub(super) struct ReplaySinks(OnceLock<Arc<dyn MemoryBroker>>);

impl ReplaySinks {
    fn set(&self, broker: Option<Arc<dyn MemoryBroker>>) {
        broker.into_iter().for_each(|broker| drop(self.0.set(broker)));
    }

    pub(super) fn get(&self) -> Option<&Arc<dyn MemoryBroker>> {
        self.0.get()
    }
}

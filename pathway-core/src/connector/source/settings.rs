//! What a source declares about itself.

use std::sync::Arc;
use std::time::Duration;

use super::{Bound, OnDecodeError};
use crate::data::Metadata;
use crate::plan::{NodeKind, Plan};

/// What a [`Source`](super::Source) declares about itself.
#[derive(Clone, Debug)]
#[must_use]
pub struct SourceSettings {
    /// Its name, if it has one of its own.
    pub(super) name: Option<String>,
    pub(super) default_name: &'static str,
    pub(crate) commit_every: Duration,
    pub(crate) own_commits: bool,
    pub(crate) append_only: bool,
    pub(crate) check_removals: bool,
    pub(crate) announces_ready: bool,
    pub(crate) reports_waiting: bool,
    pub(crate) on_decode_error: OnDecodeError,
    pub(crate) background: bool,
    pub(crate) bound: Bound,
    pub(crate) metadata: Metadata,
}

impl Default for SourceSettings {
    fn default() -> Self {
        SourceSettings {
            name: None,
            default_name: "source",
            commit_every: Duration::ZERO,
            own_commits: false,
            append_only: false,
            check_removals: false,
            announces_ready: false,
            reports_waiting: false,
            on_decode_error: OnDecodeError::Skip,
            background: false,
            // Rows are bounded by their number.
            bound: Bound { bytes: usize::MAX, ..Bound::default() },
            metadata: Metadata::NONE,
        }
    }
}

impl SourceSettings {
    /// The defaults: the name is `source`, rows may be removed, and they are committed as soon as the previous commit is done.
    pub fn new() -> Self {
        SourceSettings::default()
    }

    /// The source's name in logs, errors and [`stats`](crate::telemetry::Stats). Default: `source`, with a number if there are
    /// several.
    ///
    /// If another source, a sink or an operator of the pipeline has the name, [`run`](crate::plan::Pipeline::run) returns an error
    /// that names both. A type of which a pipeline may have several sources gets its name from its user.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The name of the source in a plan.
    pub(crate) fn node_name(&self, plan: &Plan) -> Arc<str> {
        plan.node_name(NodeKind::Source, self.name.as_deref(), self.default_name, "")
    }

    /// How long a row may wait until it is committed, so that commits become larger. Default: zero.
    pub fn commit_every(mut self, commit_every: Duration) -> Self {
        self.commit_every = commit_every;
        self
    }

    /// The source decides what belongs together, with [`Sender::commit`](super::Sender::commit): all of it takes effect at
    /// once, or none of it where the source stops before.
    ///
    /// Two commits of the source are never in one commit of the pipeline. Each is in memory as a whole.
    pub fn own_commits(mut self) -> Self {
        self.own_commits = true;
        self
    }

    /// Rows only arrive: [`RowSender::remove`](super::RowSender) ends the pipeline with an error. Some operators then keep
    /// less state, and others ([`accept`](crate::operators::Deduplicate::accept)) require it.
    pub fn append_only(mut self) -> Self {
        self.append_only = true;
        self
    }

    /// Checks each row that the source removes: one that was never inserted, or was removed already, is rejected, counted and
    /// reported. Without this setting, which costs about 40 bytes a row, the source must not do that: such a row would count
    /// as −1, and its groups would be wrong, or missing, until it is inserted. For a source of messages, it has no effect.
    ///
    /// ```
    /// use pathway::io::{Failure, RowSender, Source, SourceSettings};
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Order { id: i64 }
    ///
    /// struct Orders;
    ///
    /// impl Source for Orders {
    ///     type Item = Order;
    ///
    ///     fn settings(&self) -> SourceSettings {
    ///         SourceSettings::new().name("orders").check_removals()
    ///     }
    ///
    ///     fn run(self, orders: &RowSender<Order>) -> Result<(), Failure> {
    ///         orders.remove(Order { id: 1 })?;
    ///         Ok(orders.insert(Order { id: 1 })?)
    ///     }
    /// }
    ///
    /// let pipeline = Pipeline::new();
    /// let orders = pipeline.source(Orders).collect();
    /// pipeline.run()?;
    /// assert_eq!(orders.rows(), [Order { id: 1 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn check_removals(mut self) -> Self {
        self.check_removals = true;
        self
    }

    /// The source calls [`Sender::ready`](super::Sender::ready) when it is ready; the pipeline's start waits for that.
    ///
    /// A source that returns counts as ready. Where the start has to wait for some seconds, a line of the log names the
    /// source. Without this setting, a source counts as ready as soon as its thread runs.
    pub fn announces_ready(mut self) -> Self {
        self.announces_ready = true;
        self
    }

    /// What it is called if it has no name of its own.
    pub(crate) fn default_name(mut self, name: &'static str) -> Self {
        self.default_name = name;
        self
    }

    /// As [`announces_ready`](SourceSettings::announces_ready), and the source itself reports what it waits for.
    pub(crate) fn reports_waiting(mut self) -> Self {
        self.reports_waiting = true;
        self.announces_ready()
    }

    /// What to do with a message that cannot be decoded. Default: [`OnDecodeError::Skip`]. Rows are not decoded: for a source
    /// of rows, it has no effect.
    ///
    /// ```
    /// use pathway::io::{OnDecodeError, SourceSettings};
    ///
    /// let settings = SourceSettings::new().name("ledger").on_decode_error(OnDecodeError::Stop);
    /// # let _ = settings;
    /// ```
    pub fn on_decode_error(mut self, on_decode_error: OnDecodeError) -> Self {
        self.on_decode_error = on_decode_error;
        self
    }

    /// How many messages or rows may wait for the worker before the source blocks. Default: 65 536.
    pub fn max_backlog(mut self, messages: usize) -> Self {
        self.bound.messages = messages.max(1);
        self
    }

    /// How many bytes of messages may wait for the worker before the source blocks. Default: no limit.
    pub fn max_backlog_bytes(mut self, bytes: usize) -> Self {
        self.bound.bytes = bytes.max(1);
        self
    }

    /// The source does not keep the pipeline running: that ends when all other sources have ended.
    pub(crate) fn background(mut self) -> Self {
        self.background = true;
        self
    }
}

//! Writing each commit into a stream at once.

use std::sync::Arc;

use super::client::{check_subscribe_subject, matches};
use super::jetstream::sink::AtomicSettings;
use super::transport::{JetStream, WriteTransport};
use super::write::Write;
use crate::connector::sink::MessageOptions;
use crate::data::{Error, ErrorKind, Result, Schema};

/// What a writer says of atomic batches.
#[derive(Clone, Debug, Default)]
pub(super) struct Atomic {
    /// Commits are atomic batches.
    is_on: bool,
    /// The sink's own subjects, which may have wildcards.
    pub(super) filter: Option<String>,
}

impl<R: Schema> Write<R, JetStream> {
    /// Stores all messages of a commit at once: a reader of the stream sees all of them, or none. Default: they become visible
    /// one after the other.
    ///
    /// A commit is one atomic batch of up to 1 000 messages, or fewer if the server's `max_batch_size` or a stream that refuses
    /// new messages (`discard: new`) has a lower limit. A larger commit is written in several batches, and is not visible at
    /// once; this is reported once. A message that cannot be published becomes a dead letter, and the others of its commit are
    /// stored.
    ///
    /// The stream must have `allow_atomic` (`nats stream edit TOTALS --allow-batch`), and no `persist_mode: async` and no
    /// `discard_new_per_subject`. The server must be nats-server 2.12.1 or later. Otherwise the pipeline does not start.
    /// Messages cannot have ids of their own ([`message_id`](Write::message_id)).
    ///
    /// One batch is in flight at a time. While it is, the next commits are collected into one batch, so that many small commits
    /// cost little more than a few large ones. A commit of one message costs no more than without this method.
    ///
    /// In a pipeline that [persists](crate::plan::Pipeline::persist), others may write into the stream, too, and several sinks
    /// of the pipeline, on other subjects; see [`filter_subject`](Write::filter_subject).
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Total { city: String, sum: i64 }
    ///
    /// let pipeline = Pipeline::new();
    /// let totals = pipeline.rows([Total { city: "Oslo".into(), sum: 45 }]);
    /// nats::write(&totals, "nats://localhost:4222", "totals.all").jetstream("TOTALS").atomic().json();
    /// # std::mem::forget(pipeline);
    /// ```
    pub fn atomic(mut self) -> Self {
        if let WriteTransport::Stream(_, atomic) = &mut self.transport {
            atomic.is_on = true;
        }
        self
    }

    /// The sink's own subjects, with wildcards, as the `filter_subject` of a consumer: only this sink writes to them. A row with
    /// another subject becomes a dead letter. Default: the subject of the sink, if it is the same for all rows.
    ///
    /// It goes with [`atomic`](Write::atomic). A pipeline that [persists](crate::plan::Pipeline::persist) looks at the last
    /// message of these subjects to know how much of its output is stored, and ends with an error when somebody else writes to
    /// them. On its other subjects, the stream may have any number of writers. If each row has a
    /// [subject](Write::subject) of its own, such a pipeline needs to know the filter, and does not start without it.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Total { city: String, sum: i64 }
    ///
    /// let pipeline = Pipeline::new();
    /// let totals = pipeline.rows([Total { city: "oslo".into(), sum: 45 }]);
    /// nats::write(&totals, "nats://localhost:4222", "")
    ///     .subject(|total| format!("shared.totals.{}", total.city))
    ///     .jetstream("SHARED")
    ///     .atomic()
    ///     .filter_subject("shared.totals.*")
    ///     .json();
    /// # std::mem::forget(pipeline);
    /// ```
    pub fn filter_subject(mut self, filter: impl Into<String>) -> Self {
        if let WriteTransport::Stream(_, atomic) = &mut self.transport {
            atomic.filter = Some(filter.into());
        }
        self
    }
}

impl Atomic {
    /// # Errors
    /// The settings of the sink cannot be honoured. `subject` is that of all rows, if they have none of their own.
    pub(super) fn check<R: Schema>(&self, sink: &str, subject: &str, options: &MessageOptions<R>) -> Result<()> {
        let refuse = |message: String| Err(Error::new(ErrorKind::Config, format!("sink `{sink}`: {message}")));
        match &self.filter {
            Some(filter) if !self.is_on => refuse(format!(
                "`.filter_subject({filter:?})` says which subjects of a shared stream are the sink's own, which matters only for \
                 atomic batches: add `.atomic()`, or remove it"
            )),
            Some(filter) => {
                check_subscribe_subject(filter)
                    .map_err(|error| error.of_component(&format!("sink `{sink}`: `.filter_subject({filter:?})`")))?;
                if options.has_own_subjects() || matches(filter, subject) {
                    return self.check_ids(sink, options);
                }
                refuse(format!(
                    "its subject `{subject}` does not match its `.filter_subject({filter:?})`: correct one of them"
                ))
            }
            None => self.check_ids(sink, options),
        }
    }

    fn check_ids<R: Schema>(&self, sink: &str, options: &MessageOptions<R>) -> Result<()> {
        if !self.is_on || !options.has_message_ids() {
            return Ok(());
        }
        let message = format!(
            "sink `{sink}`: the server refuses a whole atomic batch if it knows the id of one message, so that `.atomic()` does \
             not go with `.message_id(..)`: remove one of them"
        );
        Err(Error::new(ErrorKind::Config, message))
    }

    /// The same for the sink. `subject` is that of all rows; empty if they have subjects of their own.
    pub(super) fn settings(&self, subject: &str) -> Option<AtomicSettings> {
        let own: Option<Arc<str>> = (!subject.is_empty()).then(|| subject.into());
        let filter = self.filter.as_deref().map(Arc::from).or(own);
        self.is_on.then_some(AtomicSettings { filter })
    }
}

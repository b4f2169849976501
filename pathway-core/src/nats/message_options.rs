//! What messages take from their rows: subjects, headers, ids, and their order.

use super::write::Write;
use crate::data::{Datum, EncodeText, Schema};

impl<R: Schema, T> Write<R, T> {
    /// Gives each row a subject of its own, instead of one for all.
    ///
    /// A row whose subject is invalid (empty, with white space, with a wildcard) is not published: it is counted, reported
    /// and sent to the dead-letter subject.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Total { city: String, total: i64 }
    ///
    /// let broker = pathway::testing::Broker::new();
    /// let pipeline = Pipeline::new();
    /// let totals = pipeline.rows([Total { city: "oslo".into(), total: 3 }]);
    /// nats::write(&totals, &broker, "").subject(|row| format!("totals.{}", row.city)).json();
    /// pipeline.run()?;
    /// assert_eq!(broker.published("totals.oslo").len(), 1);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn subject(mut self, subject: impl Fn(&R) -> String + Send + Sync + 'static) -> Self {
        self.message_options.set_subject(subject);
        self
    }

    /// Adds a header with a value of each row. Headers are written in the order in which you add them, after `pathway_time`
    /// and `pathway_diff`.
    ///
    /// The value has any type that a column can have. Its text is that of Pathway: booleans are `True` and `False`,
    /// durations `1500ns`, bytes base64, lists and tuples `(1, 2)`. `None` adds no header. A row with a line break in the
    /// value is not published: it is counted, reported and sent to the dead-letter subject. An invalid name is an error when
    /// the pipeline starts.
    pub fn header<V: EncodeText>(
        mut self,
        name: impl Into<String>,
        value: impl Fn(&R) -> V + Send + Sync + 'static,
    ) -> Self {
        if let Err(error) = self.message_options.add_header(name.into(), value) {
            self.table.plan().control().fail(error);
        }
        self
    }

    /// Gives messages an id made of their rows, in the header `Nats-Msg-Id`, for pipelines whose events are the same when they
    /// are computed again. The text of the id is that of a [`header`](Write::header).
    ///
    /// A stream stores each id once within its `duplicate_window`, whoever sends it: a pipeline that reads its input again, or
    /// one that runs twice. A message that the stream has already counts as published. On core NATS, subscribers see the
    /// header, and a stream that takes the subject recognises duplicates by it.
    ///
    /// - Rows with the same id are one message in a stream, also copies of one row. So an id stands for an event: the key of a
    ///   row that is updated is none. `None` leaves a message as it is without this method; a row with an empty id is rejected.
    /// - A removal would have the id of the insertion. So the table must be one that only grows, or the format one that
    ///   [leaves removals out](crate::format::json::JsonFormat::insertions_only); with others, the pipeline does not start.
    /// - While a stream has most of what is sent already, messages are sent one by one, to keep their order.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Alarm { device: i64, number: i64 }
    ///
    /// let broker = pathway::testing::Broker::new();
    /// let pipeline = Pipeline::new();
    /// let alarms = pipeline.rows([Alarm { device: 7, number: 1 }]);
    /// nats::write(&alarms, &broker, "alarms").message_id(|a| format!("{}-{}", a.device, a.number)).events();
    /// pipeline.run()?;
    /// assert_eq!(broker.published("alarms")[0].header("Nats-Msg-Id"), Some("7-1"));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn message_id<V: EncodeText>(mut self, id: impl Fn(&R) -> V + Send + Sync + 'static) -> Self {
        self.message_options.set_message_id(id);
        self
    }

    /// Sorts the messages of a commit by a value of each row, ascending; `None` is the smallest.
    ///
    /// Removals still come before insertions, and rows with equal values keep their order.
    pub fn sort_by<K: Datum>(mut self, key: impl Fn(&R) -> K + Send + Sync + 'static) -> Self {
        self.message_options.sort_by(key);
        self
    }
}

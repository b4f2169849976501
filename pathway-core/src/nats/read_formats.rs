//! The formats in which a source's messages are decoded.

use std::sync::Arc;

use super::kv::source::KeyedRows;
use super::read::Read;
use crate::connector::source::decoded_table;
use crate::data::{Error, ErrorKind, Message, Metadata, OnePayload, Schema};
use crate::format::{Decode, Plaintext, Raw, values};
use crate::plan::{Table, TableProperties};

impl<T> Read<T> {
    /// Decodes messages as JSON objects, one row each, by the schema of `R`.
    ///
    /// Fields that no column asks for are skipped. A missing field needs a default or an `Option`.
    pub fn json<R: Schema>(self) -> Table<R> {
        self.decode(values::json())
    }

    /// Decodes messages as text: rows with one column, `data: String`.
    ///
    /// The payload must be UTF-8. It is kept as it was sent, with white space around it.
    pub fn plaintext(self) -> Table<Plaintext> {
        self.plaintext_as()
    }

    /// Decodes messages as text, and fills other columns from their metadata.
    ///
    /// One column of `R` is a `String` for the payload; all others are metadata columns.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Line {
    ///     #[schema(subject_token = 2)]
    ///     host: String,
    ///     text: String,
    /// }
    ///
    /// let broker = pathway::testing::Broker::new();
    /// let pipeline = Pipeline::new();
    /// let seen = nats::read(&pipeline, &broker, "logs.*").plaintext_as::<Line>().collect();
    /// broker.publish("logs.alpha", "up");
    /// broker.commit();
    /// broker.close();
    /// pipeline.run()?;
    /// assert_eq!(seen.rows(), [Line { host: "alpha".into(), text: "up".into() }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn plaintext_as<R: OnePayload<String>>(self) -> Table<R> {
        self.decode(values::plaintext())
    }

    /// Keeps messages as bytes: rows with one column, `data: Bytes`.
    pub fn raw(self) -> Table<Raw> {
        self.raw_as()
    }

    /// Keeps messages as bytes, and fills other columns from their metadata.
    ///
    /// One column of `R` is a `Bytes` for the payload; all others are metadata columns.
    pub fn raw_as<R: OnePayload<bytes::Bytes>>(self) -> Table<R> {
        self.decode(values::raw())
    }

    /// Decodes messages in a format of your own; see [`Decode`].
    pub fn decode<D: Decode>(self, decoder: D) -> Table<D::Row> {
        let metadata = decoder.metadata();
        if self.transport.is_bucket() {
            return self.decode_values(metadata, decoder);
        }
        let (properties, upsert) = decoded_table(&decoder);
        let decoder = Arc::new(decoder);
        self.table(metadata, properties, upsert, move || {
            let decoder = Arc::clone(&decoder);
            Box::new(move |message: &Message<'_>| decoder.decode_change(message))
        })
    }

    /// Decodes the values of a bucket.
    fn decode_values<D: Decode>(self, metadata: Metadata, decoder: D) -> Table<D::Row> {
        let (bucket, decoder) = (self.subject.clone(), Arc::new(decoder));
        if decoder.has_changes() {
            let message = format!("the bucket `{bucket}` holds rows, not changes: read it with `.json()`");
            self.plan.control().fail(Error::new(ErrorKind::Config, message));
        }
        self.table(metadata, TableProperties::GROUPED, false, move || {
            let decoder = Arc::clone(&decoder);
            Box::new(KeyedRows::new(&bucket, move |message: &Message<'_>| decoder.decode(message)))
        })
    }

    /// Decodes messages as changes: JSON rows, each of which is inserted or removed.
    ///
    /// This reads what `nats::write(..).json()` writes, here or in Pathway, so that you can chain pipelines through
    /// subjects. The header `pathway_diff`, or else the field `diff`, is 1 or -1; a message with anything else, or with
    /// neither, is rejected. `time` is ignored: one commit of the writer may become several here.
    ///
    /// A row must be inserted before it is removed ([`Change::remove`](crate::data::Change::remove)): start the reader before
    /// the writer. A primary key has no effect: the removal of the row that a new row replaces is a message of its own. A
    /// message that arrives twice, for example after the writer's connection broke, counts twice.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Total { city: String, total: i64 }
    ///
    /// let broker = pathway::testing::Broker::new();
    /// let pipeline = Pipeline::new();
    /// let totals = nats::read(&pipeline, &broker, "totals").changes::<Total>();
    /// let seen = totals.collect();
    /// broker.publish("totals", r#"{"city":"Oslo","total":1,"diff":1,"time":1700000000000}"#);
    /// broker.commit();
    /// broker.publish("totals", r#"{"city":"Oslo","total":1,"diff":-1,"time":1700000000002}"#);
    /// broker.publish("totals", r#"{"city":"Oslo","total":3,"diff":1,"time":1700000000002}"#);
    /// broker.commit();
    /// broker.close();
    /// pipeline.run()?;
    /// assert_eq!(seen.rows(), [Total { city: "Oslo".into(), total: 3 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn changes<R: Schema>(self) -> Table<R> {
        self.decode(values::json_changes())
    }
}

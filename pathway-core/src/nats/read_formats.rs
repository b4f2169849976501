//! The formats in which a source's messages are decoded.

use std::sync::Arc;

use super::kv::source::KeyedRows;
use super::read::Read;
use crate::connector::source::{decoded_table, row_decoder};
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

    /// Decodes messages that hold several rows: one JSON object a line ([JSON Lines](https://jsonlines.org), NDJSON), or an
    /// array of objects.
    ///
    /// The rows of a message take effect in one commit. A bad one is rejected by itself, with its index; blank lines and empty
    /// arrays are no rows. An array that is not JSON is rejected as a whole. In the statistics of the source, `rows` and
    /// `rejected` count the elements; a dead letter has one element.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Order { id: i64 }
    ///
    /// let broker = pathway::testing::Broker::new();
    /// let pipeline = Pipeline::new();
    /// let orders = nats::read(&pipeline, &broker, "orders").json_lines::<Order>().collect();
    /// broker.publish("orders", "{\"id\": 1}\n{\"id\": 2}\n");
    /// broker.publish("orders", "[{\"id\": 3}, {\"id\": \"four\"}]");
    /// broker.commit();
    /// broker.close();
    /// pipeline.run()?;
    /// assert_eq!(orders.rows(), [1, 2, 3].map(|id| Order { id }));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn json_lines<R: Schema>(self) -> Table<R> {
        self.decode(values::json_lines())
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
        self.table(metadata, properties, upsert, move || row_decoder(&decoder))
    }

    /// Decodes the values of a bucket.
    fn decode_values<D: Decode>(self, metadata: Metadata, decoder: D) -> Table<D::Row> {
        let (bucket, decoder) = (self.subject.clone(), Arc::new(decoder));
        if decoder.has_changes() {
            let message = format!("the bucket `{bucket}` holds rows, not changes: read it with `.json()`");
            self.plan.control().fail(Error::new(ErrorKind::Config, message));
        }
        // A value that replaces another one is a removal and an insertion, in the order of arrival.
        let properties = TableProperties { append_only: false, ..TableProperties::ARRIVALS };
        self.table(metadata, properties, false, move || {
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
    /// A removal of a row that is not there is rejected: the reader has missed its insertion, or the removal has arrived twice.
    /// Start the reader before the writer, or read a stream from its beginning. An insertion that arrives twice, for example
    /// after the writer's connection broke, counts twice. To know which rows are there, the source keeps about 40 bytes for each.
    ///
    /// With a primary key, the table has the newest row of each key instead, and heals by itself: wherever the reader starts,
    /// and whatever arrives twice, a key is right from its next change on. A removal counts if it is of the key's current row.
    /// No removal is rejected.
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

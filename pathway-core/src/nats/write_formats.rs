//! The formats in which a sink's messages are encoded.

use super::write::Write;
use crate::data::{OneColumn, Schema};
use crate::format::{Dsv, values};

impl<R: Schema, T> Write<R, T> {
    /// Encodes messages as JSON objects: the columns in order, then `diff` and `time`.
    ///
    /// In a bucket, the object has the columns only.
    pub fn json(self) {
        self.encode(values::json());
    }

    /// Encodes events as JSON objects of the columns, for readers that know nothing of changes: without `diff` and `time`, and
    /// with times in RFC 3339.
    ///
    /// The table must be one that only grows; see [`format::json_events`](crate::format::values::json_events), which is this
    /// format, and [`JsonFormat`](crate::format::json::JsonFormat) for other settings.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Alarm { device: i64, at: DateTimeUtc }
    ///
    /// let broker = pathway::testing::Broker::new();
    /// let pipeline = Pipeline::new();
    /// let alarms = pipeline.rows([Alarm { device: 7, at: "2024-01-02T03:04:05Z".parse().unwrap() }]);
    /// nats::write(&alarms, &broker, "alarms").events();
    /// pipeline.run()?;
    /// assert_eq!(broker.published("alarms")[0].text(), r#"{"device":7,"at":"2024-01-02T03:04:05Z"}"#);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn events(self) {
        self.encode(values::json_events());
    }

    /// Writes the text of the only column, a `String`. `diff` and `time` are in the headers.
    pub fn plaintext(self)
    where
        R: OneColumn<String>,
    {
        self.encode(values::plaintext());
    }

    /// Writes the text of one column: `.plaintext_of(|row| &row.city)`. `diff` and `time` are in the headers.
    pub fn plaintext_of(self, text: impl Fn(&R) -> &str + Send + Sync + 'static) {
        self.encode(values::plaintext_of(text));
    }

    /// Writes the bytes of the only column, a `Bytes`. `diff` and `time` are in the headers.
    pub fn raw(self)
    where
        R: OneColumn<bytes::Bytes>,
    {
        self.encode(values::raw());
    }

    /// Writes the bytes of one column: `.raw_of(|row| &row.blob)`. `diff` and `time` are in the headers.
    pub fn raw_of(self, bytes: impl Fn(&R) -> &[u8] + Send + Sync + 'static) {
        self.encode(values::raw_of(bytes));
    }

    /// Writes each row as a line of comma-separated values, without a header line; see [`Dsv`] for other settings.
    pub fn dsv(self) {
        self.encode(Dsv::new());
    }
}

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

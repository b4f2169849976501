//! The formats in which a sink's messages are encoded.

use super::write::Write;
use crate::data::{EncodeError, OneColumn, Schema};
use crate::format::json::encode::JsonEncoder;
use crate::format::{ChangeInfo, Dsv};

impl<R: Schema, T> Write<R, T> {
    /// Encodes messages as JSON objects: the columns in order, then `diff` and `time`.
    ///
    /// In a bucket, the object has the columns only.
    pub fn json(self) {
        self.encode(JsonEncoder);
    }

    /// Writes the text of the only column, a `String`. `diff` and `time` are in the headers.
    pub fn plaintext(self)
    where
        R: OneColumn<String>,
    {
        self.plaintext_of(|row| row.column());
    }

    /// Writes the text of one column: `.plaintext_of(|row| &row.city)`. `diff` and `time` are in the headers.
    pub fn plaintext_of(self, text: impl Fn(&R) -> &str + Send + Sync + 'static) {
        self.bytes_of(move |row| text(row).as_bytes());
    }

    /// Writes the bytes of the only column, a `Bytes`. `diff` and `time` are in the headers.
    pub fn raw(self)
    where
        R: OneColumn<bytes::Bytes>,
    {
        self.bytes_of(|row| row.column());
    }

    /// Writes the bytes of one column: `.raw_of(|row| &row.blob)`. `diff` and `time` are in the headers.
    pub fn raw_of(self, bytes: impl Fn(&R) -> &[u8] + Send + Sync + 'static) {
        self.bytes_of(bytes);
    }

    /// Writes each row as a line of comma-separated values, without a header line; see [`Dsv`] for other settings.
    pub fn dsv(self) {
        self.encode(Dsv::new());
    }

    fn bytes_of(self, bytes: impl Fn(&R) -> &[u8] + Send + Sync + 'static) {
        self.encode(move |row: &R, _: ChangeInfo, payload: &mut Vec<u8>| -> Result<(), EncodeError> {
            payload.extend_from_slice(bytes(row));
            Ok(())
        });
    }
}

//! The formats as values, for everything that takes a [`Decode`] or an [`Encode`].

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;

use super::json::JsonFormat;
use super::json::decode::{decode_change, decode_lines};
use super::{ChangeInfo, Decode, DecodedRows, Encode, raw, text};
use crate::data::{Change, DecodeError, EncodeError, Message, Metadata, OneColumn, OnePayload, Schema};

/// JSON objects, one for each row.
///
/// It decodes as `nats::read(..).json()` does: fields that no column asks for are skipped; a missing field needs a default or
/// an `Option`. It encodes as `nats::write(..).json()` does: the columns in order, then `diff` and `time`. The methods of
/// [`JsonFormat`] change what is written.
///
/// ```
/// use pathway::format;
/// use pathway::io::{Encoded, EncodedBatch, Failure, MessageBatch, MessageSender, Sink, Source, Undecoded};
/// use pathway::prelude::*;
/// use std::sync::mpsc;
///
/// #[derive(Schema)]
/// struct Order {
///     id: i64,
/// }
///
/// /// In place of another broker: messages on the topic `orders`.
/// struct Orders;
///
/// impl Source for Orders {
///     type Item = Undecoded;
///
///     fn run(self, messages: &MessageSender) -> Result<(), Failure> {
///         let mut batch = MessageBatch::default();
///         batch.push("orders", br#"{"id": 7}"#);
///         Ok(messages.send(&mut batch)?)
///     }
/// }
///
/// struct Copies(mpsc::Sender<String>);
///
/// impl Sink for Copies {
///     type Item = Encoded;
///
///     fn write(&mut self, commit: EncodedBatch) -> Result<(), Failure> {
///         for message in commit.messages().filter(|message| message.error().is_none()) {
///             self.0.send(String::from_utf8(message.payload().to_vec())?)?;
///         }
///         Ok(())
///     }
/// }
///
/// let pipeline = Pipeline::new();
/// let orders = pipeline.message_source(Orders, format::json::<Order>());
/// let (send, copies) = mpsc::channel();
/// orders.message_sink(Copies(send), "copies", format::json());
/// pipeline.run()?;
/// assert!(copies.recv().unwrap().starts_with(r#"{"id":7,"diff":1,"time":"#));
/// # Ok::<(), pathway::Error>(())
/// ```
pub fn json<R: Schema>() -> JsonFormat<R> {
    JsonFormat::new()
}

/// Events as JSON, for readers that know nothing of changes: the columns in order, without `diff` and `time`, and with times
/// in RFC 3339.
///
/// It encodes as `nats::write(..).events()` does. An event cannot be taken back, so the table must be one that only grows:
/// messages that are read into a row without a primary key, events, windows that are emitted on close, or what
/// [`to_stream`](crate::plan::Table::to_stream) makes of any table. With another one, the pipeline does not start; with
/// [`insertions_only`](JsonFormat::insertions_only) it does.
///
/// ```
/// use pathway::format;
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct Alarm {
///     device: i64,
///     at: DateTimeUtc,
/// }
///
/// let broker = pathway::testing::Broker::new();
/// let pipeline = Pipeline::new();
/// let alarms = pipeline.rows([Alarm { device: 7, at: "2024-01-02T03:04:05.6Z".parse().unwrap() }]);
/// nats::write(&alarms, &broker, "alarms").encode(format::json_events());
/// pipeline.run()?;
/// assert_eq!(broker.published("alarms")[0].text(), r#"{"device":7,"at":"2024-01-02T03:04:05.600Z"}"#);
/// # Ok::<(), pathway::Error>(())
/// ```
pub fn json_events<R: Schema>() -> JsonFormat<R> {
    JsonFormat::events()
}

/// Changes as JSON, each a row that is inserted or removed: it decodes what [`json`] encodes, as `nats::read(..).changes()`
/// does.
///
/// The header `pathway_diff`, or else the field `diff`, is 1 or -1; a message with anything else, or with neither, is
/// rejected. A removal of a row that is not there is rejected too, except with a primary key: see
/// `nats::read(..).changes()`.
///
/// ```
/// use pathway::format::{self, Decode, Message};
/// use pathway::prelude::*;
///
/// #[derive(Schema, Debug, PartialEq)]
/// struct Order {
///     id: i64,
/// }
///
/// let change = format::json_changes::<Order>().decode_change(&Message::new("orders", br#"{"id": 7, "diff": -1}"#));
/// assert_eq!(change.unwrap(), Change::remove(Order { id: 7 }));
/// ```
pub fn json_changes<R: Schema>() -> JsonChanges<R> {
    JsonChanges::new()
}

/// JSON objects, one a line or as the elements of an array: each message holds any number of rows.
///
/// It decodes as `nats::read(..).json_lines()` does. As a decoder of single values, of a bucket for example, it accepts messages
/// with exactly one row.
///
/// ```
/// use pathway::format::{self, Decode, Message};
/// use pathway::prelude::*;
///
/// #[derive(Schema, Debug, PartialEq)]
/// struct Order {
///     id: i64,
/// }
///
/// let one = format::json_lines::<Order>().decode(&Message::new("orders", br#"[{"id": 7}]"#));
/// assert_eq!(one.unwrap(), Order { id: 7 });
/// ```
pub fn json_lines<R: Schema>() -> JsonLines<R> {
    JsonLines::new()
}

/// Text: the payload is the `String` column of a row, such as [`Plaintext`](super::Plaintext).
///
/// It decodes rows whose other columns are metadata, as `nats::read(..).plaintext_as()` does, and encodes rows of one column,
/// as `nats::write(..).plaintext()` does.
///
/// ```
/// use pathway::format::{self, Decode, Message, Plaintext};
///
/// let row = format::plaintext::<Plaintext>().decode(&Message::new("lines", b" a line"));
/// assert_eq!(row.unwrap().data, " a line");
/// ```
pub fn plaintext<R: Schema>() -> PlaintextFormat<R> {
    PlaintextFormat::new()
}

/// Bytes: the payload is the `Bytes` column of a row, such as [`Raw`](super::Raw). Otherwise as [`plaintext`].
///
/// ```
/// use pathway::format::{self, Decode, Message, Raw};
///
/// let row = format::raw::<Raw>().decode(&Message::new("blobs", b"\xff"));
/// assert_eq!(row.unwrap().data, &b"\xff"[..]);
/// ```
pub fn raw<R: Schema>() -> RawFormat<R> {
    RawFormat::new()
}

/// Encodes the text of one column of each row, as `nats::write(..).plaintext_of(..)` does.
///
/// ```
/// use pathway::format::{self, ChangeInfo, Encode};
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct City {
///     name: String,
///     people: i64,
/// }
///
/// let (oslo, mut payload) = (City { name: "Oslo".into(), people: 700_000 }, Vec::new());
/// format::plaintext_of(|city: &City| &city.name).encode(&oslo, ChangeInfo::new(1, 0), &mut payload).unwrap();
/// assert_eq!(payload, b"Oslo");
/// ```
pub fn plaintext_of<R: Schema>(text: impl Fn(&R) -> &str + Send + Sync + 'static) -> impl Encode<R> {
    raw_of(move |row| text(row).as_bytes())
}

/// Encodes the bytes of one column of each row, as `nats::write(..).raw_of(..)` does. Otherwise as [`plaintext_of`].
pub fn raw_of<R: Schema>(bytes: impl Fn(&R) -> &[u8] + Send + Sync + 'static) -> impl Encode<R> {
    move |row: &R, _: ChangeInfo, payload: &mut Vec<u8>| -> Result<(), EncodeError> {
        payload.extend_from_slice(bytes(row));
        Ok(())
    }
}

/// Declares the type of a format without settings.
macro_rules! format_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name<R> {
            rows: PhantomData<fn(&R)>,
        }

        impl<R> $name<R> {
            fn new() -> Self {
                $name { rows: PhantomData }
            }
        }

        impl<R> Clone for $name<R> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<R> Copy for $name<R> {}

        impl<R> fmt::Debug for $name<R> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

format_type! {
    /// What [`json_changes()`] returns.
    JsonChanges
}

format_type! {
    /// What [`json_lines()`] returns.
    JsonLines
}

format_type! {
    /// What [`plaintext()`] returns.
    PlaintextFormat
}

format_type! {
    /// What [`raw()`](fn@raw) returns.
    RawFormat
}

impl<R: Schema> Decode for JsonChanges<R> {
    type Row = R;

    /// Decodes the row of an insertion.
    fn decode(&self, message: &Message<'_>) -> Result<R, DecodeError> {
        match decode_change(message)? {
            Change { row, diff: 1 } => Ok(row),
            _ => Err(DecodeError::message("the row is removed, but it can only be inserted here")),
        }
    }

    fn decode_change(&self, message: &Message<'_>) -> Result<Change<R>, DecodeError> {
        decode_change(message)
    }

    fn has_changes(&self) -> bool {
        true
    }

    fn metadata(&self) -> Metadata {
        R::METADATA.with_headers()
    }
}

impl<R: Schema> Decode for JsonLines<R> {
    type Row = R;

    /// Decodes the only row of a message.
    fn decode(&self, message: &Message<'_>) -> Result<R, DecodeError> {
        let mut rows = DecodedRows::default();
        decode_lines(message, &mut rows)?;
        if let Some(part) = rows.rejected.pop() {
            return Err(part.error);
        }
        match (rows.changes.pop(), rows.changes.len()) {
            (Some(change), 0) => Ok(change.row),
            (row, others) => {
                let count = others + usize::from(row.is_some());
                Err(DecodeError::message(format!("the message holds {count} rows, but exactly one is expected here")))
            }
        }
    }

    fn decode_rows(&self, message: &Message<'_>, rows: &mut DecodedRows<R>) -> Result<(), DecodeError> {
        decode_lines(message, rows)
    }
}

impl<R: OnePayload<String>> Decode for PlaintextFormat<R> {
    type Row = R;

    fn decode(&self, message: &Message<'_>) -> Result<R, DecodeError> {
        text::decode(message)
    }
}

impl<R: OneColumn<String>> Encode<R> for PlaintextFormat<R> {
    fn encode(&self, row: &R, _: ChangeInfo, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        payload.extend_from_slice(row.column().as_bytes());
        Ok(())
    }
}

impl<R: OnePayload<Bytes>> Decode for RawFormat<R> {
    type Row = R;

    fn decode(&self, message: &Message<'_>) -> Result<R, DecodeError> {
        raw::decode(message)
    }
}

impl<R: OneColumn<Bytes>> Encode<R> for RawFormat<R> {
    fn encode(&self, row: &R, _: ChangeInfo, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        payload.extend_from_slice(row.column());
        Ok(())
    }
}

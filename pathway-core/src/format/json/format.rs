//! JSON as a format with settings.

use std::fmt;
use std::marker::PhantomData;

use super::decode::decode_message;
use super::encode::{encode_columns_rfc3339, encode_member, end_object};
use crate::data::{DecodeError, EncodeError, Message, Schema};
use crate::format::{ChangeInfo, Decode, Encode, Removals};

/// What [`json()`](crate::format::values::json) and [`json_events()`](crate::format::values::json_events) return.
///
/// The methods are for readers that know nothing of changes. They change what is written, not what is read:
///
/// ```
/// use pathway::format;
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct Total {
///     city: String,
///     sum: i64,
///     at: DateTimeUtc,
/// }
///
/// let broker = pathway::testing::Broker::new();
/// let pipeline = Pipeline::new();
/// let totals = pipeline.rows([Total { city: "Oslo".into(), sum: 45, at: "2024-01-02T03:04:05Z".parse().unwrap() }]);
/// nats::write(&totals, &broker, "totals").encode(format::json().without_time().times_as_rfc3339());
/// pipeline.run()?;
/// let expected = r#"{"city":"Oslo","sum":45,"at":"2024-01-02T03:04:05Z","diff":1}"#;
/// assert_eq!(broker.published("totals")[0].text(), expected);
/// # Ok::<(), pathway::Error>(())
/// ```
#[must_use]
pub struct JsonFormat<R> {
    has_diff: bool,
    has_time: bool,
    has_rfc3339: bool,
    removals: Removals,
    rows: PhantomData<fn(&R)>,
}

impl<R> JsonFormat<R> {
    /// The bytes that Pathway writes.
    pub(in crate::format) fn new() -> Self {
        let removals = Removals::Written;
        JsonFormat { has_diff: true, has_time: true, has_rfc3339: false, removals, rows: PhantomData }
    }

    /// Rows alone, of a table that only grows.
    pub(in crate::format) fn events() -> Self {
        let removals = Removals::Refused;
        JsonFormat { has_diff: false, has_time: false, has_rfc3339: true, removals, rows: PhantomData }
    }

    /// Writes no `diff`. Only the header `pathway_diff` then tells a removal from an insertion.
    pub fn without_diff(mut self) -> Self {
        self.has_diff = false;
        self
    }

    /// Writes no `time`, which is that of the commit. The header `pathway_time` still has it.
    pub fn without_time(mut self) -> Self {
        self.has_time = false;
        self
    }

    /// Writes times as RFC 3339 has them, also in options, lists, tuples and newtypes.
    ///
    /// | column | without this | with it |
    /// |---|---|---|
    /// | `DateTimeUtc` | `"2024-01-02T03:04:05.600000000+0000"` | `"2024-01-02T03:04:05.600Z"` |
    /// | `DateTimeNaive` | `"2024-01-02T03:04:05.600000000"` | `"2024-01-02T03:04:05.600"` |
    ///
    /// A fraction of a second has three, six or nine digits, and is left out if it is zero. A `DateTimeNaive` has no time
    /// zone, which RFC 3339 demands, and gets none. A year before 0000 has a sign, which RFC 3339 does not know.
    ///
    /// All else stays as it is: a `SignedDuration`, of which RFC 3339 says nothing, is a number of nanoseconds; a column with
    /// `#[schema(format = "unix_ms")]` or its like is that number; and `time` is in unix milliseconds.
    pub fn times_as_rfc3339(mut self) -> Self {
        self.has_rfc3339 = true;
        self
    }

    /// Writes insertions and leaves out removals, whatever the table.
    ///
    /// Readers then never learn that a row is gone. A row that is updated is two messages, without a sign that the second one
    /// replaces the first: they must know by its key. A row that is removed and has no successor, as the group of a `reduce!`
    /// without rows, is valid for them for ever. If they need to know, make events of the changes with
    /// [`to_stream`](crate::plan::Table::to_stream) or [`to_upserts`](crate::plan::Table::to_upserts).
    ///
    /// A bucket needs removals, because they delete keys: with this format, a pipeline that writes one does not start.
    pub fn insertions_only(mut self) -> Self {
        self.removals = Removals::LeftOut;
        self
    }
}

impl<R: Schema> JsonFormat<R> {
    /// Appends the columns, each followed by a comma.
    fn encode_columns(&self, row: &R, payload: &mut Vec<u8>) {
        match self.has_rfc3339 {
            false => row.encode_columns(payload),
            true => encode_columns_rfc3339(row, payload),
        }
    }
}

impl<R> Clone for JsonFormat<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for JsonFormat<R> {}

impl<R> fmt::Debug for JsonFormat<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let JsonFormat { has_diff, has_time, has_rfc3339, removals, rows: _ } = self;
        let mut debug = f.debug_struct("JsonFormat");
        debug.field("has_diff", has_diff).field("has_time", has_time);
        debug.field("has_rfc3339", has_rfc3339).field("removals", removals).finish()
    }
}

impl<R: Schema> Decode for JsonFormat<R> {
    type Row = R;

    fn decode(&self, message: &Message<'_>) -> Result<R, DecodeError> {
        decode_message(message)
    }
}

impl<R: Schema> Encode<R> for JsonFormat<R> {
    fn encode(&self, row: &R, change: ChangeInfo, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        payload.push(b'{');
        self.encode_columns(row, payload);
        if self.has_diff {
            encode_member("diff", &change.diff, payload);
        }
        if self.has_time {
            encode_member("time", &change.time, payload);
        }
        end_object(payload);
        Ok(())
    }

    fn encode_value(&self, row: &R, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        payload.push(b'{');
        self.encode_columns(row, payload);
        end_object(payload);
        Ok(())
    }

    fn removals(&self) -> Removals {
        self.removals
    }
}

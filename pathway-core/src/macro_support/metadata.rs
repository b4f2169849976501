//! Columns that are filled from a message's metadata instead of its payload.
//!
//! There is one trait for each kind of attribute; the derive requires it with the span of the column's type.

use crate::data::{Column, DateTimeUtc, DecodeError, Message, Metadata};

/// A column marked `subject`.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` cannot be filled with the subject",
    label = "the subject is a `String`"
)]
pub trait SubjectColumn: Sized {
    /// The column's value.
    fn from_subject(subject: &str) -> Self;
}

/// A column marked `subject_token`.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` cannot be filled with a token of the subject",
    label = "a token is a `String` or an integer",
    note = "where a subject may have fewer tokens, make it an `Option` of one of these"
)]
pub trait TokenColumn: Sized {
    /// The value of a token, which may be missing; or the expected type, for the error message.
    fn from_token(token: Option<&str>) -> Result<Self, &'static str>;
}

/// A column marked `header`.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` cannot be filled with a header",
    label = "a header is a `String` or an integer",
    note = "where a message may lack it, make it an `Option` of one of these; where it may have several, a `Vec`"
)]
pub trait HeaderColumn: Sized {
    /// The value of all headers with one name; or the expected type, for the error message.
    fn from_headers<'a>(values: impl Iterator<Item = &'a str>) -> Result<Self, &'static str>;
}

/// A column marked `stream_sequence` or `delivered`.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` cannot be filled with a number that JetStream counts",
    label = "such a number is a `u64` or an `i64`",
    note = "core NATS has no such numbers: to read from core NATS too, make it an `Option` of one of these"
)]
pub trait CountColumn: Sized {
    /// Whether the column accepts that there is no value.
    const OPTIONAL: bool;

    /// The column's value; `None` where the column needs one and there is none.
    fn from_count(count: Option<u64>) -> Option<Self>;
}

/// A column marked `published_at` or `received_at`.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` cannot be filled with the time of a message",
    label = "such a time is a `DateTimeUtc`",
    note = "core NATS does not say when a message was published: `published_at` can be an `Option<DateTimeUtc>`"
)]
pub trait TimeColumn: Sized {
    /// Whether the column accepts that there is no value.
    const OPTIONAL: bool;

    /// The column's value; `None` where the column needs one and there is none.
    fn from_time(time: Option<DateTimeUtc>) -> Option<Self>;
}

impl SubjectColumn for String {
    fn from_subject(subject: &str) -> Self {
        subject.to_owned()
    }
}

macro_rules! from_text {
    ($($type:ty, $expected:literal;)+) => {$(
        impl TokenColumn for $type {
            fn from_token(token: Option<&str>) -> Result<Self, &'static str> {
                token.and_then(|token| token.parse().ok()).ok_or($expected)
            }
        }

        impl TokenColumn for Option<$type> {
            fn from_token(token: Option<&str>) -> Result<Self, &'static str> {
                token.map(|token| token.parse().map_err(|_| $expected)).transpose()
            }
        }

        impl HeaderColumn for $type {
            fn from_headers<'a>(mut values: impl Iterator<Item = &'a str>) -> Result<Self, &'static str> {
                values.next().and_then(|value| value.parse().ok()).ok_or($expected)
            }
        }

        impl HeaderColumn for Option<$type> {
            fn from_headers<'a>(mut values: impl Iterator<Item = &'a str>) -> Result<Self, &'static str> {
                values.next().map(|value| value.parse().map_err(|_| $expected)).transpose()
            }
        }

        impl HeaderColumn for Vec<$type> {
            fn from_headers<'a>(values: impl Iterator<Item = &'a str>) -> Result<Self, &'static str> {
                values.map(|value| value.parse().map_err(|_| $expected)).collect()
            }
        }
    )+};
}

from_text! {
    String, "a text (String)";
    i8, "an integer (i8)";
    i16, "an integer (i16)";
    i32, "an integer (i32)";
    i64, "an integer (i64)";
    u8, "an integer (u8)";
    u16, "an integer (u16)";
    u32, "an integer (u32)";
    u64, "an integer (u64)";
}

macro_rules! maybe {
    ($trait:ident, $method:ident, $from:ty; $($type:ty),+) => {$(
        impl $trait for $type {
            const OPTIONAL: bool = false;

            fn $method(value: Option<$from>) -> Option<Self> {
                value.and_then(|value| value.try_into().ok())
            }
        }

        impl $trait for Option<$type> {
            const OPTIONAL: bool = true;

            fn $method(value: Option<$from>) -> Option<Self> {
                Some(value.and_then(|value| value.try_into().ok()))
            }
        }
    )+};
}

maybe!(CountColumn, from_count, u64; u64, i64);
maybe!(TimeColumn, from_time, DateTimeUtc; DateTimeUtc);

/// The value of a `subject` column.
pub fn subject<T: SubjectColumn>(message: &Message<'_>) -> T {
    T::from_subject(message.subject)
}

/// The value of a `subject_token` column. Tokens are counted from 1.
pub fn subject_token<T: TokenColumn>(
    message: &Message<'_>,
    number: usize,
    column: &'static Column,
) -> Result<T, DecodeError> {
    let token = message.token(number);
    T::from_token(token).map_err(|expected| {
        let found = token.map_or_else(|| "nothing".to_owned(), |token| format!("`{token}`"));
        let reason =
            format!("expected {expected} as token {number} of the subject `{}`, found {found}", message.subject);
        DecodeError::metadata(column.name, reason)
    })
}

/// The value of a `header` column.
pub fn header<T: HeaderColumn>(message: &Message<'_>, name: &str, column: &'static Column) -> Result<T, DecodeError> {
    T::from_headers(message.headers.all(name)).map_err(|expected| {
        let found = message.headers.get(name).map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`"));
        DecodeError::metadata(column.name, format!("expected {expected} as header `{name}`, found {found}"))
    })
}

/// The value of a `stream_sequence` column: the message's number in its stream.
pub fn stream_sequence<T: CountColumn>(message: &Message<'_>, column: &'static Column) -> Result<T, DecodeError> {
    T::from_count(message.delivery.map(|delivery| delivery.stream_sequence)).ok_or_else(|| not_available(column))
}

/// The value of a `delivered` column: how often the message was delivered.
pub fn delivered<T: CountColumn>(message: &Message<'_>, column: &'static Column) -> Result<T, DecodeError> {
    T::from_count(message.delivery.map(|delivery| delivery.delivered)).ok_or_else(|| not_available(column))
}

/// The value of a `published_at` column: when the server stored the message.
pub fn published_at<T: TimeColumn>(message: &Message<'_>, column: &'static Column) -> Result<T, DecodeError> {
    T::from_time(message.delivery.map(|delivery| delivery.published_at)).ok_or_else(|| not_available(column))
}

/// The value of a `received_at` column: when the pipeline received the message.
pub fn received_at<T: TimeColumn>(message: &Message<'_>, column: &'static Column) -> Result<T, DecodeError> {
    T::from_time(message.received_at).ok_or_else(|| not_available(column))
}

fn not_available(column: &'static Column) -> DecodeError {
    DecodeError::metadata(column.name, "the message does not have this metadata")
}

/// The metadata that a `stream_sequence` column needs.
pub const fn metadata_for_count<T: CountColumn>(column: &'static str) -> Metadata {
    metadata_for_delivery(column, T::OPTIONAL)
}

/// The metadata that a `delivered` column needs.
pub const fn metadata_for_deliveries<T: CountColumn>(column: &'static str) -> Metadata {
    metadata_for_count::<T>(column).with_deliveries()
}

/// The metadata that a `published_at` column needs.
pub const fn metadata_for_time<T: TimeColumn>(column: &'static str) -> Metadata {
    metadata_for_delivery(column, T::OPTIONAL)
}

const fn metadata_for_delivery(column: &'static str, optional: bool) -> Metadata {
    if optional { Metadata::NONE.with_delivery() } else { Metadata::NONE.with_delivery_for(column) }
}

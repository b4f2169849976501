//! Rows that are one value: what a payload of text or bytes can be read into and written from.

use super::{DecodeError, Message, Schema};

/// A row whose only column is a `T`: it can be written as bare text or bytes.
///
/// It comes by `#[derive(Schema)]` on a struct with one field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row of one `{T}` column",
    label = "a bare payload is one `{T}`, and nothing else",
    note = "say what the payload is: `.plaintext_of(|row| &row.column)` for text, `.raw_of(|row| &row.column)` for bytes",
    note = "or `select!` the one column; the other columns can go into headers: `.header(\"name\", |row| ..)`"
)]
pub trait OneColumn<T>: Schema {
    /// The column's value.
    fn column(&self) -> &T;
}

/// A row with one `T` column for the payload; whatever else it has comes from beside the payload.
///
/// It comes by `#[derive(Schema)]` on a struct with one field that is not marked as metadata.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row with one `{T}` column for the payload",
    label = "a bare payload is one `{T}`",
    note = "of the columns of `{Self}` exactly one must be a `{T}`; mark all others as what they are: \
            `subject`, `subject_token = 1`, `header = \"Name\"`, `received_at`, .."
)]
pub trait OnePayload<T>: Schema {
    /// The row of a payload, and the message that it came in.
    ///
    /// # Errors
    /// What stands beside the payload does not fill a column.
    fn from_payload(payload: T, message: &Message<'_>) -> Result<Self, DecodeError>;
}

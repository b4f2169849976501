//! Rows with one column for the payload: what text and bytes are read into and written from.

use super::{DecodeError, Message, Schema};

/// A row whose only column is a `T`: it can be written as plain text or raw bytes.
///
/// `#[derive(Schema)]` implements it for a struct with one field.
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

/// A row with one `T` column for the payload; its other columns are metadata.
///
/// `#[derive(Schema)]` implements it for a struct with one field that is not marked as metadata.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row with one `{T}` column for the payload",
    label = "a bare payload is one `{T}`",
    note = "of the columns of `{Self}` exactly one must be a `{T}`; mark all others as what they are: \
            `subject`, `subject_token = 1`, `header = \"Name\"`, `received_at`, .."
)]
pub trait OnePayload<T>: Schema {
    /// The row of a payload and its message.
    ///
    /// # Errors
    /// A column cannot be filled from the message's metadata.
    fn from_payload(payload: T, message: &Message<'_>) -> Result<Self, DecodeError>;
}

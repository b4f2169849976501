//! What a column can hold.

use std::borrow::Cow;

use super::{Datum, JsonText, Mismatch};

/// A type that a column can have.
///
/// | type | in JSON |
/// |---|---|
/// | `bool` | `true`, `false` |
/// | `i8` … `i64`, `u8` … `u64` | an integer literal within the type's range |
/// | `f32`, `f64` | any number; on output NaN and infinities are `null` |
/// | `String` | a string |
/// | [`Bytes`](bytes::Bytes) | a string of standard, padded base64 |
/// | [`Json`](super::Json) | anything but `null` |
/// | [`DateTimeUtc`](super::DateTimeUtc) | `2024-01-02T03:04:05.123+00:00`, or `Z`; written with nine digits and `+0000` |
/// | [`DateTimeNaive`](super::DateTimeNaive) | `2024-01-02T03:04:05.123`; written with nine digits |
/// | [`SignedDuration`](jiff::SignedDuration) | an integer: nanoseconds |
/// | `Option<T>` | `T` or `null`; a missing field is `None` |
/// | `Vec<T>` | an array |
/// | `(A, B, …)` | an array of exactly that length |
///
/// Enums without fields and newtypes join by `#[derive(ColumnType)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column",
    label = "not a column type",
    note = "columns are bool, integers, floats, String, Bytes, Json, DateTimeUtc, DateTimeNaive, SignedDuration, \
            and Option, Vec or tuples of them",
    note = "an enum without fields or a newtype of your own becomes one by `#[derive(ColumnType)]`"
)]
pub trait ColumnType: Datum + DecodeJson + EncodeJson + EncodeText {}

#[diagnostic::do_not_recommend]
impl<T: Datum + DecodeJson + EncodeJson + EncodeText> ColumnType for T {}

/// A column that can be read from JSON.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column: it cannot be read from JSON",
    label = "not a column type"
)]
pub trait DecodeJson: Sized {
    /// What the decoder takes, for error messages: `an integer (i64)`.
    fn expected() -> Cow<'static, str>;

    /// Decodes one JSON value. Its syntax has been checked.
    fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch>;

    /// What the column holds when its field is not there: `None` for an `Option`, else an error.
    fn decode_missing() -> Option<Self> {
        None
    }
}

/// A column that can be written as JSON.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column: it cannot be written as JSON",
    label = "not a column type"
)]
pub trait EncodeJson {
    /// Appends the value, as compact JSON.
    fn encode_json(&self, out: &mut Vec<u8>);
}

/// A column that can be written as plain text, without quotes and escapes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column: it cannot be written as text",
    label = "not a column type"
)]
pub trait EncodeText {
    /// Appends the value, as UTF-8.
    fn encode_text(&self, form: TextForm, out: &mut Vec<u8>);

    /// Whether there is no value, so that there is no header either.
    fn is_none(&self) -> bool {
        false
    }
}

/// Where the text of a column is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextForm {
    /// In a field of delimiter-separated values.
    Field,
    /// In a header.
    Header,
}

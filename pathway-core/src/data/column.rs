//! The types that a column can have.

use std::borrow::Cow;

use super::{Datum, JsonText, Mismatch};

/// A type that a column can have.
///
/// | type | in JSON |
/// |---|---|
/// | `bool` | `true`, `false` |
/// | `i8` … `i64`, `u8` … `u64` | an integer within the type's range, written without a fraction or exponent |
/// | `f32`, `f64` | any number; NaN and infinities are written as `null` |
/// | `String` | a string |
/// | [`Bytes`](bytes::Bytes) | a string of standard, padded base64 |
/// | [`Json`](super::Json) | any value except `null` |
/// | [`DateTimeUtc`](super::DateTimeUtc) | `2024-01-02T03:04:05.123+00:00`, or `Z`; written with nine digits and `+0000` |
/// | [`DateTimeNaive`](super::DateTimeNaive) | `2024-01-02T03:04:05.123`; written with nine digits |
/// | [`SignedDuration`](jiff::SignedDuration) | an integer: nanoseconds |
/// | `Option<T>` | `T` or `null`; a missing member is `None` |
/// | `Vec<T>` | an array |
/// | `(A, B, …)` | an array of exactly that length |
///
/// An enum without fields or a newtype of your own becomes a column type by `#[derive(ColumnType)]`.
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

/// A type that can be read from JSON. `#[derive(ColumnType)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column: it cannot be read from JSON",
    label = "not a column type"
)]
pub trait DecodeJson: Sized {
    /// The values that the type accepts, for error messages: `an integer (i64)`.
    #[doc(hidden)]
    fn expected() -> Cow<'static, str>;

    /// Decodes a JSON value whose syntax has been checked.
    ///
    /// # Errors
    /// The type does not accept the value.
    #[doc(hidden)]
    fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch>;

    /// The value of a column whose member is missing: `None` for an `Option`. Other types have none, which is an error.
    #[doc(hidden)]
    fn decode_missing() -> Option<Self> {
        None
    }
}

/// A type that can be written as JSON. `#[derive(ColumnType)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column: it cannot be written as JSON",
    label = "not a column type"
)]
pub trait EncodeJson {
    /// Appends the value as compact JSON.
    fn encode_json(&self, out: &mut Vec<u8>);

    /// Appends the value as compact JSON in which times are in the form of RFC 3339.
    ///
    /// Default: [`encode_json`](EncodeJson::encode_json), for types that hold no time.
    fn encode_json_rfc3339(&self, out: &mut Vec<u8>) {
        self.encode_json(out);
    }
}

/// A type that can be written as plain text, without quotes and escapes: as a header or a delimited field.
///
/// All column types implement it, and `#[derive(ColumnType)]` does for your own types. Implement it by hand for a type that
/// [`header`](../nats/struct.Write.html#method.header) should accept and that is not a column.
///
/// ```
/// use pathway::prelude::*;
/// use pathway::schema::{EncodeText, TextForm};
///
/// struct Hex(i64);
///
/// impl EncodeText for Hex {
///     fn encode_text(&self, _: TextForm, out: &mut Vec<u8>) {
///         out.extend_from_slice(format!("{:x}", self.0).as_bytes());
///     }
/// }
///
/// #[derive(Schema)]
/// struct Order { id: i64 }
///
/// let broker = pathway::testing::Broker::new();
/// let pipeline = Pipeline::new();
/// let orders = pipeline.rows([Order { id: 255 }]);
/// nats::write(&orders, &broker, "orders").header("id", |o| Hex(o.id)).json();
/// pipeline.run()?;
/// assert!(broker.published("orders")[0].headers.contains(&("id".into(), "ff".into())));
/// # Ok::<(), pathway::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column: it cannot be written as text",
    label = "not a column type"
)]
pub trait EncodeText {
    /// Appends the value as UTF-8.
    fn encode_text(&self, form: TextForm, out: &mut Vec<u8>);

    /// Whether the value is missing; then the message has no such header.
    fn is_none(&self) -> bool {
        false
    }
}

/// Where the text of a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextForm {
    /// A field of delimiter-separated values.
    Field,
    /// A header.
    Header,
}

//! What a document has for one column.

use crate::data::{Column, DecodeError, DecodeJson, JsonText, Mismatch};

/// What was found for one column so far.
///
/// ```
/// use pathway_core::data::{Column, JsonText};
/// use pathway_core::format::json::decode::{Slot, object};
///
/// static PRICE: Column = Column { name: "price", type_name: "f64", primary_key: false, path: None };
///
/// let mut price = Slot::<f64>::new();
/// object(JsonText { text: r#"{"id": 7, "price": 9.5}"#, offset: 0 }, &mut |key, value| {
///     if key == "price" {
///         price.read(value);
///     }
/// })?;
/// assert_eq!(price.take(&PRICE)?, 9.5);
/// # Ok::<(), pathway_core::data::DecodeError>(())
/// ```
#[derive(Debug, Default)]
pub enum Slot<T> {
    /// No such field was met.
    #[default]
    Missing,
    /// The field, decoded.
    Value(T),
    /// The field was there, but was not what the column takes.
    Bad(Mismatch),
}

impl<T: DecodeJson> Slot<T> {
    /// A slot that nothing was found for.
    pub fn new() -> Self {
        Slot::Missing
    }

    /// Decodes a value into the slot. The last one wins: an earlier one is forgotten, an earlier bad one forgiven.
    #[inline]
    pub fn read(&mut self, value: JsonText<'_>) {
        *self = match T::decode_json(value) {
            Ok(value) => Slot::Value(value),
            Err(mismatch) => Slot::Bad(mismatch),
        };
    }

    /// Forgets what was found, as when a second object takes the place of the one that held the field.
    pub fn clear(&mut self) {
        *self = Slot::Missing;
    }

    /// The column's value.
    ///
    /// # Errors
    /// The value was bad, or there was none and the type has no value for that.
    #[inline]
    pub fn take(self, column: &'static Column) -> Result<T, DecodeError> {
        match self {
            Slot::Value(value) => Ok(value),
            Slot::Missing => T::decode_missing().ok_or_else(|| missing::<T>(column)),
            Slot::Bad(mismatch) => Err(DecodeError::mismatch(column.name, mismatch)),
        }
    }

    /// The column's value, or the column's default where the field was not there.
    ///
    /// # Errors
    /// The value was bad: the default does not excuse that.
    #[inline]
    pub fn take_or(self, column: &'static Column, default: impl FnOnce() -> T) -> Result<T, DecodeError> {
        match self {
            Slot::Value(value) => Ok(value),
            Slot::Missing => Ok(default()),
            Slot::Bad(mismatch) => Err(DecodeError::mismatch(column.name, mismatch)),
        }
    }
}

#[cold]
fn missing<T: DecodeJson>(column: &'static Column) -> DecodeError {
    DecodeError::missing(column.name, column.path, &T::expected())
}

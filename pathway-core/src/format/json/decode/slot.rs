//! The value that a document has for a column.

use crate::data::{Column, DecodeError, DecodeJson, JsonText, Mismatch};

/// The value that was found for a column so far.
#[derive(Debug, Default)]
pub enum Slot<T> {
    /// The member was not found.
    #[default]
    Missing,
    /// The decoded value of the member.
    Value(T),
    /// The member was found, but the column's type does not accept its value.
    Bad(Mismatch),
}

impl<T: DecodeJson> Slot<T> {
    /// An empty slot.
    pub fn new() -> Self {
        Slot::Missing
    }

    /// Decodes a value into the slot. The last value wins: it replaces an earlier value or mismatch.
    #[inline]
    pub fn read(&mut self, value: JsonText<'_>) {
        *self = match T::decode_json(value) {
            Ok(value) => Slot::Value(value),
            Err(mismatch) => Slot::Bad(mismatch),
        };
    }

    /// Empties the slot, as when a second object replaces the one that had the member.
    pub fn clear(&mut self) {
        *self = Slot::Missing;
    }

    /// The column's value.
    ///
    /// # Errors
    /// The type does not accept the value; or the member is missing, and the type has no value for that.
    #[inline]
    pub fn take(self, column: &'static Column) -> Result<T, DecodeError> {
        match self {
            Slot::Value(value) => Ok(value),
            Slot::Missing => T::decode_missing().ok_or_else(|| missing::<T>(column)),
            Slot::Bad(mismatch) => Err(DecodeError::mismatch(column.name, mismatch)),
        }
    }

    /// The column's value, or the column's default if the member is missing.
    ///
    /// # Errors
    /// The type does not accept the value. The default does not replace such a value.
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
    DecodeError::missing(column, &T::expected())
}

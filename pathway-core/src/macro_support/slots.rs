//! The methods of [`Slot`] as functions that name the column's type.
//!
//! With the methods, the compiler would report a type that cannot be a column once for each call. With functions whose
//! type argument has the span of the column's type, it reports it once.

use crate::data::{Column, DecodeError, DecodeJson, JsonText};
use crate::format::json::decode::Slot;

/// Decodes a value into the slot.
#[inline]
pub fn read_slot<T: DecodeJson>(slot: &mut Slot<T>, value: JsonText<'_>) {
    slot.read(value);
}

/// Forgets what was found so far.
#[inline]
pub fn clear_slot<T>(slot: &mut Slot<T>) {
    *slot = Slot::Missing;
}

/// The column's value.
///
/// # Errors
/// The value was bad, or there was none.
#[inline]
pub fn take_slot<T: DecodeJson>(slot: Slot<T>, column: &'static Column) -> Result<T, DecodeError> {
    slot.take(column)
}

/// The column's value, or its default.
///
/// # Errors
/// The value was bad.
#[inline]
pub fn take_slot_or<T: DecodeJson, F: FnOnce() -> T>(
    slot: Slot<T>,
    column: &'static Column,
    default: F,
) -> Result<T, DecodeError> {
    slot.take_or(column, default)
}

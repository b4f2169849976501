//! What the macros' code calls: the parts that do not depend on the user's type.
//!
//! Reached as `pathway::__private`, by expansions only. Keeping them here keeps the expansions short, and the
//! names in compile errors sensible.

pub mod beside;
mod checked;
mod choice;
mod defaults;
mod fields;
mod slots;
mod walk;

pub use std::borrow::Cow;
pub use std::vec::Vec;

pub use serde::de::SeqAccess;
pub use serde::ser::SerializeTuple;
pub use serde::{Deserializer, Serializer};

pub use self::checked::{AnyColumn, AnyKey, AnyRow, AnyTable, AnyTime, column, duplicate, key, row, same, table, time};
pub use self::choice::Choice;
pub use self::defaults::{OwnDefault, TextDefault, own_default, text_default};
pub use self::fields::{Fields, read_field, read_fields, write_field};
pub use self::slots::{clear_slot, read_slot, take_slot, take_slot_or, visit_column};
pub use self::walk::{Step, Walk};
pub use crate::data::*;
pub use crate::decode::json::Slot;

/// Compiles where `T` can be a column. The derive says it once for each field, with the span of its type.
pub fn column_type<T: ColumnType>() {}

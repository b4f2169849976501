//! What the macros' code calls: the parts that do not depend on the user's type.
//!
//! Reached as `pathway::__private`, by expansions only. Keeping them here keeps the expansions short, and the
//! names in compile errors sensible.

mod checked;
mod defaults;
mod enum_column;
mod fields;
pub mod metadata;
mod named;
mod own;
mod rest;
mod slots;
mod walk;

pub use std::borrow::Cow;
pub use std::vec::Vec;

pub use serde::de::SeqAccess;
pub use serde::ser::SerializeTuple;
pub use serde::{Deserializer, Serializer};

pub use self::checked::{
    AnyAverageable, AnyColumn, AnyCondition, AnyInterpolate, AnyKey, AnyMeasurable, AnyRow, AnySummable, AnyTable,
    AnyText, AnyTime, averageable, clone_datum, column, condition, interpolate, key, measurable, reversed, row, same,
    summable, table, text, time,
};
pub use self::defaults::{OwnDefault, TextDefault, own_default, text_default};
pub use self::enum_column::EnumColumn;
pub use self::fields::{Fields, read_field, read_fields, write_field};
pub use self::named::{Named, named};
pub use self::own::{Own, OwnReducer, own};
pub use self::rest::{Old, Rest, cell, compare_columns, debug_columns, distinct_names, encode_columns, hash_columns};
pub use self::slots::{clear_slot, read_slot, take_slot, take_slot_or};
pub use self::walk::{Step, Walk};
pub use crate::data::*;
pub use crate::format::json::decode::Slot;

/// Compiles where `T` can be a column. The derive says it once for each field, with the span of its type.
pub fn column_type<T: ColumnType>() {}

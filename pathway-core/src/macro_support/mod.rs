//! What the code that the macros generate calls: everything that does not depend on the user's types.
//!
//! Generated code reaches this room as `pathway::__private`; nothing else may use it. It keeps generated code short.

mod both_rows;
mod checked;
mod column_reducer;
mod columns;
mod defaults;
mod enum_column;
mod fields;
mod filtered;
mod joined_rows;
mod json_walker;
pub mod metadata;
mod remaining_columns;
mod slots;
mod user_reducer;

pub use std::borrow::Cow;
pub use std::vec::Vec;

pub use serde::de::SeqAccess;
pub use serde::ser::SerializeTuple;
pub use serde::{Deserializer, Serializer};

pub use self::both_rows::{both_rows, distinct_columns, type_of};
pub use self::checked::{
    AnyAverageable, AnyColumn, AnyCondition, AnyElements, AnyInterpolate, AnyKey, AnyMeasurable, AnyOrder, AnyRow,
    AnySummable, AnyTable, AnyText, AnyTime, averageable, clone_datum, column, condition, descending, elements,
    identity, interpolate, key, measurable, order, reversed, row, summable, table, take_datum, text, time,
};
pub use self::column_reducer::{ColumnReducer, column_reducer};
pub use self::columns::{
    assert_distinct_names, assert_not_replaced, compare_columns, debug_columns, dyn_value, encode_columns, hash_columns,
};
pub use self::defaults::{DefaultFromText, HasDefault, default_from_text, default_value};
pub use self::enum_column::EnumColumn;
pub use self::fields::{Fields, read_field, read_fields, write_field};
pub use self::filtered::{IntoOption, Present, filtered, or_default, present};
pub use self::joined_rows::{RowOf, joined_row, joined_row_or_none, kept_columns, row_of};
pub use self::json_walker::{JsonWalker, PathSegment};
pub use self::remaining_columns::{BaseRow, RemainingColumns};
pub use self::slots::{clear_slot, read_slot, take_slot, take_slot_or};
pub use self::user_reducer::{IntoReducer, UserReducer, user_reducer};
pub use crate::data::*;
pub use crate::format::json::decode::Slot;
pub use crate::format::unix_time::{UnixTime, UnixTimeColumn, unix_time};
use crate::operators::NewRows;
pub use crate::operators::{Compared, WithoutRank};
use crate::plan::Table;

/// Says in pictures of the pipeline what a macro has made a table of: `by o.city`.
pub fn shown<R>(table: Table<R>, detail: &'static str) -> Table<R> {
    table.with_details([detail.to_owned()])
}

/// The table of all rows that `rows` pushes for each row of a table.
pub fn select_elements<R: Schema, O: Schema>(
    table: &Table<R>,
    rows: impl Fn(&R, &mut NewRows<'_, O>) + Send + Sync + 'static,
) -> Table<O> {
    table.flatten_into("select", rows)
}

/// Compiles where `T` can be a column. The derive calls it once for each field, with the span of the field's type.
pub fn column_type<T: ColumnType>() {}

/// Compiles where `T` can have a `format`. The derive calls it with the span of the field's type.
pub fn unix_time_column<T: UnixTimeColumn>() {}

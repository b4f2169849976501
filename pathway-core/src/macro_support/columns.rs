//! What the derive implements column by column, where a column of the struct replaces one of a flattened row.

use std::cmp::Ordering;
use std::fmt;
use std::hash::Hasher;

use crate::data::{Column, ColumnType, Columns, DynValue, EncodeJson, Schema};

/// Fails to compile where two parts of a row have a column of the same name.
#[expect(clippy::panic, reason = "it runs at compile time only")]
pub const fn assert_distinct_names(one: &Columns, two: &Columns) {
    if one.overlaps(two) {
        panic!("a flattened row has a column whose name another column of the row has: `rename` one of them");
    }
}

/// Fails to compile where a function that takes a row by [`Extends`](crate::data::Extends) would see a value that was replaced.
#[expect(clippy::panic, reason = "it runs at compile time only")]
pub const fn assert_not_replaced(base: &Columns, own: &Columns) {
    if base.overlaps(own) {
        panic!("a column of the extended row is replaced: give the new column another name");
    }
}

/// A column's value, for [`Schema::zip_columns`].
#[inline]
pub fn dyn_value<T: ColumnType>(value: &T) -> &dyn DynValue {
    value
}

/// [`Datum::compare`](crate::data::Datum::compare), column by column.
pub fn compare_columns<R: Schema>(one: &R, two: &R) -> Ordering {
    let mut ordering = Ordering::Equal;
    one.zip_columns(two, &mut |_, one, two| ordering = ordering.then_with(|| one.compare_dyn(two)));
    ordering
}

/// [`Datum::hash_into`](crate::data::Datum::hash_into), column by column.
pub fn hash_columns<R: Schema, H: Hasher>(row: &R, state: &mut H) {
    row.zip_columns(row, &mut |_, value, _| value.hash_dyn(state));
}

/// [`Schema::encode_columns`], column by column.
pub fn encode_columns<R: Schema>(row: &R, out: &mut Vec<u8>) {
    row.zip_columns(row, &mut |Column { name, .. }, value, _| {
        name.to_string().encode_json(out);
        out.push(b':');
        value.write_json(out);
        out.push(b',');
    });
}

/// `Debug` for a row, with each value as JSON.
///
/// # Errors
/// Those of the formatter.
pub fn debug_columns<R: Schema>(row: &R, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut row_as_text = f.debug_struct(R::NAME);
    let mut json = Vec::new();
    row.zip_columns(row, &mut |column, value, _| {
        json.clear();
        value.write_json(&mut json);
        row_as_text.field(column.name, &format_args!("{}", String::from_utf8_lossy(&json)));
    });
    row_as_text.finish()
}

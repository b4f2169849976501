//! Rows of which a part is another row: `#[schema(flatten)]`, and the `..o` of a macro.

use std::cmp::Ordering;
use std::fmt;
use std::hash::Hasher;

use crate::data::{Cell, Column, ColumnType, Columns, EncodeJson, Schema};

/// Stops the compiler where a column has the name of one of another part of the row.
#[expect(clippy::panic, reason = "it runs when the user's program compiles, and never else")]
pub const fn distinct_names(one: &Columns, two: &Columns) {
    if one.shares_a_name_with(two) {
        panic!("a flattened row has a column whose name another column of the row has: `rename` one of them");
    }
}

/// The row that the rest of a row with a name comes from, behind the columns that were written.
///
/// It is lent to a method, so that the type that is asked for does not decide what is lent.
pub struct Old<'a, R>(pub &'a R);

impl<R: Schema> Old<'_, R> {
    /// The row that the rest is taken from.
    #[inline]
    pub fn rest<T>(self) -> T
    where
        R: Rest<T>,
    {
        self.0.rest()
    }
}

/// A row that can give the columns that were not named of a row.
#[diagnostic::on_unimplemented(
    message = "the columns of a `{T}` that are not named cannot come from a `{Self}`",
    label = "this row is a `{Self}`",
    note = "name each column of `{T}`, as in `city: o.city`; or leave the name `{T}` away: \
            `{{ ..o, cost: o.price }}` is a row with all columns of `o` and a new one"
)]
pub trait Rest<T> {
    /// A copy of the row, to take the columns from.
    fn rest(&self) -> T;
}

#[diagnostic::do_not_recommend]
impl<R: Schema> Rest<R> for R {
    #[inline]
    fn rest(&self) -> R {
        self.clone_datum()
    }
}

/// A second thing that every row can give, which nobody asks for: with one alone the compiler would take it for what
/// is asked for, and complain of a type instead of a row.
pub struct Nothing;

#[diagnostic::do_not_recommend]
impl<R: Schema> Rest<Nothing> for R {
    fn rest(&self) -> Nothing {
        Nothing
    }
}

/// A column's value, for [`Schema::side_by_side`].
#[inline]
pub fn cell<T: ColumnType>(value: &T) -> &dyn Cell {
    value
}

/// [`Datum::compare`](crate::data::Datum::compare), column by column.
pub fn compare_columns<R: Schema>(one: &R, two: &R) -> Ordering {
    let mut ordering = Ordering::Equal;
    one.side_by_side(two, &mut |_, one, two| ordering = ordering.then_with(|| one.compare_cell(two)));
    ordering
}

/// [`Datum::hash_into`](crate::data::Datum::hash_into), column by column.
pub fn hash_columns<R: Schema, H: Hasher>(row: &R, state: &mut H) {
    row.side_by_side(row, &mut |_, cell, _| cell.hash_cell(state));
}

/// [`Schema::encode_columns`], column by column.
pub fn encode_columns<R: Schema>(row: &R, out: &mut Vec<u8>) {
    row.side_by_side(row, &mut |Column { name, .. }, cell, _| {
        name.to_string().encode_json(out);
        out.push(b':');
        cell.write_json(out);
        out.push(b',');
    });
}

/// `Debug` of a row, each value as JSON.
///
/// # Errors
/// Those of the formatter.
pub fn debug_columns<R: Schema>(row: &R, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut row_as_text = f.debug_struct(R::NAME);
    let mut json = Vec::new();
    row.side_by_side(row, &mut |column, cell, _| {
        json.clear();
        cell.write_json(&mut json);
        row_as_text.field(column.name, &format_args!("{}", String::from_utf8_lossy(&json)));
    });
    row_as_text.finish()
}

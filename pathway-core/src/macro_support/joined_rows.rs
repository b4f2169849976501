//! What a `join!` of three or more tables keeps of the rows that it has joined so far.

use std::fmt;
use std::marker::PhantomData;

use crate::data::{Kept, KeptColumns, KeptRow, Schema};
use crate::plan::Table;

/// The type of a table's rows, as a value that closures capture.
pub struct RowOf<R>(PhantomData<fn() -> R>);

impl<R> Clone for RowOf<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for RowOf<R> {}

impl<R> fmt::Debug for RowOf<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowOf")
    }
}

/// The type of a table's rows.
pub fn row_of<R: Schema>(_: &Table<R>) -> RowOf<R> {
    RowOf(PhantomData)
}

/// What is kept of a row: these columns.
#[inline]
pub fn kept_columns<R: Schema, P: KeptColumns>(_: RowOf<R>, columns: P) -> Kept<R, P> {
    Kept::new(columns)
}

/// A row among the rows that are joined so far.
#[inline]
pub fn joined_row<T: KeptRow>(kept: &T) -> &T::View {
    kept.view()
}

/// A row that may be missing among the rows that are joined so far.
#[inline]
pub fn joined_row_or_none<T: KeptRow>(kept: &Option<T>) -> Option<&T::View> {
    kept.as_ref().map(T::view)
}

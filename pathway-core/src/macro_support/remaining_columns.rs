//! The `..o` of a macro's output: a row with a name takes the columns that are not written from another row.

use crate::data::Schema;

/// The row that the remaining columns come from.
///
/// They are taken by a method, so that the expected type does not influence the type of the base row.
#[derive(Debug)]
pub struct BaseRow<'a, R>(pub &'a R);

impl<R: Schema> BaseRow<'_, R> {
    /// A copy of the row, to take the columns from.
    #[inline]
    pub fn remaining_columns<T>(self) -> T
    where
        R: RemainingColumns<T>,
    {
        self.0.remaining_columns()
    }
}

/// A row that has the remaining columns of a `T`.
#[diagnostic::on_unimplemented(
    message = "the columns of a `{T}` that are not named cannot come from a `{Self}`",
    label = "this row is a `{Self}`",
    note = "name each column of `{T}`, as in `city: o.city`; or leave the name `{T}` away: \
            `{{ ..o, cost: o.price }}` is a row with all columns of `o` and a new one"
)]
pub trait RemainingColumns<T> {
    /// A copy of the row, to take the columns from.
    fn remaining_columns(&self) -> T;
}

#[diagnostic::do_not_recommend]
impl<R: Schema> RemainingColumns<R> for R {
    #[inline]
    fn remaining_columns(&self) -> R {
        self.clone_datum()
    }
}

/// The target of a second impl, which is never used: with a single impl the compiler would assume it, and report a type
/// mismatch instead of the missing impl.
#[derive(Debug)]
pub struct NoRow;

#[diagnostic::do_not_recommend]
impl<R: Schema> RemainingColumns<NoRow> for R {
    fn remaining_columns(&self) -> NoRow {
        NoRow
    }
}

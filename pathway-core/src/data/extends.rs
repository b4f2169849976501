//! Rows that have the columns of another row and more.

use super::Schema;

/// A row with all columns of a `T`: a `T` itself, or an anonymous row that was made of one with `..`, as in
/// `select!(o in orders => { ..o, cost: o.price * 2.0 })`.
///
/// It is the bound of a function that needs some columns, and takes tables that have more. The columns are declared once, in
/// the struct, and what the function returns still has the others:
///
/// ```
/// # use pathway::prelude::*;
/// use pathway::schema::Extends;
///
/// #[derive(Schema)]
/// struct Order {
///     id: i64,
///     price: f64,
/// }
///
/// fn dear<R: Extends<Order>>(orders: &Table<R>) -> Table<R> {
///     filter!(o in orders => o.base().price > 100.0)
/// }
///
/// # let pipeline = Pipeline::new();
/// let orders = pipeline.rows([Order { id: 1, price: 250.0 }, Order { id: 2, price: 5.0 }]);
/// let taxed = select!(o in orders => { ..o, tax: o.price * 0.25 });
/// let (all, taxes) = (dear(&orders).collect(), dear(&taxed).collect());
/// # pipeline.run()?;
/// assert_eq!((all.rows()[0].id, taxes.rows()[0].id, taxes.rows()[0].tax), (1, 1, 62.5));
/// # Ok::<(), pathway::Error>(())
/// ```
///
/// In macros, `o.base().city` is a column like `o.city`: it is cloned where it is used by value, and can be a key.
///
/// `#[derive(Schema)]` implements it. Columns of the same names are not enough: what a function needs is part of the row, so that it
/// is read without a copy.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not extend `{T}`",
    label = "this is not a row with all columns of a `{T}`",
    note = "columns of the same names are not enough: make the row of a `{T}`, as in \
            `select!(o in orders => {{ ..o, cost: o.price }})`",
    note = "or make a `{T}` of this row, as in `select!(o in orders => {T} {{ o.city, o.price }})`"
)]
pub trait Extends<T: Schema>: Schema {
    /// The part of the row that is a `T`.
    fn base(&self) -> &T;
}

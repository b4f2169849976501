//! Identity functions that the macros put around the user's expressions, so that type errors point at the user's code.
//!
//! Each function requires one trait and returns its argument as an associated type of that trait.
//! Where the trait is not implemented, that type is unknown, and the compiler reports nothing that follows from it:
//! one mistake, one error.

use std::cmp::Reverse;

use crate::data::{ColumnType, Datum, Schema};
use crate::operators::Interval;
use crate::operators::reducers::{Averageable, Condition, Interpolate, Measurable, Summable, Text};
use crate::operators::window::EventTime;
use crate::plan::Table;

/// A copy of a column or a row.
#[inline]
pub fn clone_datum<T: Datum>(value: &T) -> <T as Identity>::Type {
    value.clone_datum()
}

/// A column that is moved out of a row.
#[inline]
pub fn take_datum<T: Datum>(value: &mut T) -> <T as Identity>::Type {
    value.take_datum()
}

/// The value itself.
#[inline]
pub fn identity<T>(value: T) -> <T as Identity>::Type {
    value
}

/// The table that a macro reads.
#[inline]
pub fn table<T: AnyTable>(table: &T) -> &Table<T::Row> {
    table.table()
}

/// A value that becomes a column of an anonymous row. A reference to one is cloned.
#[inline]
pub fn column<T: AnyColumn<Impl>, Impl>(value: T) -> T::Type {
    value.check()
}

/// The elements that `select!` makes rows of.
#[inline]
pub fn elements<T: AnyElements<Impl>, Impl>(value: T) -> <T::Type as IntoIterator>::IntoIter {
    value.check().into_iter()
}

/// A value that becomes a row.
#[inline]
pub fn row<T: AnyRow<Impl>, Impl>(value: T) -> T::Type {
    value.check()
}

/// A value that rows are grouped by.
#[inline]
pub fn key<T: AnyKey<Impl>, Impl>(value: T) -> T::Type {
    value.check()
}

/// A value that rows are ordered by.
#[inline]
pub fn order<T: AnyOrder<Impl>, Impl>(value: T) -> T::Type {
    value.check()
}

/// A value that rows are ordered by, the greatest first.
#[inline]
pub fn descending<T: AnyOrder<Impl>, Impl>(value: T) -> Reverse<T::Type> {
    Reverse(value.check())
}

/// A value that is used as event time.
#[inline]
pub fn time<T: AnyTime<Impl>, Impl>(value: T) -> T::Type {
    value.check()
}

/// A value that `sum` adds up.
#[inline]
pub fn summable<T: AnySummable<Impl>, Impl>(value: T) -> T::Type {
    value.check()
}

/// A value that `avg` takes the mean of.
#[inline]
pub fn averageable<T: AnyAverageable<Impl>, Impl>(value: T) -> T::Type {
    value.check()
}

/// A value that `variance` and `stddev` measure.
#[inline]
pub fn measurable<T: AnyMeasurable<Impl>, Impl>(value: T) -> T::Type {
    value.check()
}

/// A value that `median` and `quantile_cont` interpolate.
#[inline]
pub fn interpolate<T: AnyInterpolate<Impl>, Impl>(value: T) -> T::Type {
    value.check()
}

/// A value that `string_join` joins.
#[inline]
pub fn text<T: AnyText<Impl>, Impl>(value: T) -> T::Type {
    value.check()
}

/// A value that `bool_and` and `bool_or` take.
#[inline]
pub fn condition<T: AnyCondition<Impl>, Impl>(value: T) -> T::Type {
    value.check()
}

/// Turns an interval of `first - second` into one of `second - first`.
#[inline]
pub fn reversed<I>(interval: I) -> Reversed<I> {
    Reversed(interval)
}

/// See [`reversed`].
#[derive(Debug)]
pub struct Reversed<I>(I);

impl<T, I: Interval<T>> Interval<T> for Reversed<I> {
    fn ticks(self) -> Result<(i128, i128), String> {
        let (from, to) = self.0.ticks()?;
        Ok((-to, -from))
    }
}

/// A table, or a reference to one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a table",
    label = "this is not a table",
    note = "a table comes from a source, as in `nats::read(..).json::<Order>()` or `pipeline.rows(..)`, \
            or from another table"
)]
pub trait AnyTable {
    /// The row of the table.
    type Row: Schema;

    /// The table.
    fn table(&self) -> &Table<Self::Row>;
}

#[diagnostic::do_not_recommend]
impl<R: Schema> AnyTable for Table<R> {
    type Row = R;

    #[inline]
    fn table(&self) -> &Table<R> {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: AnyTable> AnyTable for &T {
    type Row = T::Row;

    #[inline]
    fn table(&self) -> &Table<T::Row> {
        T::table(self)
    }
}

/// A type, behind a projection through which the compiler passes no expected type to the argument:
/// a type mismatch is then reported at the whole expression, not at the function around it.
pub trait Identity {
    /// `Self`.
    type Type;
}

impl<T> Identity for T {
    type Type = T;
}

macro_rules! checked {
    ($(#[$doc:meta])* $name:ident($bound:ident)) => {
        $(#[$doc])*
        pub trait $name<Impl> {
            /// `Self`.
            type Type: $bound;

            /// `self`.
            fn check(self) -> Self::Type;
        }

        #[diagnostic::do_not_recommend]
        impl<T: $bound> $name<Implemented> for T {
            type Type = T;

            #[inline]
            fn check(self) -> T {
                self
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: $bound + NoType> $name<NeverImplemented> for T {
            type Type = T;

            #[inline]
            fn check(self) -> T {
                self
            }
        }
    };
}

checked!(
    /// Any column type.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be a column",
        label = "not a column type",
        note = "columns are bool, integers, floats, String, Bytes, Json, DateTimeUtc, DateTimeNaive, SignedDuration, \
                and Option, Vec or tuples of them",
        note = "an enum without fields or a newtype of your own becomes one by `#[derive(ColumnType)]`"
    )]
    AnyColumn(ColumnType)
);

checked!(
    /// Anything that has elements.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` has no elements to make rows of",
        label = "not a list",
        note = "after the first `in` comes a table, and after each other one what a `for` loop can go through: a list, \
                an `Option`, an iterator",
        note = "to combine the rows of two tables, use `join!`"
    )]
    AnyElements(IntoIterator)
);

checked!(
    /// Any row.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a row",
        label = "a table holds structs that derive `Schema`",
        note = "write `#[derive(Schema)]` above `{Self}`"
    )]
    AnyRow(Schema)
);

checked!(
    /// Any key.
    #[diagnostic::on_unimplemented(
        message = "rows cannot be grouped by `{Self}`",
        label = "not a key",
        note = "a key is a column, a value of a type that can be a column, or a tuple of them"
    )]
    AnyKey(Datum)
);

checked!(
    /// Anything that rows can be ordered by.
    #[diagnostic::on_unimplemented(
        message = "rows cannot be ordered by `{Self}`",
        label = "this has no order",
        note = "rows are ordered by a column, a value of a type that can be a column, or a tuple of them"
    )]
    AnyOrder(Datum)
);

checked!(
    /// Any event time.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not an event time",
        label = "an event time is a `DateTimeUtc`, a `DateTimeNaive` or an `i64`",
        note = "of an `Option`, `filter!` the rows that have a time and take it with `unwrap_or`; \
                of another integer, convert it: `i64::from(..)`"
    )]
    AnyTime(EventTime)
);

checked!(
    /// Anything that can be summed.
    #[diagnostic::on_unimplemented(
        message = "cannot `sum` a column of `{Self}`",
        label = "this column is not numeric",
        note = "`sum` takes integers, floats, durations, and an `Option` of them; use `count` to count rows"
    )]
    AnySummable(Summable)
);

checked!(
    /// Anything that has a mean.
    #[diagnostic::on_unimplemented(
        message = "cannot take the `avg` of a column of `{Self}`",
        label = "this column is not numeric",
        note = "`avg` takes integers, floats, durations, and an `Option` of them; use `count` to count rows"
    )]
    AnyAverageable(Averageable)
);

checked!(
    /// Anything that has a variance.
    #[diagnostic::on_unimplemented(
        message = "cannot measure the spread of a column of `{Self}`",
        label = "this column is not numeric",
        note = "`variance` and `stddev` take integers, floats, and an `Option` of them; for a duration, use its \
                seconds: `o.took.as_secs_f64()`"
    )]
    AnyMeasurable(Measurable)
);

checked!(
    /// Anything that can be interpolated.
    #[diagnostic::on_unimplemented(
        message = "cannot interpolate a column of `{Self}`",
        label = "this column is not numeric",
        note = "`median` and `quantile_cont` take integers, floats, durations, and an `Option` of them; \
                `quantile(.., 0.5)` is the middle one of anything that has an order"
    )]
    AnyInterpolate(Interpolate)
);

checked!(
    /// Any text.
    #[diagnostic::on_unimplemented(
        message = "cannot `string_join` a column of `{Self}`",
        label = "this is not a `String`",
        note = "write it as text first: `o.id.to_string()`"
    )]
    AnyText(Text)
);

checked!(
    /// Any condition.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a condition",
        label = "this is not a `bool`",
        note = "compare it with something, as in `o.price > 3.0`",
        note = "for an `Option` column, choose what `None` counts as, e.g. `o.x.unwrap_or(false)`"
    )]
    AnyCondition(Condition)
);

#[diagnostic::do_not_recommend]
impl<T: ColumnType> AnyColumn<Referenced> for &T {
    type Type = T;

    #[inline]
    fn check(self) -> T {
        self.clone_datum()
    }
}

/// Selects the impl for references.
#[derive(Debug)]
pub struct Referenced;

/// Selects the impl for types that implement the required trait.
#[derive(Debug)]
pub struct Implemented;

/// Selects an impl that applies to no type.
///
/// With two impls to choose from, the compiler checks whether the type implements the required trait *before* it resolves
/// the associated type, and finds that there is none. With a single impl it assumes that it does, and then reports the same
/// mistake again wherever the value is used.
#[derive(Debug)]
pub struct NeverImplemented;

/// A trait that no type implements.
pub trait NoType {}

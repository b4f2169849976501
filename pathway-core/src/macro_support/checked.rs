//! What the macros put around the user's expressions, so that an error of types stands under the user's words.
//!
//! Each helper asks for one trait and hands its argument back as an associated type of it.
//! Where the trait is not implemented that type is unknown, and the compiler stays silent about all that
//! follows from it: one mistake, one error. Not for users.

use crate::data::{ColumnType, Datum, Schema};
use crate::operators::Interval;
use crate::operators::reducers::{Averageable, Condition, Interpolate, Measurable, Summable, Text};
use crate::operators::window::EventTime;
use crate::plan::Table;

/// A copy of a column or a row.
#[inline]
pub fn clone_datum<T: Datum>(value: &T) -> <T as Same>::Itself {
    value.clone_datum()
}

/// The value itself.
#[inline]
pub fn same<T>(value: T) -> <T as Same>::Itself {
    value
}

/// The table that a macro is given.
#[inline]
pub fn table<T: AnyTable>(table: &T) -> &Table<T::Row> {
    table.table()
}

/// A value that becomes a column of an anonymous row.
#[inline]
pub fn column<T: AnyColumn<Known>, Known>(value: T) -> T::Itself {
    value.itself()
}

/// A value that becomes a row.
#[inline]
pub fn row<T: AnyRow<Known>, Known>(value: T) -> T::Itself {
    value.itself()
}

/// A value that rows are grouped by.
#[inline]
pub fn key<T: AnyKey<Known>, Known>(value: T) -> T::Itself {
    value.itself()
}

/// A value that windows are made by.
#[inline]
pub fn time<T: AnyTime<Known>, Known>(value: T) -> T::Itself {
    value.itself()
}

/// A value that `sum` adds up.
#[inline]
pub fn summable<T: AnySummable<Known>, Known>(value: T) -> T::Itself {
    value.itself()
}

/// A value that `avg` takes the mean of.
#[inline]
pub fn averageable<T: AnyAverageable<Known>, Known>(value: T) -> T::Itself {
    value.itself()
}

/// A value that `variance` and `stddev` measure.
#[inline]
pub fn measurable<T: AnyMeasurable<Known>, Known>(value: T) -> T::Itself {
    value.itself()
}

/// A value that `median` and `quantile_cont` interpolate.
#[inline]
pub fn interpolate<T: AnyInterpolate<Known>, Known>(value: T) -> T::Itself {
    value.itself()
}

/// A value that `string_join` joins.
#[inline]
pub fn text<T: AnyText<Known>, Known>(value: T) -> T::Itself {
    value.itself()
}

/// A value that `bool_and` and `bool_or` take.
#[inline]
pub fn condition<T: AnyCondition<Known>, Known>(value: T) -> T::Itself {
    value.itself()
}

/// An interval of the first row's time less the second's, as one of the second's less the first's.
#[inline]
pub fn reversed<I>(interval: I) -> Reversed<I> {
    Reversed(interval)
}

/// See [`reversed`].
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

/// The type itself, in a form that carries no expectation to where the value comes from:
/// a mismatch is then told of the whole expression, not of what we put around it.
pub trait Same {
    /// The type itself.
    type Itself;
}

impl<T> Same for T {
    type Itself = T;
}

macro_rules! itself {
    ($(#[$doc:meta])* $name:ident($bound:ident)) => {
        $(#[$doc])*
        pub trait $name<Known> {
            /// The type itself.
            type Itself: $bound;

            /// The value itself.
            fn itself(self) -> Self::Itself;
        }

        #[diagnostic::do_not_recommend]
        impl<T: $bound> $name<Yes> for T {
            type Itself = T;

            #[inline]
            fn itself(self) -> T {
                self
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: $bound + Never> $name<No> for T {
            type Itself = T;

            #[inline]
            fn itself(self) -> T {
                self
            }
        }
    };
}

itself!(
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

itself!(
    /// Any row.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a row",
        label = "a table holds structs that derive `Schema`",
        note = "write `#[derive(Schema)]` above `{Self}`"
    )]
    AnyRow(Schema)
);

itself!(
    /// Any key.
    #[diagnostic::on_unimplemented(
        message = "rows cannot be grouped by `{Self}`",
        label = "not a key",
        note = "a key is a column, a value of a type that can be a column, or a tuple of them"
    )]
    AnyKey(Datum)
);

itself!(
    /// Any event time.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not an event time",
        label = "an event time is a `DateTimeUtc`, a `DateTimeNaive` or an `i64`",
        note = "of an `Option`, `filter!` the rows that have a time and take it with `unwrap_or`; \
                of another integer, convert it: `i64::from(..)`"
    )]
    AnyTime(EventTime)
);

itself!(
    /// Anything that can be summed.
    #[diagnostic::on_unimplemented(
        message = "cannot `sum` a column of `{Self}`",
        label = "this column is not numeric",
        note = "`sum` takes integers, floats, durations, and an `Option` of them; use `count` to count rows"
    )]
    AnySummable(Summable)
);

itself!(
    /// Anything that has a mean.
    #[diagnostic::on_unimplemented(
        message = "cannot take the `avg` of a column of `{Self}`",
        label = "this column is not numeric",
        note = "`avg` takes integers, floats, durations, and an `Option` of them; use `count` to count rows"
    )]
    AnyAverageable(Averageable)
);

itself!(
    /// Anything that has a variance.
    #[diagnostic::on_unimplemented(
        message = "cannot measure the spread of a column of `{Self}`",
        label = "this column is not numeric",
        note = "`variance` and `stddev` take integers, floats, and an `Option` of them; of a duration, take its \
                seconds: `o.took.as_secs_f64()`"
    )]
    AnyMeasurable(Measurable)
);

itself!(
    /// Anything that can be interpolated.
    #[diagnostic::on_unimplemented(
        message = "cannot interpolate a column of `{Self}`",
        label = "this column is not numeric",
        note = "`median` and `quantile_cont` take integers, floats, durations, and an `Option` of them; \
                `quantile(.., 0.5)` is the middle one of anything that has an order"
    )]
    AnyInterpolate(Interpolate)
);

itself!(
    /// Any text.
    #[diagnostic::on_unimplemented(
        message = "cannot `string_join` a column of `{Self}`",
        label = "this is not a `String`",
        note = "write it as text first: `o.id.to_string()`"
    )]
    AnyText(Text)
);

itself!(
    /// Any condition.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a condition",
        label = "this is not a `bool`",
        note = "compare it with something, as in `o.price > 3.0`",
        note = "an `Option` column: say what a missing value counts, e.g. `o.x.unwrap_or(false)`"
    )]
    AnyCondition(Condition)
);

/// The way by which a type has what is asked of it.
pub struct Yes;

/// A way that no type goes. With two ways to choose from the compiler looks whether the type has what is asked
/// of it *before* it takes the type that results, and knows that there is none. With one it takes that on trust,
/// and tells of the same mistake wherever the value is used.
pub struct No;

/// No type is this.
pub trait Never {}

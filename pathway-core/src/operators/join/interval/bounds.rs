//! The interval of an interval join.

use std::ops::RangeInclusive;

use crate::operators::window::Length;

/// An inclusive interval of lengths of event time: `-5.minutes()..=5.minutes()` for dates, `-5..=5` for integers.
///
/// It is implemented for `RangeInclusive` of every [`Length`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interval of event time",
    label = "expected an interval",
    note = "write an inclusive range, as in `-5.minutes()..=5.minutes()`; for integers, `-5..=5`"
)]
pub trait Interval<T> {
    /// Both bounds, in the ticks of [`EventTime`](crate::operators::window::EventTime).
    ///
    /// # Errors
    /// A bound has no fixed length, or is too long.
    fn ticks(self) -> Result<(i128, i128), String>;
}

impl<T, D: Length<T>> Interval<T> for RangeInclusive<D> {
    fn ticks(self) -> Result<(i128, i128), String> {
        let (from, to) = self.into_inner();
        Ok((from.ticks()?, to.ticks()?))
    }
}

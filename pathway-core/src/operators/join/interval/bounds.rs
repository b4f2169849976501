//! How far apart two rows may be.

use std::ops::RangeInclusive;

use crate::operators::window::Length;

/// From one length of event time to another, both of which belong to it: `-5.minutes()..=5.minutes()` for dates, `-5..=5` for
/// integers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interval of event time",
    label = "expected an interval",
    note = "write both of its ends, which belong to it, as in `-5.minutes()..=5.minutes()`; of integers `-5..=5`"
)]
pub trait Interval<T> {
    /// TwoSidedJoin ends, in the ticks of [`EventTime`](crate::operators::window::EventTime).
    ///
    /// # Errors
    /// An end has no fixed length, or is too long.
    fn ticks(self) -> Result<(i128, i128), String>;
}

impl<T, D: Length<T>> Interval<T> for RangeInclusive<D> {
    fn ticks(self) -> Result<(i128, i128), String> {
        let (from, to) = self.into_inner();
        Ok((from.ticks()?, to.ticks()?))
    }
}

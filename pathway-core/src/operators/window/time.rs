//! Event time: a column of the rows, and lengths of it.

use std::fmt::Display;

use jiff::{SignedDuration, Span, Timestamp};

use super::calendar::CalendarLength;
use crate::data::{DateTimeNaive, DateTimeUtc, Datum, Schema};
use crate::plan::Table;

/// A column that says when something happened: a `DateTimeUtc`, a `DateTimeNaive`, or an `i64` in any unit.
///
/// It is implemented for these types only.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event time",
    label = "an event time is a `DateTimeUtc`, a `DateTimeNaive` or an `i64`",
    note = "for an `Option`, drop the rows without a time with `filter!`, then use `unwrap_or`; \
            convert other integers: `i64::from(o.second)`"
)]
pub trait EventTime: Datum + Copy + Display + Sealed {
    /// The time as a number: nanoseconds for dates, the number itself for integers.
    fn ticks(self) -> i128;

    /// The time of a number; the nearest one if the type has no such time.
    fn at(ticks: i128) -> Self;

    /// Whether the numbers are nanoseconds since 1970 in UTC, which can be compared with a clock.
    #[doc(hidden)]
    const IS_UTC: bool = false;
}

impl<R: Schema> Table<R> {
    /// The operator that makes this table has event time of this type.
    pub(crate) fn with_event_time<T: EventTime>(self) -> Table<R> {
        if T::IS_UTC {
            self.has_utc_time();
        }
        self
    }
}

/// A length of event time: `1.hours()`, a `Duration` or a `SignedDuration` for dates, an integer for integers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a length of `{T}`",
    label = "expected a length of event time",
    note = "for dates, use a duration such as `1.hours()`, `30.seconds()` or `Duration::from_secs(30)`; for integers, an integer"
)]
pub trait Length<T> {
    /// The length in the ticks of [`EventTime`].
    ///
    /// # Errors
    /// It has no fixed length (such as a month), or is too long.
    fn ticks(self) -> Result<i128, String>;

    /// The length by the calendar, if it has no fixed one. Default: it has.
    #[doc(hidden)]
    fn calendar(&self) -> Option<CalendarLength> {
        None
    }
}

/// Keeps [`EventTime`] from being implemented outside of this crate.
pub trait Sealed {}

impl Sealed for i64 {}
impl Sealed for DateTimeUtc {}
impl Sealed for DateTimeNaive {}

impl EventTime for i64 {
    fn ticks(self) -> i128 {
        self.into()
    }

    fn at(ticks: i128) -> Self {
        ticks.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }
}

impl EventTime for DateTimeUtc {
    const IS_UTC: bool = true;

    fn ticks(self) -> i128 {
        self.as_nanosecond()
    }

    fn at(ticks: i128) -> Self {
        let limit = if ticks < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_nanosecond(ticks).unwrap_or(limit)
    }
}

/// The clock time with number 0.
const EPOCH: DateTimeNaive = DateTimeNaive::constant(1970, 1, 1, 0, 0, 0, 0);

/// A time without a zone is measured as if it were UTC: no hour is missing or repeated.
impl EventTime for DateTimeNaive {
    fn ticks(self) -> i128 {
        // Not through a `Timestamp`, whose range ends before the last day of the year 9999.
        self.duration_since(EPOCH).as_nanos()
    }

    fn at(ticks: i128) -> Self {
        let limit = if ticks < 0 { DateTimeNaive::MIN } else { DateTimeNaive::MAX };
        SignedDuration::try_from_nanos_i128(ticks).and_then(|since| EPOCH.checked_add(since).ok()).unwrap_or(limit)
    }
}

impl Length<i64> for i64 {
    fn ticks(self) -> Result<i128, String> {
        Ok(self.into())
    }
}

/// Not an event time. With two impls of `Length` for `i64`, the compiler does not infer from an integer length that the time is
/// an `i64`, so that its error names the time and not the length.
#[derive(Clone, Copy, Debug)]
pub enum NoTime {}

#[diagnostic::do_not_recommend]
impl Length<NoTime> for i64 {
    fn ticks(self) -> Result<i128, String> {
        Ok(self.into())
    }
}

macro_rules! length_of_dates {
    ($($time:ty),+) => {$(
        impl Length<$time> for SignedDuration {
            fn ticks(self) -> Result<i128, String> {
                Ok(self.as_nanos())
            }
        }

        impl Length<$time> for std::time::Duration {
            fn ticks(self) -> Result<i128, String> {
                i128::try_from(self.as_nanos()).map_err(|_| format!("{self:?} is too long"))
            }
        }

        impl Length<$time> for Span {
            fn ticks(self) -> Result<i128, String> {
                // Without a start date, days and longer units have no fixed length.
                match SignedDuration::try_from(self) {
                    Ok(duration) => Ok(duration.as_nanos()),
                    Err(error) => Err(format!("{self} has no fixed length ({error}); write it in hours: a day is `24.hours()`")),
                }
            }
        }
    )+};
}

length_of_dates!(DateTimeUtc, DateTimeNaive);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_the_conversion_to_numbers() {
        fn check<T: EventTime>(times: impl IntoIterator<Item = T>) {
            for time in times {
                assert!(T::at(time.ticks()).compare(&time).is_eq(), "{time}");
            }
        }
        check([i64::MIN, -1, 0, i64::MAX]);
        check([DateTimeUtc::MIN, DateTimeUtc::UNIX_EPOCH, DateTimeUtc::MAX]);
        let last_day = DateTimeNaive::constant(9999, 12, 31, 7, 0, 0, 1);
        check([DateTimeNaive::MIN, EPOCH, last_day, DateTimeNaive::MAX]);
        assert!(last_day.ticks() < DateTimeNaive::MAX.ticks());
    }

    #[test]
    fn numbers_out_of_range_become_the_nearest_time() {
        assert_eq!([i64::at(i128::MIN), i64::at(i128::MAX)], [i64::MIN, i64::MAX]);
        assert_eq!([DateTimeUtc::at(i128::MIN), DateTimeUtc::at(i128::MAX)], [DateTimeUtc::MIN, DateTimeUtc::MAX]);
        assert_eq!(
            [DateTimeNaive::at(i128::MIN), DateTimeNaive::at(i128::MAX)],
            [DateTimeNaive::MIN, DateTimeNaive::MAX]
        );
    }
}

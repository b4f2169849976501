//! Windows of calendar days, weeks and months in a time zone: their length varies.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::time::Length;
use crate::data::DateTimeUtc;

/// A number of calendar days, weeks or months; see [`days`], [`weeks`] and [`months`].
#[derive(Clone, Debug)]
#[must_use = "pass it to `tumbling`"]
pub struct CalendarLength {
    unit: Unit,
    count: i64,
    /// The name of a zone that is not known is kept, for the error.
    zone: Result<TimeZone, String>,
}

/// `n` calendar days, which start at midnight: UTC's, or that of a [zone](CalendarLength::in_zone).
///
/// A day in a zone has 23 or 25 hours when its clocks change. Windows of several days are counted from 1970-01-01.
///
/// ```
/// use pathway::prelude::*;
/// use pathway::windows::days;
///
/// #[derive(Schema)]
/// struct Order { at: DateTimeUtc }
///
/// #[derive(Schema, Debug, PartialEq)]
/// struct Day { start: String, hours: i64, orders: i64 }
///
/// let pipeline = Pipeline::new();
/// // In Oslo, summer time began on 29 March 2026 at 01:00 UTC.
/// let orders = pipeline.rows(
///     ["2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"]
///         .map(|at| Order { at: at.parse().unwrap() }),
/// );
/// let daily = reduce!(o in orders window tumbling(o.at, days(1).in_zone("Europe/Oslo")) as w => Day {
///     start: w.start.to_string(),
///     hours: w.end.duration_since(w.start).as_hours(),
///     orders: count(),
/// });
/// let seen = daily.collect();
/// pipeline.run()?;
/// let day = |start: &str, hours, orders| Day { start: start.into(), hours, orders };
/// assert_eq!(
///     seen.rows(),
///     [day("2026-03-27T23:00:00Z", 24, 1), day("2026-03-28T23:00:00Z", 23, 2), day("2026-03-29T22:00:00Z", 24, 1)]
/// );
/// # Ok::<(), pathway::Error>(())
/// ```
pub fn days(n: i64) -> CalendarLength {
    CalendarLength::new(Unit::Days, n)
}

/// `n` calendar weeks, which start on Mondays at midnight (ISO 8601). Otherwise as [`days`].
pub fn weeks(n: i64) -> CalendarLength {
    CalendarLength::new(Unit::Weeks, n)
}

/// `n` calendar months, which start at midnight of their first day. Windows of several months are counted from January 1970, so
/// that 3 months are a quarter and 12 months a year. Otherwise as [`days`].
pub fn months(n: i64) -> CalendarLength {
    CalendarLength::new(Unit::Months, n)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Days,
    Weeks,
    Months,
}

impl CalendarLength {
    fn new(unit: Unit, count: i64) -> Self {
        CalendarLength { unit, count, zone: Ok(TimeZone::UTC) }
    }

    /// In a zone of the IANA database, such as `Europe/Oslo`.
    ///
    /// The system's database is used where there is one, else the one that this crate includes (its feature `time-zones`, on by
    /// default). For an unknown zone, [`Pipeline::run`](crate::plan::Pipeline::run) returns an error.
    pub fn in_zone(self, name: &str) -> Self {
        let zone = TimeZone::get(name).map_err(|error| format!("there is no time zone `{name}`: {error}"));
        CalendarLength { zone, ..self }
    }

    pub(super) fn calendar(self) -> Result<Calendar, String> {
        let CalendarLength { unit, count, zone } = self;
        if count < 1 {
            return Err("a window's length must be greater than zero".to_owned());
        }
        Ok(Calendar { unit, count, zone: zone? })
    }
}

impl Length<DateTimeUtc> for CalendarLength {
    fn ticks(self) -> Result<i128, String> {
        Err("a calendar length varies: it can only be the length of `tumbling` windows; elsewhere, a day is `24.hours()`".to_owned())
    }

    fn calendar(&self) -> Option<CalendarLength> {
        Some(self.clone())
    }
}

/// Tumbling windows by the calendar of a zone.
#[derive(Clone)]
pub(super) struct Calendar {
    unit: Unit,
    count: i64,
    zone: TimeZone,
}

/// `2 weeks`, `1 day in Europe/Oslo`.
impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Calendar { unit, count, zone } = self;
        let unit = match unit {
            Unit::Days => "day",
            Unit::Weeks => "week",
            Unit::Months => "month",
        };
        write!(f, "{count} {unit}{}", if *count == 1 { "" } else { "s" })?;
        match zone.iana_name() {
            Some(zone) if zone != "UTC" => write!(f, " in {zone}"),
            _ => Ok(()),
        }
    }
}

/// The day with number 0, a Thursday.
const EPOCH: Date = Date::constant(1970, 1, 1);

impl Calendar {
    /// The start of the window that contains a time, in ticks.
    pub(super) fn start(&self, time: i128) -> i128 {
        self.start_of(self.number(time))
    }

    /// The end of the window that contains a time, in ticks.
    pub(super) fn end(&self, time: i128) -> i128 {
        self.start_of(self.number(time).saturating_add(1))
    }

    /// The number of the window that contains a time.
    fn number(&self, time: i128) -> i64 {
        let limit = if time < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let date = self.zone.to_datetime(Timestamp::from_nanosecond(time).unwrap_or(limit)).date();
        let days = i64::from(EPOCH.until(date).map_or(0, |span| span.get_days()));
        match self.unit {
            Unit::Days => days.div_euclid(self.count),
            // Monday was three days before.
            Unit::Weeks => (days + 3).div_euclid(self.count.saturating_mul(7)),
            Unit::Months => {
                let months = (i64::from(date.year()) - 1970) * 12 + i64::from(date.month()) - 1;
                months.div_euclid(self.count)
            }
        }
    }

    /// The start of the window with this number, in ticks; the nearest time that there is.
    fn start_of(&self, number: i64) -> i128 {
        let date = || {
            let units = number.checked_mul(self.count)?;
            let span = match self.unit {
                Unit::Days => 0.days().try_days(units).ok()?,
                Unit::Weeks => 0.days().try_days(units.checked_mul(7)?.checked_sub(3)?).ok()?,
                Unit::Months => 0.months().try_months(units).ok()?,
            };
            let midnight = EPOCH.checked_add(span).ok()?.to_zoned_datetime(self.zone.clone()).ok()?;
            // Where the clocks skip midnight, the day starts later.
            Some(midnight.start_of_day().ok()?.timestamp())
        };
        let limit = if number < 0 { Timestamp::MIN } else { Timestamp::MAX };
        date().unwrap_or(limit).as_nanosecond()
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Calendar { unit, count, zone } = self;
        write!(f, "{count} {unit:?} in {}", zone.iana_name().unwrap_or("UTC"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i128 {
        text.parse::<Timestamp>().unwrap_or_else(|error| panic!("{text}: {error}")).as_nanosecond()
    }

    fn window(length: CalendarLength, time: &str) -> [String; 2] {
        let calendar = length.calendar().expect("a calendar");
        let [start, end] = [calendar.start(at(time)), calendar.end(at(time))];
        assert!((start..end).contains(&at(time)), "{time} in {start}..{end}");
        // A window is found again by its start.
        assert_eq!((calendar.start(start), calendar.end(start)), (start, end), "{time}");
        [start, end].map(|ticks| Timestamp::from_nanosecond(ticks).expect("in range").to_string())
    }

    #[test]
    fn days_of_a_zone_have_23_to_25_hours() {
        let oslo = || days(1).in_zone("Europe/Oslo");
        assert_eq!(window(oslo(), "2026-03-29T12:00:00Z"), ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"]);
        assert_eq!(window(oslo(), "2026-10-25T00:30:00Z"), ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"]);
        assert_eq!(window(oslo(), "2026-10-25T01:30:00Z"), ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"]);
        assert_eq!(window(days(1), "2026-03-29T12:00:00Z"), ["2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"]);
        // In Cairo, the clocks skip midnight: the day starts at 01:00.
        let cairo = days(1).in_zone("Africa/Cairo");
        assert_eq!(window(cairo, "2026-04-24T12:00:00Z"), ["2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"]);
        // Samoa skipped 30 December 2011.
        let apia = days(1).in_zone("Pacific/Apia");
        assert_eq!(window(apia, "2011-12-30T09:00:00Z"), ["2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"]);
    }

    #[test]
    fn weeks_start_on_mondays_and_months_on_their_first_day() {
        assert_eq!(window(weeks(1), "2026-11-29T12:00:00Z"), ["2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"]);
        assert_eq!(window(weeks(1), "1969-12-31T12:00:00Z"), ["1969-12-29T00:00:00Z", "1970-01-05T00:00:00Z"]);
        let oslo = || months(1).in_zone("Europe/Oslo");
        assert_eq!(window(oslo(), "2026-03-15T12:00:00Z"), ["2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"]);
        assert_eq!(window(months(3), "1969-12-31T12:00:00Z"), ["1969-10-01T00:00:00Z", "1970-01-01T00:00:00Z"]);
        assert_eq!(window(months(12), "2024-02-29T12:00:00Z"), ["2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"]);
        assert_eq!(window(days(2), "1969-12-31T12:00:00Z"), ["1969-12-30T00:00:00Z", "1970-01-01T00:00:00Z"]);
    }

    #[test]
    fn the_first_and_the_last_times_have_windows() {
        for zone in ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"] {
            for length in [days(1), weeks(5), months(1), days(i64::MAX), months(i64::MAX)] {
                let calendar = length.in_zone(zone).calendar().expect("a calendar");
                for time in [Timestamp::MIN, Timestamp::MAX].map(Timestamp::as_nanosecond) {
                    assert!(calendar.start(time) <= time && time <= calendar.end(time), "{calendar:?}");
                }
            }
        }
    }

    #[test]
    fn mistakes_are_named() {
        let error = |length: CalendarLength| length.calendar().expect_err("a mistake");
        assert!(error(days(1).in_zone("Mars/Olympus")).starts_with("there is no time zone `Mars/Olympus`: "));
        assert_eq!(error(days(0)), "a window's length must be greater than zero");
    }
}

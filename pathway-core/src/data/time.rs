//! The types of date and time columns, which are jiff's.

/// A moment, in UTC.
pub type DateTimeUtc = jiff::Timestamp;

/// A date and a clock time without a time zone.
pub type DateTimeNaive = jiff::civil::DateTime;

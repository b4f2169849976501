//! The types of time columns, which are jiff's.

/// A point in time.
pub type DateTimeUtc = jiff::Timestamp;

/// A date and a time of day without a time zone.
pub type DateTimeNaive = jiff::civil::DateTime;

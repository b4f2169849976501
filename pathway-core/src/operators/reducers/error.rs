//! The error of a reducer that has no value for a group.

use std::borrow::Cow;
use std::fmt;

/// Why a group has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReduceError(Cow<'static, str>);

impl ReduceError {
    /// An error with its reason: `the sum does not fit an i64`.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        ReduceError(reason.into())
    }

    /// For a group that has rows but no values.
    pub(super) fn nothing_left() -> Self {
        ReduceError::new("every value was removed at least as often as it was inserted")
    }

    /// Adds the name of the output that it concerns: `total: the sum does not fit an i64`.
    #[must_use]
    pub fn of(self, output: &str) -> Self {
        ReduceError(format!("{output}: {}", self.0).into())
    }
}

impl fmt::Display for ReduceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReduceError {}

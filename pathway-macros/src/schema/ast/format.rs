//! `format = "unix_ms"`: a time column that is a number in messages.

use syn::LitStr;

use crate::errors::Errors;
use crate::messages::{did_you_mean, quoted_list};

/// How a time is written as a number.
pub(crate) struct TimeFormat {
    /// How many units a second has.
    pub(crate) per_second: i64,
    /// The name as the user wrote it.
    pub(crate) name: LitStr,
}

/// The names, each with its units in a second.
const FORMATS: [(&str, i64); 4] =
    [("unix_s", 1), ("unix_ms", 1_000), ("unix_us", 1_000_000), ("unix_ns", 1_000_000_000)];

impl TimeFormat {
    /// Parses the value of `format`.
    pub(crate) fn parse(name: LitStr, errors: &mut Errors) -> Option<TimeFormat> {
        let value = name.value();
        if let Some((_, per_second)) = FORMATS.iter().find(|(known, _)| *known == value) {
            return Some(TimeFormat { per_second: *per_second, name });
        }
        let known = FORMATS.map(|(known, _)| known);
        let hint = did_you_mean(&value, &known);
        let message = format!("unknown format `{value}`{hint}\nthe formats of a time are {}", quoted_list(&known));
        errors.error_spanned_by(&name, message);
        None
    }
}

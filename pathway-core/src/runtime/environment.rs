//! Settings from the environment, under Pathway's names.

use crate::data::{Error, ErrorKind, Result};

/// How many threads run the dataflow, from `PATHWAY_THREADS`; 1 where it is not set.
///
/// # Errors
/// A setting is not a number, or asks for what the crate cannot do (`PATHWAY_PROCESSES` above 1).
pub(super) fn workers() -> Result<usize> {
    let processes = number("PATHWAY_PROCESSES")?.unwrap_or(1);
    if processes != 1 {
        let message = format!("PATHWAY_PROCESSES is {processes}: a pipeline runs in one process; use PATHWAY_THREADS");
        return Err(Error::new(ErrorKind::Config, message));
    }
    Ok(number("PATHWAY_THREADS")?.unwrap_or(1))
}

fn number(name: &str) -> Result<Option<usize>> {
    let Some(value) = std::env::var_os(name) else { return Ok(None) };
    let number = value.to_str().and_then(|text| text.trim().parse().ok()).filter(|number| *number > 0);
    let error = || Error::new(ErrorKind::Config, format!("{name} is {value:?}: it must be a number of at least 1"));
    number.map(Some).ok_or_else(error)
}

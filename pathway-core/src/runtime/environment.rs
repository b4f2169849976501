//! Settings from the environment, under Pathway's names.

use crate::data::{Error, ErrorKind, Result};
use crate::persistence::{Persistence, directory};
use crate::telemetry::{Level, report};

/// So many threads for each core can be meant: some wait while others run. More only take turns.
const MOST_PER_CORE: usize = 4;
/// Any machine can run so many. Each worker keeps a queue for each other one at each operator that exchanges rows, so that a
/// thousand workers would need a million queues before the first row.
const MOST_ANYWHERE: usize = 64;

/// How many threads run the dataflow, from `PATHWAY_THREADS`; 1 where it is not set.
///
/// # Errors
/// A setting is not a number, or asks for what the crate cannot do (`PATHWAY_PROCESSES` above 1), or for more threads than
/// make sense on this machine.
pub(super) fn workers() -> Result<usize> {
    let processes = number("PATHWAY_PROCESSES")?.unwrap_or(1);
    if processes != 1 {
        let message = format!("PATHWAY_PROCESSES is {processes}: a pipeline runs in one process; use PATHWAY_THREADS");
        return Err(Error::new(ErrorKind::Config, message));
    }
    let Some(threads) = number("PATHWAY_THREADS")? else { return Ok(1) };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if let Some(warning) = check_threads(threads, cores)? {
        report(Level::Warn, "pipeline", format_args!("{warning}"));
    }
    Ok(threads)
}

/// Whether so many threads make sense on a machine with so many cores. Returns a warning where they are only slow.
fn check_threads(threads: usize, cores: usize) -> Result<Option<String>> {
    let sensible = MOST_PER_CORE.saturating_mul(cores);
    let most = sensible.max(MOST_ANYWHERE);
    if threads > most {
        let message = format!(
            "PATHWAY_THREADS is {threads}, but at most {most} are possible on this machine, which has {cores} cores: more \
             threads than cores make a pipeline slower; set it to {cores} or less"
        );
        return Err(Error::new(ErrorKind::Config, message));
    }
    let warning = || {
        format!(
            "PATHWAY_THREADS is {threads}, but this machine has {cores} cores: more threads than cores make a pipeline slower"
        )
    };
    Ok((threads > sensible).then(warning))
}

/// The directory of a pipeline that persists, from `PATHWAY_PERSISTENT_STORAGE`; none where it is not set or empty.
pub(super) fn persistence() -> Option<Persistence> {
    std::env::var_os("PATHWAY_PERSISTENT_STORAGE").filter(|path| !path.is_empty()).map(directory)
}

fn number(name: &str) -> Result<Option<usize>> {
    let Some(value) = std::env::var_os(name) else { return Ok(None) };
    let number = value.to_str().and_then(|text| text.trim().parse().ok()).filter(|number| *number > 0);
    let error = || Error::new(ErrorKind::Config, format!("{name} is {value:?}: it must be a number of at least 1"));
    number.map(Some).ok_or_else(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_threads_than_a_machine_can_use_are_refused() {
        for (threads, cores) in [(1, 1), (4, 1), (8, 2), (64, 16), (256, 64)] {
            assert_eq!(check_threads(threads, cores).expect("a number of threads"), None, "{threads} on {cores}");
        }
        for (threads, cores) in [(5, 1), (9, 2), (64, 2)] {
            let warning = check_threads(threads, cores).expect("a number of threads").expect("a warning");
            assert!(warning.contains(&format!("{cores} cores")), "{warning}");
        }
        for (threads, cores) in [(65, 2), (1000, 2), (257, 64), (usize::MAX, 2)] {
            let error = check_threads(threads, cores).expect_err("too many");
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains("PATHWAY_THREADS is"), "{error}");
        }
    }
}

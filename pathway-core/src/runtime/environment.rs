//! Settings from the environment, under Pathway's names.

use std::path::PathBuf;

use crate::data::{Error, ErrorKind, Result};
use crate::persistence::{Persistence, Recording, ReplayedRecording, directory, record};
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

/// The recording of a pipeline, from `PATHWAY_REPLAY_STORAGE`; none where that is not set or empty, or names what is replayed.
///
/// # Errors
/// It is not said what to do with the recording.
pub(super) fn recording() -> Result<Option<Recording>> {
    Ok(replay_storage()?.filter(|(_, access)| *access == Access::Record).map(|(path, _)| record(path)))
}

/// The recording that is replayed, from `PATHWAY_REPLAY_STORAGE`; none where that is not set or empty, or is recorded.
///
/// # Errors
/// It is not said what to do with the recording, or it cannot be replayed in the way that is wanted.
pub(super) fn replayed() -> Result<Option<ReplayedRecording>> {
    let Some((path, _)) = replay_storage()?.filter(|(_, access)| *access == Access::Replay) else { return Ok(None) };
    for (name, only) in [("PATHWAY_REPLAY_MODE", "speedrun"), ("PATHWAY_CONTINUE_AFTER_REPLAY", "false")] {
        if let Some(value) = text(name).filter(|value| !value.eq_ignore_ascii_case(only)) {
            let message = format!(
                "{name} is `{value}`: a recording is replayed commit by commit, as fast as possible, and the pipeline then \
                 ends; set it to `{only}`, or leave it out"
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
    }
    Ok(Some(ReplayedRecording::directory(path)))
}

/// What to do with a recording.
#[derive(PartialEq, Eq)]
enum Access {
    Record,
    Replay,
}

fn replay_storage() -> Result<Option<(PathBuf, Access)>> {
    let Some(path) = std::env::var_os("PATHWAY_REPLAY_STORAGE").filter(|path| !path.is_empty()) else {
        // A program that was to be replayed must not run, and write.
        return match text("PATHWAY_SNAPSHOT_ACCESS") {
            Some(access) => {
                let message = format!(
                    "PATHWAY_SNAPSHOT_ACCESS is `{access}`, and PATHWAY_REPLAY_STORAGE names no recording: set both, or neither"
                );
                Err(Error::new(ErrorKind::Config, message))
            }
            None => Ok(None),
        };
    };
    let access = match text("PATHWAY_SNAPSHOT_ACCESS").unwrap_or_default().to_ascii_lowercase().as_str() {
        "record" => Access::Record,
        "replay" => Access::Replay,
        other => {
            let message = format!(
                "PATHWAY_REPLAY_STORAGE names a recording, and PATHWAY_SNAPSHOT_ACCESS is `{other}`: set it to `record` or \
                 `replay`"
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
    };
    Ok(Some((path.into(), access)))
}

/// A variable as text; `None` where it is not set or empty.
fn text(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.to_string_lossy().trim().to_owned();
    (!value.is_empty()).then_some(value)
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

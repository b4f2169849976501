//! Settings from the environment, under Pathway's names.

use std::ffi::OsString;
use std::path::PathBuf;

use super::workers::{Cluster, Workers};
use crate::data::{Error, ErrorKind, Result};
use crate::persistence::{Recording, ReplayedRecording, directory, record};
use crate::plan::Declaration;
use crate::telemetry::{Level, report};

/// So many threads for each core can be meant: some wait while others run. More only take turns.
const MOST_PER_CORE: usize = 4;
/// Any machine can run so many. Each worker keeps a queue for each other one at each operator that exchanges rows, so that a
/// thousand workers would need a million queues before the first row.
const MOST_ANYWHERE: usize = 64;

/// The most workers of all processes together, for the same reason.
const MOST_IN_ALL: usize = 256;

/// The port of process 0, where the environment names none. That of process 1 is the next one, and so on.
const FIRST_PORT: usize = 10_000;

/// Where the workers run, from `PATHWAY_THREADS`, `PATHWAY_PROCESSES` and what belongs to it; one thread where nothing is set.
///
/// # Errors
/// A setting is not what it must be, or asks for more threads than make sense on this machine.
pub(super) fn workers() -> Result<Workers> {
    let (processes, threads) = (number("PATHWAY_PROCESSES")?, number("PATHWAY_THREADS")?.unwrap_or(1));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if let Some(warning) = check_threads(threads, cores)? {
        report(Level::Warn, "pipeline", format_args!("{warning}"));
    }
    match processes {
        None | Some(1) => alone(processes).map(|()| threads.into()),
        Some(processes) => cluster(processes, threads).map(Workers::from),
    }
}

/// Refuses settings of a cluster for a process that is in none.
fn alone(processes: Option<usize>) -> Result<()> {
    let is = processes.map_or("not set", |_| "1");
    let addresses = text("PATHWAY_ADDRESSES", "set it to the address of each process")?;
    if let Some(addresses) = addresses.filter(|addresses| addresses.contains(',')) {
        let message = format!(
            "PATHWAY_ADDRESSES names several processes ({addresses}), and PATHWAY_PROCESSES is {is}: set it to their number"
        );
        return Err(Error::new(ErrorKind::Config, message));
    }
    match process_id()? {
        None | Some(0) => Ok(()),
        Some(process) => {
            let message = format!(
                "PATHWAY_PROCESS_ID is {process}, and PATHWAY_PROCESSES is {is}: set it to the number of processes"
            );
            Err(Error::new(ErrorKind::Config, message))
        }
    }
}

/// This process of several.
fn cluster(processes: usize, threads: usize) -> Result<Cluster> {
    let fail = |message: String| Err(Error::new(ErrorKind::Config, message));
    if processes.saturating_mul(threads) > MOST_IN_ALL {
        return fail(format!(
            "PATHWAY_PROCESSES is {processes} and PATHWAY_THREADS {threads}: a pipeline has at most {MOST_IN_ALL} workers"
        ));
    }
    let last = processes - 1;
    let process = match process_id()? {
        Some(process) if process < processes => process,
        Some(process) => {
            return fail(format!(
                "PATHWAY_PROCESS_ID is {process}: {processes} processes have the numbers 0 to {last}"
            ));
        }
        None => {
            return fail(format!(
                "PATHWAY_PROCESSES is {processes}, and PATHWAY_PROCESS_ID is not set: set it to another number from 0 to \
                 {last} in each process"
            ));
        }
    };
    let addresses = addresses(processes)?;
    let secret = text("PATHWAY_CLUSTER_SECRET", "set it to one long random text in all processes, or unset it")?;
    let cluster = Cluster::of(addresses).process(process).threads(threads);
    Ok(secret.into_iter().fold(cluster, Cluster::secret))
}

/// The address of each process.
fn addresses(processes: usize) -> Result<Vec<String>> {
    let fail = |message: String| Err(Error::new(ErrorKind::Config, message));
    let cure = "set it to `host:port` of each process, separated by commas, or unset it";
    let (named, first_port) = (text("PATHWAY_ADDRESSES", cure)?, number("PATHWAY_FIRST_PORT")?);
    let Some(named) = named else {
        let first = first_port.unwrap_or(FIRST_PORT);
        let last = first.saturating_add(processes - 1);
        if last > usize::from(u16::MAX) {
            return fail(format!("PATHWAY_FIRST_PORT is {first}: {processes} processes need the ports up to {last}"));
        }
        return Ok((first..=last).map(|port| format!("127.0.0.1:{port}")).collect());
    };
    if let Some(port) = first_port {
        return fail(format!(
            "PATHWAY_FIRST_PORT is {port}, and PATHWAY_ADDRESSES names a port for each process: set one of them"
        ));
    }
    let addresses: Vec<String> = named.split(',').map(|address| address.trim().to_owned()).collect();
    if addresses.len() != processes {
        let count = addresses.len();
        return fail(format!("PATHWAY_PROCESSES is {processes}, and PATHWAY_ADDRESSES names {count}: {cure}"));
    }
    Ok(addresses)
}

/// The number of this process, from 0.
fn process_id() -> Result<Option<usize>> {
    let cure = "it must be a number, from 0, or not be set";
    let Some(value) = text("PATHWAY_PROCESS_ID", cure)? else { return Ok(None) };
    let error = || Error::new(ErrorKind::Config, format!("PATHWAY_PROCESS_ID is {value:?}: {cure}"));
    value.parse().map(Some).map_err(|_| error())
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

/// Names the address of a pipeline's monitor.
pub(super) const MONITORING: &str = "PATHWAY_MONITORING";

/// Where the pipeline is to be watched; `None` where [`MONITORING`] is not set.
///
/// # Errors
/// It is empty.
pub(super) fn monitoring() -> Result<Option<String>> {
    text(MONITORING, "set it to a host and a port, such as `127.0.0.1:20000`, or unset it to serve nothing")
}

/// Says whether `run` shows a status on the terminal.
pub(super) const CONSOLE: &str = "PATHWAY_CONSOLE";

/// Whether `run` shows a status on the terminal; `None` where [`CONSOLE`] is not set.
///
/// # Errors
/// It is neither `on` nor `off`.
pub(super) fn console() -> Result<Option<bool>> {
    let cure = "set it to `on` or `off`, or unset it to show the status on a terminal";
    let Some(value) = text(CONSOLE, cure)? else { return Ok(None) };
    match value.to_ascii_lowercase().as_str() {
        "on" => Ok(Some(true)),
        "off" => Ok(Some(false)),
        _ => Err(Error::new(ErrorKind::Config, format!("{CONSOLE} is `{value}`: {cure}"))),
    }
}

/// Completes a declaration with what the environment says of it, before anything is opened: methods come first.
///
/// # Errors
/// A variable is empty, or says what cannot be done.
pub(super) fn complete(declaration: &mut Declaration) -> Result<()> {
    if declaration.replayed.is_none() {
        declaration.replayed = replayed()?;
    }
    if declaration.persistence.is_none() {
        let cure = "set it to the directory of the pipeline's state, or unset it to run without one";
        declaration.persistence = value("PATHWAY_PERSISTENT_STORAGE", cure)?.map(directory);
    }
    if declaration.recording.is_none() {
        declaration.recording = recording()?;
    }
    Ok(())
}

/// The recording of a pipeline, from `PATHWAY_REPLAY_STORAGE`; none where that is not set, or names what is replayed.
fn recording() -> Result<Option<Recording>> {
    Ok(replay_storage()?.filter(|(_, access)| *access == Access::Record).map(|(path, _)| record(path)))
}

/// The recording that is replayed, from `PATHWAY_REPLAY_STORAGE`; none where that is not set, or is recorded.
fn replayed() -> Result<Option<ReplayedRecording>> {
    let Some((path, _)) = replay_storage()?.filter(|(_, access)| *access == Access::Replay) else { return Ok(None) };
    for (name, only) in [("PATHWAY_REPLAY_MODE", "speedrun"), ("PATHWAY_CONTINUE_AFTER_REPLAY", "false")] {
        let cure = format!("set it to `{only}`, or unset it");
        if let Some(value) = text(name, &cure)?.filter(|value| !value.eq_ignore_ascii_case(only)) {
            let message = format!(
                "{name} is `{value}`: a recording is replayed commit by commit, as fast as possible, and the pipeline then \
                 ends; {cure}"
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
    }
    Ok(Some(ReplayedRecording::new(path)))
}

/// What to do with a recording.
#[derive(PartialEq, Eq)]
enum Access {
    Record,
    Replay,
}

fn replay_storage() -> Result<Option<(PathBuf, Access)>> {
    let path = value("PATHWAY_REPLAY_STORAGE", "set it to the directory of a recording, or unset it")?;
    let access = text("PATHWAY_SNAPSHOT_ACCESS", "set it to `record` or `replay`, or unset it")?;
    let (path, access) = match (path, access) {
        (Some(path), access) => (path, access.unwrap_or_default()),
        (None, None) => return Ok(None),
        // A program that was to be replayed must not run, and write.
        (None, Some(access)) => {
            let message = format!(
                "PATHWAY_SNAPSHOT_ACCESS is `{access}`, and PATHWAY_REPLAY_STORAGE names no recording: set both, or neither"
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
    };
    let access = match access.to_ascii_lowercase().as_str() {
        "record" => Access::Record,
        "replay" => Access::Replay,
        other => {
            let what = if other.is_empty() { "not set".to_owned() } else { format!("`{other}`") };
            let message = format!(
                "PATHWAY_REPLAY_STORAGE names a recording, and PATHWAY_SNAPSHOT_ACCESS is {what}: set it to `record` or \
                 `replay`"
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
    };
    Ok(Some((path.into(), access)))
}

/// A variable; `None` where it is not set.
///
/// # Errors
/// It is empty. That is not the same as not set: a script has meant to set it, and without its value a pipeline would run, but
/// without its state, for example.
fn value(name: &str, cure: &str) -> Result<Option<OsString>> {
    match std::env::var_os(name) {
        Some(value) if value.is_empty() => {
            Err(Error::new(ErrorKind::Config, format!("{name} is set, and empty: {cure}")))
        }
        value => Ok(value),
    }
}

/// A variable as text, without the white space around it.
fn text(name: &str, cure: &str) -> Result<Option<String>> {
    Ok(value(name, cure)?.map(|value| value.to_string_lossy().trim().to_owned()))
}

fn number(name: &str) -> Result<Option<usize>> {
    let cure = "it must be a number of at least 1, or not be set";
    let Some(value) = value(name, cure)? else { return Ok(None) };
    let number = value.to_str().and_then(|text| text.trim().parse().ok()).filter(|number| *number > 0);
    let error = || Error::new(ErrorKind::Config, format!("{name} is {value:?}: {cure}"));
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

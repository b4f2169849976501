//! A pipeline in several processes: they form a cluster, run one dataflow, and end together.

mod fabric;
mod messages;
mod peers;

pub(super) use fabric::start_workers;

use std::fmt;
use std::sync::Arc;

use self::peers::Peers;
use super::workers::Cluster as Settings;
use crate::cluster::{Cluster, ClusterSettings, Links, OnControl, PATIENCE, Progress, program_digest};
use crate::data::{Error, ErrorKind, Result};
use crate::plan::{Control, Declaration};
use crate::telemetry::{Counter, Level, report};

/// This process, connected to the others. Dropping it closes the connections.
pub(super) struct Process {
    links: Links,
    on_control: OnControl,
    process: usize,
    processes: usize,
    threads: usize,
    _cluster: Cluster,
}

impl Process {
    /// Waits until all processes are connected to each other; gives nothing if the pipeline is stopped before.
    ///
    /// # Errors
    /// The settings are wrong, or another process runs another program.
    pub(super) fn join(
        settings: &Settings,
        pipeline: &str,
        declaration: &Declaration,
        control: &Control,
        clock: &Arc<Counter>,
    ) -> Result<Option<Process>> {
        check(declaration)?;
        let (process, processes, threads) = (settings.process, settings.addresses.len(), settings.threads);
        let span = control.span();
        let say = move |progress: Progress| {
            let level = if matches!(progress, Progress::Refused(_)) { Level::Warn } else { Level::Info };
            span.in_scope(|| report(level, "pipeline", format_args!("{progress}")));
        };
        let settings = ClusterSettings {
            addresses: settings.addresses.clone(),
            process,
            threads,
            secret: settings.secret.clone(),
            facts: facts(pipeline, declaration)?,
        };
        let cluster = Cluster::new(settings, PATIENCE, Arc::new(say))?;
        let Some(links) = cluster.form(&|| control.is_stopping())? else { return Ok(None) };
        // The number is the same in the logs of all of them.
        let message = format_args!(
            "process {process} of {processes} is connected to all others (forming {:08x})",
            links.epoch() as u32
        );
        report(Level::Info, "pipeline", message);
        let peers = Arc::new(Peers::new(&links, process));
        control.set_others(Arc::clone(&peers) as _);
        let on_control = peers.on_control(control, clock);
        let lost = control.clone();
        links.on_lost(move |loss| {
            let message = format!("{loss}; its part of the state is lost: start all processes again");
            lost.fail(Error::new(ErrorKind::Cluster, message));
        });
        Ok(Some(Process { links, on_control, process, processes, threads, _cluster: cluster }))
    }

    /// Says how much the workers of this process have exchanged with those of others.
    pub(super) fn report_traffic(&self) {
        let traffic = self.links.iter().map(|link| link.traffic());
        let (sent, received) = traffic.fold((0, 0), |sums, (sent, received)| (sums.0 + sent, sums.1 + received));
        let message = format_args!("sent {sent} bytes to other processes, and received {received}");
        report(Level::Info, "pipeline", message);
    }

    /// The number of the first worker of this process.
    pub(super) fn first_worker(&self) -> usize {
        self.process * self.threads
    }
}

/// Refuses what works only in one process.
fn check(declaration: &Declaration) -> Result<()> {
    let unsupported = [
        ("keeps its state (`persist`, PATHWAY_PERSISTENT_STORAGE)", declaration.persistence.is_some()),
        ("is recorded (`record`, PATHWAY_REPLAY_STORAGE)", declaration.recording.is_some()),
        ("replays a recording (`replay`, PATHWAY_REPLAY_STORAGE)", declaration.replayed.is_some()),
    ];
    match unsupported.iter().find(|(_, is_wanted)| *is_wanted) {
        Some((what, _)) => {
            let message = format!("a pipeline that {what} runs in one process: set PATHWAY_PROCESSES to 1");
            Err(Error::new(ErrorKind::Config, message))
        }
        None => Ok(()),
    }
}

/// What must be the same in all processes besides the settings.
fn facts(pipeline: &str, declaration: &Declaration) -> Result<Vec<(String, String)>> {
    let operators = declaration.program.iter().map(|node| {
        let [name, kind, columns, parameters] = [&node.name, &node.kind, &node.columns, &node.parameters];
        format!("{name} {kind} {columns} {parameters} {:?}", node.inputs)
    });
    let operators = operators.collect::<Vec<_>>().join("\n");
    let digest = program_digest().map_err(|error| {
        let message = "cannot read the file of this program, which must be the same in all processes";
        Error::new(ErrorKind::Config, message).with_source(error)
    })?;
    let facts = [
        ("version of pathway", env!("CARGO_PKG_VERSION")),
        ("pipeline", pipeline),
        ("operators", &operators),
        ("program file with the digest", &digest),
    ];
    Ok(facts.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("links", &self.links).finish_non_exhaustive()
    }
}

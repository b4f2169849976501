//! The end of a pipeline, in order: the workers, the sinks, the sources. A thread of its own waits for it.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Instant;

use timely::communication::WorkerGuards;

use super::commit_scheduler::unix_millis;
use super::lifecycle::report_end;
use super::live_status::Console;
use super::monitoring::Server;
use super::processes::Process;
use super::start::ConnectorThreads;
use super::stats_reader::StatsReader;
use super::waiting;
use crate::data::{Error, ErrorKind, Result};
use crate::persistence::Record;
use crate::plan::{Connectors, Control};
use crate::telemetry::{Counter, spawn};

/// The threads of a running pipeline.
pub(super) struct Threads {
    pub(super) workers: WorkerGuards<()>,
    /// The connections to other processes, until the workers have ended.
    pub(super) process: Option<Process>,
    pub(super) connectors: ConnectorThreads,
    /// It answers until the end.
    pub(super) monitor: Option<Server>,
    /// It draws until the end.
    pub(super) console: Option<Console>,
    /// What shows the pipeline to others, until the end.
    pub(super) observers: Vec<Box<dyn Send>>,
}

/// Waits for the end of a pipeline that is about to start, whether or not anybody joins it. It ends with the pipeline, and drops
/// `metrics` then.
///
/// # Errors
/// The thread cannot be started.
pub(super) fn watch(
    control: Control,
    connectors: Arc<Connectors>,
    commits: Arc<Counter>,
    reader: StatsReader,
    metrics: impl Send + 'static,
) -> Result<(mpsc::Sender<Threads>, JoinHandle<()>)> {
    let ((started, threads), begin) = (mpsc::channel(), Instant::now());
    let wait = move || {
        // A pipeline that does not start gives none.
        if let Ok(threads) = threads.recv() {
            end(threads, &control, &connectors, &commits);
            report_end(&control, &reader, begin);
        }
        drop(metrics);
    };
    let thread = spawn("pathway-end", wait).map_err(|error| {
        Error::new(ErrorKind::Config, "cannot start the thread that waits for the end of the pipeline")
            .with_source(error)
    })?;
    Ok((started, thread))
}

fn end(
    // What shows the pipeline does so until the end of this function.
    Threads { workers, process, connectors: threads, monitor: _monitor, console: _console, observers: _observers }: Threads,
    control: &Control,
    connectors: &Connectors,
    commits: &Counter,
) {
    let died = workers.join().into_iter().any(|worker| worker.is_err());
    if died {
        control.fail(Error::new(ErrorKind::Panic, "a worker died, and the pipeline ended"));
    }
    process.iter().for_each(Process::report_traffic);
    drop(process);
    close(connectors);
    let join = |kind, hint| {
        move |thread: JoinHandle<()>| {
            if waiting::join(thread, kind, hint).is_ok() {
                return;
            }
            let message = "the thread of a source or sink panicked, and the pipeline ended";
            control.fail(Error::new(ErrorKind::Panic, message));
        }
    };
    let hint = "what it was given is not written and confirmed yet";
    threads.sinks.into_iter().for_each(join("sink", hint));
    // Everything that was written is confirmed now, so the sources can acknowledge their last messages.
    let all = !control.has_failed();
    if let Some(state) = control.persistent().filter(|state| all && commits.get() > state.confirmed())
        && let Err(error) = state.append_now(&Record::Confirmed(commits.get()))
    {
        control.fail(error);
    }
    if let Some(state) = control.persistent().filter(|_| all) {
        state.set_all_confirmed(commits.get());
        state.end_checkpoints();
        if state.checkpointed() >= commits.get() {
            connectors.sources.iter().for_each(|source| source.end_of_checkpoints());
        }
    }
    connectors.sources.iter().for_each(|source| source.end_acknowledgements(all));
    let hint = "everything is confirmed or given up, and its `run` has to return";
    threads.sources.into_iter().for_each(join("source", hint));
    release(control);
    control.set_ended();
}

/// Another run may use the directories.
pub(super) fn release(control: &Control) {
    control.persistent().into_iter().for_each(|state| state.release());
    let failed = control.has_failed().then(unix_millis);
    control.recorder().into_iter().for_each(|recorder| recorder.end(failed));
}

/// Ends all sources and sinks: the dataflow takes nothing more, and nothing more follows for a sink.
pub(super) fn close(connectors: &Connectors) {
    connectors.sources.iter().for_each(|source| source.close());
    connectors.sinks.iter().for_each(|sink| sink.finish());
}

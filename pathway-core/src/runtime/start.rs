//! From a declared pipeline to a running one.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::environment;
use super::running::{End, Running};
use super::signals::Signals;
use super::worker::{self, Shared};
use crate::data::{Error, ErrorKind, Result};
use crate::plan::Control;
use crate::plan::{Ends, Pipeline};
use crate::telemetry::Counter;

impl Pipeline {
    /// Runs the pipeline until it is stopped or all of its sources have ended.
    ///
    /// SIGINT and SIGTERM stop it in good order: it reads no more, finishes the open commit, publishes what is
    /// to be published, and returns `Ok`. A second signal ends the process at once.
    ///
    /// `PATHWAY_THREADS` says how many threads run the dataflow (default 1). Results do not depend on it.
    ///
    /// # Errors
    /// An end could not be made ready (a server is out of reach, credentials are refused, a subject is invalid),
    /// a source was told to stop at a bad row, what was to be published could not be, or a closure panicked.
    pub fn run(self) -> Result<()> {
        let signals = Signals::listen(self.plan().control().clone())?;
        let ran = self.start().and_then(Running::join);
        drop(signals);
        ran
    }

    /// Starts the pipeline inside a larger program, and returns when it is ready: from then on no message is missed.
    ///
    /// Signals are left to the program: it calls [`Running::stop`].
    ///
    /// # Errors
    /// An end could not be made ready, as for [`Pipeline::run`], or tables of two pipelines were put together.
    pub fn start(self) -> Result<Running> {
        let workers = environment::workers()?;
        self.start_with(workers)
    }

    /// The same with a number of workers that the program chooses, whatever the environment says.
    ///
    /// # Errors
    /// Those of [`Pipeline::start`].
    pub fn start_with(self, workers: usize) -> Result<Running> {
        let plan = self.into_plan();
        let control = plan.control().clone();
        // What was declared can be wrong in a way that no type tells.
        if let Some(error) = control.take_failure() {
            return Err(error);
        }
        let (nodes, ends) = plan.take();
        let commits = Arc::new(Counter::default());
        let (ends, threads) = start_ends(ends, &control)?;
        let outboxes = ends.iter().filter_map(End::outbox).collect();
        let (ready, built) = std::sync::mpsc::channel();
        let shared = Shared {
            nodes,
            control: control.clone(),
            clock: Arc::default(),
            commits: Arc::clone(&commits),
            outboxes,
            ready: Mutex::new(Some(ready)),
        };
        let mut config = if workers == 1 { timely::Config::thread() } else { timely::Config::process(workers) };
        if workers == 1 {
            // There is no other worker to hear from soon, and the thread that wakes this one needs the core.
            config.worker = config.worker.idle_spin(Duration::ZERO);
        }
        let guards = timely::execute(config, move |worker| worker::run(worker, &shared)).map_err(|error| {
            control.fail(Error::new(ErrorKind::Config, format!("cannot start {workers} workers: {error}")));
            control.take_failure().unwrap_or_else(|| Error::new(ErrorKind::Config, error))
        })?;
        // Nothing is sent: the channel closes when the dataflow is built, or has failed.
        let _ = built.recv();
        Ok(Running::new(control, commits, ends, threads, guards))
    }
}

/// The threads of the ends.
#[derive(Default)]
pub(super) struct Threads {
    pub(super) sinks: Vec<JoinHandle<()>>,
    pub(super) sources: Vec<JoinHandle<()>>,
}

/// Starts sinks, then sources, each kind all at once: where several wait for one server, the waits do not add up.
fn start_ends(ends: Ends, control: &Control) -> Result<(Vec<End>, Threads)> {
    let mut handles = Vec::new();
    let mut threads = Threads::default();
    let sinks = ends.sinks.into_iter().filter_map(|(sink, link)| {
        handles.push(End::Sink(link.clone()));
        sink.map(|sink| move || sink.start(link))
    });
    let sinks = start_all(sinks.collect(), &mut threads.sinks);
    let sources = ends.sources.into_iter().filter_map(|(source, link)| {
        handles.push(End::Source(link.clone()));
        source.map(|source| move || source.start(link))
    });
    let sources: Vec<_> = sources.collect();
    let outcome = sinks.and_then(|()| start_all(sources, &mut threads.sources));
    if let Err(error) = outcome {
        control.stop();
        handles.iter().for_each(End::finish);
        handles.iter().for_each(|end| end.settle(false));
        threads.sinks.into_iter().chain(threads.sources).for_each(|thread| drop(thread.join()));
        return Err(error);
    }
    Ok((handles, threads))
}

/// Starts a number of ends at once; the first error counts.
fn start_all<F>(starts: Vec<F>, threads: &mut Vec<JoinHandle<()>>) -> Result<()>
where
    F: FnOnce() -> Result<JoinHandle<()>> + Send,
{
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let starting: Vec<_> = starts.into_iter().map(|start| scope.spawn(start)).collect();
        let panicked = |_| Err(Error::new(ErrorKind::Panic, "a source or sink panicked while it was started"));
        starting.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    });
    let mut first = Ok(());
    for outcome in outcomes {
        match outcome {
            Ok(thread) => threads.push(thread),
            Err(error) => first = first.and(Err(error)),
        }
    }
    first
}

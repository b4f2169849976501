//! From a declared pipeline to a running one.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use timely::worker::Worker;

use super::ending::{self, Threads, close, release};
use super::environment;
use super::lifecycle::report_failed_start;
use super::live_status;
use super::monitoring::{self, Server};
use super::observation::{Observation, StartedEnds};
use super::processes::{Process, start_workers};
use super::recording;
use super::recovery::Recovery;
use super::replay::Replay;
use super::running::Running;
use super::signals::Signals;
use super::stats_reader::StatsReader;
use super::worker::{self, Shared};
use super::workers::{Cluster, Workers};
use crate::data::{Error, ErrorKind, Result};
use crate::plan::{Connectors, Control, Declaration, Observer, Pipeline, Plan};
use crate::telemetry::{Counter, InfoOnStderr, Span};

impl Pipeline {
    /// Runs the pipeline until it is stopped or all of its sources have ended.
    ///
    /// SIGINT and SIGTERM stop it gracefully: it reads no more, finishes the open commit, publishes the rest, and returns
    /// `Ok`. A second signal ends the process at once, but for one within a second of the first, which is taken for the same:
    /// some supervisors send it to the process, and to its group.
    ///
    /// The environment variable `PATHWAY_THREADS` is the number of threads that run the dataflow. Default: 1. Results do not
    /// depend on it.
    /// With `PATHWAY_PROCESSES`, the pipeline runs in several processes; see [`Cluster`](crate::runtime::Cluster).
    ///
    /// On a terminal, it shows a live status while it runs (`console`).
    ///
    /// # Errors
    /// A source or sink could not start (a server cannot be reached, credentials are refused, a subject is invalid), a source
    /// stopped at a message that it could not decode, messages could not be published, or a closure panicked.
    pub fn run(self) -> Result<()> {
        let plan = self.into_plan();
        let _lines = InfoOnStderr::begin();
        let signals = Signals::listen(plan.control().clone())?;
        let ran =
            environment::workers().and_then(|workers| start(&plan, &workers, Shows::Status)).and_then(Running::join);
        drop(signals);
        ran.map(drop)
    }

    /// Starts the pipeline inside a larger program. Returns when it is ready: from then on it misses no message.
    ///
    /// Signals are up to the program, which calls [`Running::stop`].
    ///
    /// From then on the pipeline runs, and ends, on threads of its own: [`Running::join`] only waits.
    ///
    /// # Errors
    /// A source or sink could not start, as for [`Pipeline::run`], or tables of two pipelines were combined.
    pub fn start(self) -> Result<Running> {
        // From here on, it counts as started: an error says more than that it has not run.
        let plan = self.into_plan();
        start(&plan, &environment::workers()?, Shows::Nothing)
    }

    /// Starts the pipeline with this number of workers, or as one process of several, whatever the environment says.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Clone, Debug, PartialEq, Schema)] struct Row { id: i64 }
    /// # let pipeline = Pipeline::new();
    /// # let seen = pipeline.rows([Row { id: 1 }]).distinct().collect();
    /// pipeline.start_with(2)?.join()?;
    /// # assert_eq!(seen.rows(), [Row { id: 1 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Pipeline::start`].
    pub fn start_with(self, workers: impl Into<Workers>) -> Result<Running> {
        start(&self.into_plan(), &workers.into(), Shows::Nothing)
    }
}

/// What a pipeline shows of itself on a terminal.
#[derive(PartialEq, Eq)]
enum Shows {
    Status,
    /// The terminal is the larger program's.
    Nothing,
}

fn start(plan: &Plan, workers: &Workers, shows: Shows) -> Result<Running> {
    let start = || start_in_span(plan, workers, shows).inspect_err(report_failed_start);
    plan.control().begin_span(&plan.name()).in_scope(start)
}

fn start_in_span(plan: &Plan, workers: &Workers, shows: Shows) -> Result<Running> {
    let control = plan.control().clone();
    // The declaration can be wrong in ways that the compiler cannot check.
    if let Some(error) = control.take_error() {
        return Err(error);
    }
    plan.report_warnings();
    let graph = plan.graph();
    let mut declaration = plan.take();
    environment::complete(&mut declaration)?;
    let (name, control) = (plan.name(), &control);
    let (commits, clock) = (Arc::new(Counter::default()), Arc::new(Counter::default()));
    let is_first = workers.cluster().is_none_or(Cluster::is_first);
    let observation = Arc::new(Observation::new(graph, control, &mut declaration, &commits));
    // It answers while the pipeline starts.
    let monitor = match is_first {
        true => monitoring::start(declaration.monitor.take(), &observation)?,
        false => None,
    };
    let monitor_address = monitor.as_ref().map(Server::address);
    let console = match shows {
        Shows::Status if is_first => live_status::start(declaration.console, &observation)?,
        _ => None,
    };
    let join = |cluster| Process::join(cluster, &name, &declaration, control, &clock);
    let process = workers.cluster().map(join).transpose()?;
    let is_stopped = matches!(process, Some(None));
    let process = process.flatten();
    let replay = Replay::open(&name, &mut declaration, control)?;
    let mut recovery = None;
    if replay.is_none() {
        // A recording that is refused leaves no state behind. It writes nothing before it begins.
        recording::open(&name, &mut declaration, control)?;
        recovery = Recovery::open(&name, &mut declaration, control).inspect_err(|_| release(control))?;
    }
    let Declaration { nodes, connectors, observers, .. } = declaration;
    let metrics = start_metrics(&observation.reader).inspect_err(|_| release(control))?;
    let (started, ending) = ending::watch(
        control.clone(),
        Arc::clone(&connectors),
        Arc::clone(&commits),
        observation.reader.clone(),
        metrics,
    )?;
    if is_stopped {
        // Nothing was read, so nothing is lost: that is an orderly end.
        close(&connectors);
        control.set_ended();
        return Ok(Running::new(observation, monitor_address, ending));
    }
    start_sync(&connectors, control)?;
    // A replay connects to nothing, and the first process does for all others.
    let (threads, observers) = match replay {
        _ if !is_first => {
            close(&connectors);
            (ConnectorThreads::default(), Vec::new())
        }
        Some(_) => {
            observation.started.set_all();
            (ConnectorThreads::default(), Vec::new())
        }
        None => {
            let threads = start_connectors(&connectors, control, &observation.started).inspect_err(|error| {
                release(control);
                // Otherwise they would know only that this process has gone.
                control.others().into_iter().for_each(|others| others.end(Some((error.kind(), format!("{error:#}")))));
            })?;
            (threads, start_observers(observers, &observation))
        }
    };
    let (ready, built) = std::sync::mpsc::channel();
    let shared = Shared {
        nodes,
        recovery: Mutex::new(recovery),
        replay: Mutex::new(replay),
        control: control.clone(),
        clock,
        commits: Arc::clone(&commits),
        connectors: Arc::clone(&connectors),
        observation: Arc::clone(&observation),
        first_worker: process.as_ref().map_or(0, Process::first_worker),
        ready: Mutex::new(Some(ready)),
        rounds: Arc::default(),
    };
    let work = move |worker: &mut Worker| worker::run(worker, &shared);
    let guards = match &process {
        Some(process) => start_workers(process, work),
        None => timely::execute(workers.config(), work),
    };
    let guards = guards.map_err(|error| {
        control.fail(Error::new(ErrorKind::Config, format!("cannot start {workers}: {error}")));
        control.take_error().unwrap_or_else(|| Error::new(ErrorKind::Config, error))
    })?;
    // Nothing is sent. The channel closes when the dataflow is built, or has failed.
    let _ = built.recv();
    // It waits for this.
    let _ = started.send(Threads { workers: guards, process, connectors: threads, monitor, console, observers });
    Ok(Running::new(observation, monitor_address, ending))
}

/// Starts what shows the pipeline to others. Dropping what is returned ends it.
fn start_observers(observers: Vec<Box<dyn Observer>>, observation: &Arc<Observation>) -> Vec<Box<dyn Send>> {
    observers.into_iter().filter_map(|observer| observer.start(Arc::clone(observation) as _)).collect()
}

/// Starts what reads the statistics of the pipeline until its end. Dropping what is returned ends it.
#[cfg(feature = "metrics")]
fn start_metrics(reader: &StatsReader) -> Result<impl Send + 'static> {
    super::metrics_thread::MetricsThread::start(reader.clone())
}

/// Nothing reads the statistics by itself.
#[cfg(not(feature = "metrics"))]
fn start_metrics(_: &StatsReader) -> Result<impl Send + 'static> {
    Ok(())
}

/// Starts the thread that synchronizes the log, if the pipeline has one that is to survive a power loss.
fn start_sync(connectors: &Arc<Connectors>, control: &Control) -> Result<()> {
    let Some(state) = control.persistent() else { return Ok(()) };
    let (sinks, failing, failed) = (Arc::clone(connectors), Arc::clone(connectors), control.clone());
    let released = move |records| sinks.sinks.iter().for_each(|sink| sink.release(records));
    let fail = move |error| {
        failed.fail(error);
        // It was not logged for certain.
        failing.sinks.iter().for_each(|sink| sink.discard_waiting());
    };
    state.start_sync(released, fail).inspect_err(|_| release(control))
}

/// The threads of sources and sinks.
#[derive(Default)]
pub(super) struct ConnectorThreads {
    pub(super) sinks: Vec<JoinHandle<()>>,
    pub(super) sources: Vec<JoinHandle<()>>,
}

/// Starts the sinks, then the sources. Those of one kind start at once, so that waits for one server do not add up.
fn start_connectors(connectors: &Connectors, control: &Control, all_started: &StartedEnds) -> Result<ConnectorThreads> {
    let mut threads = ConnectorThreads::default();
    let sinks = connectors.sinks.iter().zip(&all_started.sinks);
    let sinks = sinks.map(|(sink, started)| || sink.start().inspect(|_| started.set(true)));
    let sources = connectors.sources.iter().zip(&all_started.sources);
    let sources = sources.map(|(source, started)| || source.start().inspect(|_| started.set(true)));
    let started = start_all(sinks, &mut threads.sinks).and_then(|()| start_all(sources, &mut threads.sources));
    if let Err(error) = started {
        control.stop();
        close(connectors);
        connectors.sources.iter().for_each(|source| source.end_acknowledgements(false));
        threads.sinks.into_iter().chain(threads.sources).for_each(|thread| drop(thread.join()));
        return Err(error);
    }
    Ok(threads)
}

/// Runs all start functions at once. The first error counts.
fn start_all<F>(starts: impl Iterator<Item = F>, threads: &mut Vec<JoinHandle<()>>) -> Result<()>
where
    F: FnOnce() -> Result<Option<JoinHandle<()>>> + Send,
{
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let span = Span::current();
        let spawn = |start: F| {
            let span = span.clone();
            scope.spawn(move || span.in_scope(start))
        };
        let starting: Vec<_> = starts.map(spawn).collect();
        let panicked = |_| Err(Error::new(ErrorKind::Panic, "a source or sink panicked while it started"));
        starting.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    });
    let mut first = Ok(());
    for outcome in outcomes {
        match outcome {
            Ok(thread) => threads.extend(thread),
            Err(error) => first = first.and(Err(error)),
        }
    }
    first
}

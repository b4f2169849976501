//! What one worker thread does: build its part of the dataflow from the plan, and run it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use timely::worker::Worker;

use super::checkpoints::Checkpoints;
use super::commit_loop::CommitLoop;
use super::observation::Observation;
use super::recovery::Recovery;
use super::replay::Replay;
use super::state_meter::StateMeter;
use super::worker_state::{CheckpointRounds, CheckpointWork, WorkerState};
use crate::data::{Error, ErrorKind};
use crate::dataflow::DataflowBuilder;
use crate::plan::{ArrivalLog, Build, Built, Connectors, Control, Node};
use crate::telemetry::{Counter, Span, worker_span};

/// What all workers of a pipeline share.
pub(super) struct Shared {
    pub(super) nodes: Vec<Node>,
    /// For the first worker.
    pub(super) recovery: Mutex<Option<Recovery>>,
    pub(super) replay: Mutex<Option<Replay>>,
    pub(super) control: Control,
    pub(super) clock: Arc<Counter>,
    pub(super) commits: Arc<Counter>,
    pub(super) connectors: Arc<Connectors>,
    pub(super) observation: Arc<Observation>,
    /// The number of the first worker of this process. Worker 0 is the first one of the pipeline.
    pub(super) first_worker: usize,
    /// Dropped when the first worker of this process has built its part of the dataflow, or has failed.
    pub(super) ready: Mutex<Option<Sender<()>>>,
    pub(super) rounds: Arc<CheckpointRounds>,
}

impl Shared {
    fn take_ready(&self) -> Option<Sender<()>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Runs a worker until the dataflow has ended or failed.
///
/// A panic, for example in a closure of the user, ends the whole pipeline with an error: a dataflow without one of its
/// workers would wait for ever or give wrong results.
pub(super) fn run(worker: &mut Worker, shared: &Shared) {
    let _in_span = worker_span(&shared.control.span(), worker.index()).entered();
    shared.control.adopt_worker(worker.index() == 0);
    let outcome = catch_unwind(AssertUnwindSafe(|| work(worker, shared)));
    if let Err(panic) = outcome {
        shared.control.fail(error_of(panic, worker.index()));
        shared.take_ready();
    }
    // The dataflow of an abandoned pipeline cannot be ended gracefully.
    for dataflow in worker.installed_dataflows() {
        worker.drop_dataflow(dataflow);
    }
}

/// What a worker has unwound with: an error, where the dataflow has failed, or what a panic says.
fn error_of(panic: Box<dyn Any + Send>, worker: usize) -> Error {
    let panic = match panic.downcast::<Error>() {
        Ok(error) => return error.of_component(&format!("worker {worker}")),
        Err(panic) => panic,
    };
    let what = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let what = what.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    Error::new(ErrorKind::Panic, format!("worker {worker} panicked, and the pipeline ended: {what}"))
}

fn work(worker: &mut Worker, shared: &Shared) {
    let arrivals = ArrivalLog::of(&shared.control);
    let index = worker.index();
    let Built { sources, ends, progress, states, calls } = worker.dataflow_named("pathway", |scope| {
        let mut build = Build::new(DataflowBuilder::new(scope), Arc::clone(&shared.clock), arrivals.clone());
        for (number, node) in (0..).zip(&shared.nodes) {
            build.dataflow.begin_node(number, node.name(), node.meters().on_worker(index));
            (node.build)(&mut build);
        }
        build.finish()
    });
    let mut state_meter = StateMeter::new(&states, shared.control.clone(), index);
    let mut state = None;
    if let Some(persistent) = shared.control.persistent() {
        let (place, rounds) = ((index, worker.peers()), Arc::clone(&shared.rounds));
        let mut loaded = WorkerState::new(states, place, shared.control.clone(), rounds);
        if let Err(error) = loaded.load(persistent) {
            shared.control.fail(error);
        }
        state = Some(loaded);
        state_meter.measure();
    }
    let ready = if index == shared.first_worker { shared.take_ready() } else { None };
    if index == 0 {
        let checkpoints = state.take().map(|state| Checkpoints::new(state, Arc::clone(&shared.rounds)));
        let commit_loop = CommitLoop {
            checkpoints,
            calls,
            state_meter: &mut state_meter,
            control: &shared.control,
            observation: &shared.observation,
            sources,
            ends,
            arrivals,
            progress,
            clock: Arc::clone(&shared.clock),
            sinks: &shared.connectors.sinks,
            commits: Arc::clone(&shared.commits),
            confirmed: 0,
            checkpointed: 0,
            is_computed: false,
            span: Span::none(),
            worker,
        };
        let recovery = shared.recovery.lock().unwrap_or_else(PoisonError::into_inner).take();
        let replay = shared.replay.lock().unwrap_or_else(PoisonError::into_inner).take();
        commit_loop.run(recovery, replay, || drop(ready));
    } else {
        drop(ready);
    }
    // The sources have ended. What they have sent is still processed.
    while worker.has_dataflows() && !shared.control.is_abandoned() {
        let wait = match state.as_mut().map_or(CheckpointWork::None, WorkerState::work) {
            CheckpointWork::None => None,
            CheckpointWork::More => Some(Duration::ZERO),
            CheckpointWork::Later(wait) => Some(wait),
        };
        state_meter.answer();
        worker.step_or_park(wait);
    }
    state_meter.measure();
}

//! The state of the operators of one worker: loads it, and writes it into checkpoints, a piece at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::data::{Error, ErrorKind, Layout, Result};
use crate::dataflow::{OperatorState, StateScope};
use crate::persistence::{Checkpoint, LoadPlan, PersistentState, Piece, PieceOf, PieceSender, ProgramState, StateSize};
use crate::plan::Control;

/// How large a piece is: writing it takes a few tenths of a millisecond, so that no commit waits long for it.
const PIECE_BYTES: usize = 64 << 10;
/// How long a worker waits while the disk is behind.
const DISK_WAIT: Duration = Duration::from_millis(1);
/// How often a worker looks whether the first one has decided what is loaded.
const PLAN_WAIT: Duration = Duration::from_millis(1);

/// How the first worker asks all workers to begin a checkpoint.
#[derive(Default)]
pub(super) struct CheckpointRounds {
    /// How many checkpoints were begun.
    number: AtomicU64,
    /// How many workers have begun the last one.
    begun: AtomicUsize,
    sender: Mutex<Option<PieceSender>>,
    /// What the workers load before the first one.
    plan: Mutex<Option<Arc<LoadPlan>>>,
}

impl CheckpointRounds {
    /// Asks all workers to begin a checkpoint.
    pub(super) fn begin(&self, sender: PieceSender) {
        *self.sender.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        self.begun.store(0, Ordering::Release);
        self.number.fetch_add(1, Ordering::Release);
    }

    /// Whether this many workers have begun it. Then no worker waits for it.
    pub(super) fn have_begun(&self, workers: usize) -> bool {
        let all = self.begun.load(Ordering::Acquire) >= workers;
        if all {
            *self.sender.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        all
    }
}

/// What a worker has to do for a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CheckpointWork {
    /// Nothing.
    None,
    /// More pieces.
    More,
    /// More pieces, after a while.
    Later(Duration),
}

/// The state of the operators of one worker.
pub(super) struct WorkerState {
    operators: Vec<OperatorState>,
    worker: usize,
    workers: usize,
    control: Control,
    rounds: Arc<CheckpointRounds>,
    /// What the parts of all operators consist of, in their order.
    layouts: Vec<Layout>,
    /// How many checkpoints it has begun.
    round: u64,
    /// The open checkpoint.
    open: Option<OpenCheckpoint>,
}

struct OpenCheckpoint {
    sender: PieceSender,
    /// The operator that is being written, and which part of its state.
    operator: usize,
    part: usize,
    /// How large the states are that this worker saves.
    sizes: Vec<StateSize>,
    /// A piece that could not be sent, because too many wait for the disk.
    unsent: Option<Piece>,
}

impl WorkerState {
    pub(super) fn new(
        operators: Vec<OperatorState>,
        (worker, workers): (usize, usize),
        control: Control,
        rounds: Arc<CheckpointRounds>,
    ) -> Self {
        WorkerState { operators, worker, workers, control, rounds, layouts: Vec::new(), round: 0, open: None }
    }

    pub(super) fn workers(&self) -> usize {
        self.workers
    }

    /// Loads the checkpoint with which the pipeline starts. From now on the state knows what the next one has to write.
    pub(super) fn load(&mut self, state: &PersistentState) -> Result<()> {
        let checkpoint = state.checkpoint();
        for OperatorState { operator, .. } in &self.operators {
            for part in operator.borrow_mut().states() {
                let is_partitioned = part.scope == StateScope::Partitioned;
                let (worker, workers) = if is_partitioned { (self.worker, self.workers) } else { (0, 1) };
                part.state.track(worker as u64, workers as u64);
                self.layouts.push(part.layout());
            }
        }
        let Some(checkpoint) = checkpoint else { return Ok(()) };
        let Some(plan) = self.load_plan(state, checkpoint)? else { return Ok(()) };
        let mut bytes = Vec::new();
        for part in state.parts(checkpoint) {
            let mut part = part?;
            while let Some(piece) = part.next(&mut bytes)? {
                let Some((node, migration)) = plan.of(&piece) else { continue };
                let loaded = match migration {
                    None => self.load_piece(node, &piece, &bytes, Some(part.workers)),
                    Some(migration) => {
                        migration.apply(&bytes).and_then(|bytes| self.load_piece(node, &piece, &bytes, None))
                    }
                };
                loaded.map_err(|reason| {
                    let message = format!(
                        "{}; its state `{}` of `{node}` cannot be loaded: {reason}; perhaps a type of the program reads what it has \
                         saved in another way now: run the earlier program",
                        part.damaged(),
                        piece.label
                    );
                    Error::new(ErrorKind::Persistence, message)
                })?;
            }
        }
        self.operators.iter().for_each(|operator| operator.operator.borrow_mut().loaded());
        Ok(())
    }

    /// What the first worker has decided to load; `None` if the pipeline has failed meanwhile.
    fn load_plan(&self, state: &PersistentState, checkpoint: &Checkpoint) -> Result<Option<Arc<LoadPlan>>> {
        if self.worker == 0 {
            let (mut states, mut layouts) = (Vec::new(), self.layouts.iter());
            for OperatorState { node, operator, .. } in &self.operators {
                states.extend(operator.borrow_mut().states().into_iter().map(|part| ProgramState {
                    node: node.to_string(),
                    label: part.label,
                    layout: layouts.next().cloned().unwrap_or_else(|| part.layout()),
                    kept_rows: part.kept_rows,
                    is_needed: part.scope == StateScope::Partitioned,
                }));
            }
            let plan = Arc::new(state.plan_load(checkpoint, &states)?);
            *self.rounds.plan.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&plan));
            return Ok(Some(plan));
        }
        while !self.control.has_failed() && !self.control.is_abandoned() {
            let plan = self.rounds.plan.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if plan.is_some() {
                return Ok(plan);
            }
            std::thread::park_timeout(PLAN_WAIT);
        }
        Ok(None)
    }

    /// Loads a piece of a node that one of so many workers has written; `None` if its keys no longer say which worker they belong to.
    fn load_piece(&self, node: &str, piece: &PieceOf, bytes: &[u8], workers: Option<u64>) -> Result<(), String> {
        let (worker, now) = (self.worker as u64, self.workers as u64);
        for OperatorState { operator, .. } in self.operators.iter().filter(|operator| *operator.node == *node) {
            let mut operator = operator.borrow_mut();
            for part in operator.states().into_iter().filter(|part| part.label == piece.label) {
                let is_own = |hash| part.scope != StateScope::Partitioned || hash % now == worker;
                match (part.scope, workers) {
                    (StateScope::First, _) if worker > 0 => {}
                    (_, None) => part.state.load_migrated(bytes, &is_own)?,
                    (StateScope::Partitioned, Some(workers)) if workers == now => {
                        if piece.worker == worker {
                            part.state.load(bytes, &|_| true)?;
                        }
                    }
                    _ => part.state.load(bytes, &is_own)?,
                }
            }
        }
        Ok(())
    }

    /// Does a part of what is to be done for a checkpoint. Called between commits, or while other workers still have some.
    pub(super) fn work(&mut self) -> CheckpointWork {
        let round = self.rounds.number.load(Ordering::Acquire);
        if self.round != round {
            self.round = round;
            self.begin();
        }
        let Some(open) = &mut self.open else { return CheckpointWork::None };
        if let Some(piece) = open.unsent.take()
            && let Err(piece) = open.sender.send(piece)
        {
            open.unsent = Some(piece);
            return CheckpointWork::Later(DISK_WAIT);
        }
        match self.write() {
            Ok(work) => work,
            Err(reason) => {
                if let Some(open) = self.open.take() {
                    open.sender.fail(Error::new(ErrorKind::Persistence, reason));
                }
                CheckpointWork::None
            }
        }
    }

    fn begin(&mut self) {
        let sender = self.rounds.sender.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(sender) = sender {
            let (mut sizes, mut layouts) = (Vec::new(), self.layouts.iter());
            for OperatorState { node, operator, .. } in &self.operators {
                for part in operator.borrow_mut().states() {
                    part.state.begin(sender.all);
                    let layout = layouts.next().cloned();
                    if saves(self.worker, part.scope) {
                        sizes.push(StateSize {
                            node: node.to_string(),
                            written_as: node.to_string(),
                            label: part.label.to_owned(),
                            layout: layout.unwrap_or_else(|| part.layout()),
                            migrated_to: None,
                            keys: part.state.keys() as u64,
                        });
                    }
                }
            }
            self.open = Some(OpenCheckpoint { sender, operator: 0, part: 0, sizes, unsent: None });
        }
        self.rounds.begun.fetch_add(1, Ordering::Release);
        self.control.wake();
    }

    /// Writes the next piece.
    fn write(&mut self) -> Result<CheckpointWork, String> {
        let Some(open) = &mut self.open else { return Ok(CheckpointWork::None) };
        while let Some(OperatorState { node, operator, .. }) = self.operators.get(open.operator) {
            let mut operator = operator.borrow_mut();
            let mut parts = operator.states();
            let Some(part) = parts.get_mut(open.part) else {
                (open.operator, open.part) = (open.operator + 1, 0);
                continue;
            };
            let is_saved = saves(self.worker, part.scope);
            let mut bytes = Vec::new();
            let cannot = |reason| format!("the state `{}` of node {node} cannot be written: {reason}", part.label);
            let has_more = is_saved && part.state.write(&mut bytes, PIECE_BYTES).map_err(cannot)?;
            open.part += usize::from(!has_more);
            if bytes.is_empty() {
                continue;
            }
            let of = PieceOf { node: node.to_string(), label: part.label.to_owned(), worker: self.worker as u64 };
            open.unsent = open.sender.send(Piece { of, bytes }).err();
            return Ok(CheckpointWork::More);
        }
        if !open.sender.done(&open.sizes) {
            return Ok(CheckpointWork::Later(DISK_WAIT));
        }
        self.open = None;
        Ok(CheckpointWork::None)
    }
}

/// Whether a worker saves a part of a state.
pub(super) fn saves(worker: usize, scope: StateScope) -> bool {
    match scope {
        StateScope::Partitioned => true,
        StateScope::First | StateScope::Shared => worker == 0,
        StateScope::LoadOnly => false,
    }
}

//! The state of the operators of one worker: loads it, and writes it into checkpoints, a piece at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::data::{Error, ErrorKind, Result};
use crate::dataflow::{OperatorState, StateScope};
use crate::persistence::{PersistentState, Piece, PieceOf, PieceSender, StateSize};
use crate::plan::Control;

/// How large a piece is: writing it takes a few tenths of a millisecond, so that no commit waits long for it.
const PIECE_BYTES: usize = 64 << 10;
/// How long a worker waits while the disk is behind.
const DISK_WAIT: Duration = Duration::from_millis(1);

/// How the first worker asks all workers to begin a checkpoint.
#[derive(Default)]
pub(super) struct CheckpointRounds {
    /// How many checkpoints were begun.
    number: AtomicU64,
    /// How many workers have begun the last one.
    begun: AtomicUsize,
    sender: Mutex<Option<PieceSender>>,
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
        WorkerState { operators, worker, workers, control, rounds, round: 0, open: None }
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
            }
        }
        let Some(checkpoint) = checkpoint else { return Ok(()) };
        for OperatorState { node, operator } in &self.operators {
            if !operator.borrow_mut().states().is_empty() {
                state.check_operator(node)?;
            }
        }
        self.check_kinds(&checkpoint.states)?;
        let mut bytes = Vec::new();
        for part in state.parts(checkpoint) {
            let mut part = part?;
            while let Some(piece) = part.next(&mut bytes)? {
                // An operator that was dropped can be followed by one with the same name.
                if !checkpoint.states.iter().any(|state| state.node == piece.node && state.label == piece.label) {
                    continue;
                }
                self.load_piece(&piece, &bytes, part.workers).map_err(|reason| {
                    let PieceOf { node, label, .. } = &piece;
                    let message = format!(
                        "{}; its state `{label}` of `{node}` cannot be loaded: {reason}; perhaps a row, a key or a state of \
                         the program has other fields now: run the earlier program",
                        part.damaged()
                    );
                    Error::new(ErrorKind::Persistence, message)
                })?;
            }
        }
        self.operators.iter().for_each(|operator| operator.operator.borrow_mut().loaded());
        Ok(())
    }

    /// A key, a row or the state of a reducer can have become another type.
    fn check_kinds(&self, saved: &[StateSize]) -> Result<()> {
        for OperatorState { node, operator } in &self.operators {
            for part in operator.borrow_mut().states() {
                let before = saved.iter().find(|saved| *saved.node == **node && saved.label == part.label);
                let Some(before) = before.filter(|before| before.kind != part.state.kind()) else { continue };
                let message = format!(
                    "the checkpoint has another state `{}` of `{}`: `{}`, and here it is `{}`; run the program that has \
                     written it, or use another directory and other output streams",
                    part.label,
                    node,
                    before.kind,
                    part.state.kind()
                );
                return Err(Error::new(ErrorKind::Persistence, message));
            }
        }
        Ok(())
    }

    /// Loads a piece that one of so many workers has written.
    fn load_piece(&self, piece: &PieceOf, bytes: &[u8], workers: u64) -> Result<(), String> {
        let (worker, now) = (self.worker as u64, self.workers as u64);
        for OperatorState { operator, .. } in self.operators.iter().filter(|operator| *operator.node == *piece.node) {
            let mut operator = operator.borrow_mut();
            for part in operator.states().into_iter().filter(|part| part.label == piece.label) {
                match part.scope {
                    StateScope::First if worker > 0 => {}
                    StateScope::First | StateScope::Shared | StateScope::LoadOnly => {
                        part.state.load(bytes, &|_| true)?
                    }
                    StateScope::Partitioned if workers == now => {
                        if piece.worker == worker {
                            part.state.load(bytes, &|_| true)?;
                        }
                    }
                    StateScope::Partitioned => part.state.load(bytes, &|hash| hash % now == worker)?,
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
            let mut sizes = Vec::new();
            for OperatorState { node, operator } in &self.operators {
                for part in operator.borrow_mut().states() {
                    part.state.begin(sender.all);
                    if saves(self.worker, part.scope) {
                        let (label, kind) = (part.label.to_owned(), part.state.kind().to_owned());
                        sizes.push(StateSize { node: node.to_string(), label, kind, keys: part.state.keys() as u64 });
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
        while let Some(OperatorState { node, operator }) = self.operators.get(open.operator) {
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
fn saves(worker: usize, scope: StateScope) -> bool {
    match scope {
        StateScope::Partitioned => true,
        StateScope::First | StateScope::Shared => worker == 0,
        StateScope::LoadOnly => false,
    }
}

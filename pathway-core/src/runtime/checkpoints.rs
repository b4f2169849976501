//! When the commit loop makes a checkpoint, and what of the commit loop's own state is in it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::commit_loop::CommitLoop;
use super::worker_state::{CheckpointRounds, CheckpointWork, WorkerState};
use crate::data::{Commit, Result, SequenceSet};
use crate::persistence::{Arrival, Checkpoint, PersistentState, SourceStart, SourceState};
use crate::plan::{SourceEnds, SourceOperator};

/// How long the first worker sleeps at most until the others have begun a checkpoint.
const BEGIN_WAIT: Duration = Duration::from_millis(10);
/// How many ranges of sequences a checkpoint has of a source, of which all are acknowledged: a server that is killed may have
/// forgotten that. If each sequence of a stream is read, there is one.
const ACKNOWLEDGED_RANGES: usize = 1024;

/// How long the last checkpoint waits for the one before: its commits may not be confirmed, because a server is not there.
const LAST_PATIENCE: Duration = Duration::from_secs(2);
/// How often the end of a checkpoint is looked for.
const WRITE_WAIT: Duration = Duration::from_millis(1);

/// What the commit loop knows for checkpoints.
pub(super) struct Checkpoints {
    pub(super) state: WorkerState,
    rounds: Arc<CheckpointRounds>,
    /// When the last one began.
    begun: Instant,
    /// The commits before this one are in it.
    commit: Commit,
    /// The `time` of the last commit.
    time: u64,
    is_catching_up: bool,
    /// How many commits of preloaded tables there were.
    preloaded: u64,
    /// How many of these there were before each source was declared.
    preloaded_before: Vec<u64>,
    /// Where the sources go on.
    sources: Vec<SourceStart>,
    positions: Vec<Vec<u8>>,
    /// The messages of sources that acknowledge them, as far as they may be delivered again.
    sequences: Vec<SequenceSet>,
}

impl Checkpoints {
    pub(super) fn new(state: WorkerState, rounds: Arc<CheckpointRounds>) -> Self {
        Checkpoints {
            state,
            rounds,
            begun: Instant::now(),
            commit: 0,
            time: 0,
            is_catching_up: false,
            preloaded: 0,
            preloaded_before: Vec::new(),
            sources: Vec::new(),
            positions: Vec::new(),
            sequences: Vec::new(),
        }
    }

    /// Where the sources begin.
    pub(super) fn set_sources(&mut self, sources: Vec<SourceStart>) {
        self.positions.resize(sources.len(), Vec::new());
        self.preloaded_before.resize(sources.len(), 0);
        self.sequences.resize(sources.len(), SequenceSet::default());
        self.sources = sources;
    }

    /// Where the sources go on: the next sequence, and the position behind what is in the log.
    pub(super) fn positions(&self) -> impl Iterator<Item = (&SourceStart, &[u8])> {
        self.sources.iter().zip(self.positions.iter().map(Vec::as_slice))
    }

    /// The pipeline continues behind a checkpoint. A source for which `begins_anew` holds begins as if it were not in it.
    pub(super) fn continue_behind(&mut self, checkpoint: &Checkpoint, begins_anew: impl Fn(&str) -> bool) {
        let Checkpoint { commit, time, catching_up, preloaded, sources, .. } = checkpoint;
        (self.commit, self.time, self.is_catching_up, self.preloaded) = (*commit, *time, *catching_up, *preloaded);
        for (number, start) in self.sources.iter().enumerate() {
            // The program may have other sources now.
            let before = sources.iter().find(|before| before.start.name == start.name && !begins_anew(&start.name));
            let Some(before) = before else {
                self.preloaded_before[number] = *preloaded;
                continue;
            };
            self.preloaded_before[number] = before.preloaded_before;
            self.positions[number].clone_from(&before.position);
            self.sequences[number].extend(&before.sequences);
        }
    }

    /// A commit at this time is sealed, which has these arrivals.
    pub(super) fn sealed(&mut self, time: u64, arrivals: &[Arrival]) {
        self.time = time;
        for arrival in arrivals {
            match arrival {
                Arrival::Preloaded => self.preloaded += 1,
                Arrival::CatchingUp(is_catching_up) => self.is_catching_up = *is_catching_up,
                Arrival::Ended(_) | Arrival::SnapshotEnd(_) => {}
                Arrival::Messages { source, last, stored, .. } => {
                    let source = self.sources.get_mut(*source as usize);
                    source.into_iter().for_each(|source| (source.next, source.stored) = (last + 1, *stored));
                }
                Arrival::Sequences { source, sequences } => {
                    self.sequences.get_mut(*source as usize).into_iter().for_each(|set| set.extend(sequences));
                }
                Arrival::Logged { source, position, .. } => {
                    if let Some(before) = self.positions.get_mut(*source as usize).filter(|_| !position.is_empty()) {
                        before.clone_from(position);
                    }
                }
            }
        }
    }

    /// Where the sources go on.
    pub(super) fn source_states(
        &mut self,
        sources: &[Box<dyn SourceOperator>],
        ends: Option<&SourceEnds>,
    ) -> Vec<SourceState> {
        let states = self.sources.iter().zip(&self.positions).zip(&mut self.sequences).zip(sources);
        let states = states.zip(&self.preloaded_before).enumerate();
        let states = states.map(|(number, ((((start, position), set), source), preloaded_before))| {
            let acknowledged = source.acknowledged();
            let floor = acknowledged.map_or(0, |acknowledged| acknowledged.floor);
            while set.len() > ACKNOWLEDGED_RANGES && set.pop_lowest(floor) {}
            SourceState {
                start: start.clone(),
                position: position.clone(),
                preloaded_before: *preloaded_before,
                has_ended: ends.is_some_and(|ends| ends.has_sent(number)),
                sequences: set.to_runs(),
                newest: acknowledged.map_or(0, |acknowledged| acknowledged.newest),
            }
        });
        states.collect()
    }

    /// How long until the next checkpoint is due; `None` if nothing has happened since the last one, or it is still written.
    fn due_in(&self, state: &PersistentState, commits: Commit) -> Option<Duration> {
        // One that could not be written is tried again, also if nothing has happened since.
        let is_needed = commits > self.commit || state.must_write_again();
        if !is_needed || state.has_open_checkpoint() {
            return None;
        }
        let wait = state.checkpoint_every().saturating_sub(self.begun.elapsed());
        Some(if state.is_checkpoint_wanted() { Duration::ZERO } else { wait })
    }
}

impl CommitLoop<'_> {
    /// Begins a checkpoint if it is time for one. No commit is open.
    pub(super) fn begin_checkpoint_if_due(&mut self) {
        let (Some(checkpoints), Some(state)) = (&mut self.checkpoints, self.control.persistent()) else { return };
        let commit = self.commits.get();
        if checkpoints.due_in(state, commit).is_none_or(|wait| !wait.is_zero()) {
            return;
        }
        if let Err(error) = self.begin_checkpoint(commit) {
            self.control.fail(error);
        }
    }

    fn begin_checkpoint(&mut self, commit: Commit) -> Result<()> {
        let (Some(checkpoints), Some(state)) = (&mut self.checkpoints, self.control.persistent()) else {
            return Ok(());
        };
        (checkpoints.begun, checkpoints.commit) = (Instant::now(), commit);
        let sources = checkpoints.source_states(&self.sources, self.ends.as_ref());
        let checkpoint = Checkpoint {
            commit,
            time: checkpoints.time,
            catching_up: checkpoints.is_catching_up,
            preloaded: checkpoints.preloaded,
            sources,
            parts: Vec::new(),
            states: Vec::new(),
        };
        let workers = checkpoints.state.workers();
        checkpoints.rounds.begin(state.begin_checkpoint(checkpoint, workers as u64)?);
        self.control.wake_all();
        checkpoints.state.work();
        // The others have nothing to do, because no commit is open.
        while !checkpoints.rounds.have_begun(workers) && !self.control.is_abandoned() {
            std::thread::park_timeout(BEGIN_WAIT);
        }
        // Others may have woken this worker meanwhile, for example because a sink has confirmed everything.
        self.control.wake();
        Ok(())
    }

    /// Makes a checkpoint when the last commit is done, so that the next run has nothing to compute again. It is complete when all
    /// sinks have confirmed.
    pub(super) fn make_last_checkpoint(&mut self) {
        let Some(state) = self.control.persistent().cloned() else { return };
        let begin = Instant::now();
        // The open one may have the last commit already.
        self.write_all_pieces(&state);
        let commits = self.commits.get();
        let is_needed = |it: &Self| {
            let is_behind = it.checkpoints.as_ref().is_some_and(|checkpoints| commits > checkpoints.commit);
            commits > 0 && (is_behind || state.must_write_again())
        };
        if state.checkpoint_every() == Duration::MAX || !is_needed(self) {
            return;
        }
        while state.has_open_checkpoint() {
            if self.control.is_abandoned() || begin.elapsed() > LAST_PATIENCE {
                return;
            }
            self.confirm();
            self.write_for_a_while();
        }
        if let Err(error) = self.begin_checkpoint(commits) {
            return self.control.fail(error);
        }
        self.write_all_pieces(&state);
    }

    /// Waits until all workers have sent all pieces of the open checkpoint.
    fn write_all_pieces(&mut self, state: &PersistentState) {
        while !state.has_all_pieces() && !self.control.is_abandoned() {
            self.write_for_a_while();
        }
    }

    fn write_for_a_while(&mut self) {
        self.observation.heartbeat.work();
        let work = self.checkpoints.as_mut().map_or(CheckpointWork::None, |checkpoints| checkpoints.state.work());
        if work != CheckpointWork::More {
            std::thread::park_timeout(WRITE_WAIT);
        }
    }

    /// Sleeps until something happens, or for this long: unless there is something to be done for a checkpoint.
    pub(super) fn park(&mut self, wait: Option<Duration>) {
        self.state_meter.answer();
        if self.worker.peers() > 1 {
            // What rows do to operators is work, and the rest is waiting.
            self.worker.step();
        }
        self.observation.heartbeat.wait();
        self.wait(wait);
        self.observation.heartbeat.work();
    }

    fn wait(&mut self, wait: Option<Duration>) {
        let Some(checkpoints) = &mut self.checkpoints else {
            self.worker.step_or_park(wait);
            return;
        };
        let work = match checkpoints.state.work() {
            CheckpointWork::None => {
                let state = self.control.persistent();
                state.and_then(|state| checkpoints.due_in(state, self.commits.get()))
            }
            CheckpointWork::More => Some(Duration::ZERO),
            CheckpointWork::Later(wait) => Some(wait),
        };
        self.worker.step_or_park(wait.into_iter().chain(work).min());
    }
}

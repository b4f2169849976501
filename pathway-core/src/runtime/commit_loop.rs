//! The commit loop: feeds the dataflow, and decides what belongs to which commit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use timely::worker::Worker;

use super::checkpoints::Checkpoints;
use super::commit_scheduler::{CommitScheduler, Decision};
use super::lifecycle::{report_end_of_sources, report_ready};
use super::observation::Observation;
use super::recovery::Recovery;
use super::replay::Replay;
use super::source_order::SourceOrder;
use super::state_meter::StateMeter;
use super::waiting::Stop;
use crate::data::Commit;
use crate::dataflow::Progress;
use crate::persistence::{Arrival, CommitRecord, Record};
use crate::plan::{ArrivalLog, Arrived, CommitTrigger, Control, ManualCommits, SinkHandle, SourceEnds, SourceOperator};
use crate::telemetry::{Counter, PATIENCE, Span, log_span, operators_span};

/// Runs on the first worker, which has all sources: one commit after the other, each done before the next starts.
pub(super) struct CommitLoop<'a> {
    pub(super) worker: &'a mut Worker,
    pub(super) control: &'a Control,
    pub(super) observation: &'a Observation,
    pub(super) sources: Vec<Box<dyn SourceOperator>>,
    /// Tells operators which of them have ended, if they need to know.
    pub(super) ends: Option<SourceEnds>,
    /// What arrives in the open commit, if the pipeline persists or is recorded.
    pub(super) arrivals: Option<ArrivalLog>,
    pub(super) checkpoints: Option<Checkpoints>,
    /// The operators that make asynchronous calls.
    pub(super) calls: Vec<String>,
    /// Nothing new is read while one of them is full.
    pub(super) sinks: &'a [Box<dyn SinkHandle>],
    /// Seals commits, and knows when the operators are done with them.
    pub(super) progress: Box<dyn Progress>,
    /// Sinks read the time of the commit that is being sealed from here.
    pub(super) clock: Arc<Counter>,
    /// How many commits were sealed.
    pub(super) commits: Arc<Counter>,
    /// The sources know that the commits before this one are confirmed.
    pub(super) confirmed: Commit,
    /// And that the commits before this one are never computed again.
    pub(super) checkpointed: Commit,
    /// Whether the last commit was computed in this run, and is not of a checkpoint.
    pub(super) is_computed: bool,
    pub(super) state_meter: &'a mut StateMeter,
    /// The span of the open commit, if anybody wants to know.
    pub(super) span: Span,
}

impl CommitLoop<'_> {
    /// Runs until every source has ended, the recording has ended if one is replayed, or the pipeline has failed.
    ///
    /// Calls `ready` as soon as manual commits are taken.
    pub(super) fn run(self, recovery: Option<Recovery>, replay: Option<Replay>, ready: impl FnOnce()) {
        let observation = self.observation;
        observation.heartbeat.work();
        self.run_to_end(recovery, replay, ready);
        observation.heartbeat.wait();
    }

    fn run_to_end(mut self, recovery: Option<Recovery>, replay: Option<Replay>, ready: impl FnOnce()) {
        if let Some(replay) = replay {
            ready();
            return self.run_replay(replay);
        }
        let attached = Attached::new(self.manual_groups(), self.control);
        let mut ready = Some(ready);
        // The first run is ready when its log says where the sources begin.
        if recovery.as_ref().is_none_or(|recovery| !recovery.is_empty()) {
            if recovery.is_none() {
                self.control.set_started();
            }
            ready.take().into_iter().for_each(|ready| ready());
        }
        let mut scheduler = CommitScheduler::new();
        self.begin_recording();
        let recovered = recovery.map_or(Ok(true), |recovery| self.recover(recovery, &mut scheduler));
        if matches!(recovered, Ok(true)) {
            self.control.set_started();
            if !self.control.is_stopping() {
                report_ready(self.sources.len(), self.sinks.len(), self.worker.peers());
            }
        }
        ready.take().into_iter().for_each(|ready| ready());
        match recovered {
            Ok(true) => {
                self.run_preloaded(&mut scheduler);
                self.run_live(&mut scheduler, &attached.groups);
                if !self.control.is_stopping() {
                    report_end_of_sources();
                }
                self.record_ends();
                self.make_last_checkpoint();
            }
            // Stopped: the next run computes the rest. Nothing is written of a commit of which only a part has arrived.
            Ok(false) => self.control.abandon(),
            Err(error) => self.control.fail(error),
        }
        drop(attached);
        self.state_meter.measure();
        if self.control.has_failed() {
            self.sources.iter_mut().for_each(|source| source.close());
        }
    }

    /// Commits preloaded tables first. The first commits of all of them are one commit of the pipeline, and so on.
    fn run_preloaded(&mut self, scheduler: &mut CommitScheduler) {
        let has_rows = |source: &dyn SourceOperator| is_preloaded(source) && !source.is_finished();
        while self.sources.iter().any(|source| has_rows(&**source)) && !self.control.has_failed() {
            self.wait_for_sinks();
            self.send_ends();
            self.ingest_preloaded();
            self.seal(scheduler);
        }
    }

    /// Moves the next commit of each preloaded table.
    pub(super) fn ingest_preloaded(&mut self) {
        self.log_arrival(Arrival::Preloaded);
        self.sources.iter_mut().filter(|source| is_preloaded(&***source)).for_each(|source| {
            source.ingest();
        });
    }

    pub(super) fn log_arrival(&self, arrival: Arrival) {
        self.arrivals.iter().for_each(|arrivals| arrivals.add(arrival.clone()));
    }

    /// Commits what arrives, as it arrives.
    fn run_live(&mut self, scheduler: &mut CommitScheduler, groups: &[Arc<ManualCommits>]) {
        let mut order = SourceOrder::new(&self.sources);
        let mut open: Option<OpenCommit> = None;
        let mut stop: Option<Stop> = None;
        while !self.control.has_failed() {
            self.wait_for_sinks();
            self.confirm();
            if open.is_none() {
                self.begin_checkpoint_if_due();
            }
            let (manual, span) = (ManualCommits::take_first(groups), self.open_span());
            // Before the rows of others that arrive now.
            OpenCommit::add(&mut open, self.send_ends().into(), Duration::ZERO);
            let (sources, arrivals) = (&mut self.sources, self.arrivals.as_ref());
            let manual_group = manual.map(|group| &groups[group]);
            let turn = span.in_scope(|| order.ingest(sources, manual_group, self.control, arrivals, &mut open));
            if let Some(group) = manual {
                self.seal(scheduler);
                groups[group].done();
                open = None;
                continue;
            }
            match &open {
                Some(commit) => match scheduler.decide(commit.messages, commit.is_whole, self.time_left(commit)) {
                    Decision::Seal => {
                        scheduler.sealed();
                        self.seal(scheduler);
                        open = None;
                    }
                    Decision::Wait(wait) => self.park(Some(turn.unwrap_or(wait).min(wait))),
                },
                None if self.is_finished(groups) => break,
                None => {
                    let wait = self.control.is_stopping().then_some(PATIENCE);
                    self.park(turn.or(wait));
                    if self.control.is_stopping() {
                        stop.get_or_insert_default().report(&self.sources);
                    }
                }
            }
        }
    }

    /// The groups of sources with manual commits, each once.
    fn manual_groups(&self) -> Vec<Arc<ManualCommits>> {
        let mut groups = Vec::<Arc<ManualCommits>>::new();
        for source in &self.sources {
            if let CommitTrigger::Manual(group) = source.trigger()
                && !groups.iter().any(|known| Arc::ptr_eq(known, &group))
            {
                groups.push(group);
            }
        }
        groups
    }

    /// Tells operators which sources have ended. Returns whether any has.
    pub(super) fn send_ends(&mut self) -> bool {
        // Sources that end because the pipeline stops would have sent more.
        let ends = self.ends.as_mut().filter(|_| !self.control.is_stopping());
        let ended = ends.map_or(Vec::new(), |ends| ends.send(&self.sources));
        if !ended.is_empty() {
            self.log_arrival(Arrival::Ended(ended.iter().map(|source| *source as u32).collect()));
        }
        !ended.is_empty()
    }

    /// How long the open commit may still wait. A pipeline that stops does not wait.
    fn time_left(&self, open: &OpenCommit) -> Duration {
        if self.control.is_stopping() { Duration::ZERO } else { open.due.saturating_duration_since(Instant::now()) }
    }

    /// Whether nothing more follows. A pipeline that stops takes only manual commits that are sealed already.
    fn is_finished(&self, groups: &[Arc<ManualCommits>]) -> bool {
        let stopping = self.control.is_stopping();
        let is_finished = |source: &dyn SourceOperator| match source.trigger() {
            CommitTrigger::Manual(_) if stopping => true,
            _ => source.is_finished(),
        };
        self.sources.iter().all(|source| is_finished(&**source)) && !groups.iter().any(|group| group.is_waiting())
    }

    /// Seals the open commit, and returns when the dataflow is done with it.
    fn seal(&mut self, scheduler: &mut CommitScheduler) {
        let span = self.take_span();
        span.in_scope(|| self.seal_in(scheduler, &span));
    }

    fn seal_in(&mut self, scheduler: &mut CommitScheduler, span: &Span) {
        let time = scheduler.next_time();
        let mut sealed = self.begin_commit();
        span.record("rows", sealed.rows);
        span.record("time", time);
        if let (Some(arrivals), Some(state)) = (&self.arrivals, self.control.persistent()) {
            let (commit, confirmed) = (self.commits.get(), self.confirmed.max(state.confirmed()));
            let output_before = self.is_computed.then(|| self.take_output());
            let record = CommitRecord { commit, time, confirmed, output_before, arrivals: arrivals.take() };
            self.checkpoints.iter_mut().for_each(|checkpoints| checkpoints.sealed(time, &record.arrivals));
            // Without the record, nothing of the commit may be written.
            let appended = log_span().in_scope(|| state.append(Record::Commit(record)));
            if let Err(error) = appended {
                return self.control.fail(error);
            }
        }
        if let Some(recorder) = self.control.recorder() {
            self.record_ends();
            recorder.commit(time);
        }
        if self.arrivals.is_some() {
            sealed.at = Instant::now();
        }
        self.seal_at(time, Some(sealed));
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.state.work();
        }
    }

    /// Measures the open commit, which is about to be sealed.
    pub(super) fn begin_commit(&mut self) -> Sealed {
        let (arrived, at) = (self.take_arrived(), Instant::now());
        self.control.latencies().sealed(arrived.messages, arrived.first, at);
        Sealed { arrived: arrived.first, rows: arrived.messages, at }
    }

    /// What belongs to the open commit.
    fn take_arrived(&mut self) -> Arrived {
        let mut arrived = Arrived::default();
        self.sources.iter_mut().for_each(|source| arrived.add_all(source.take_arrived()));
        arrived
    }

    /// Seals the open commit, with this `time`. `sealed` is `None` if an earlier run has computed it.
    pub(super) fn seal_at(&mut self, time: u64, sealed: Option<Sealed>) {
        self.observation.heartbeat.work();
        self.clock.set(time);
        self.is_computed = true;
        let next = self.commits.get() + 1;
        self.commits.set(next);
        self.sources.iter_mut().for_each(|source| source.advance(next));
        self.control.others().into_iter().for_each(|others| others.seal(next - 1, time));
        let operators = sealed.is_some().then(operators_span);
        self.progress.seal(next - 1);
        // They may take as long as they are allowed to.
        let awaits_answers = !self.calls.is_empty();
        while !self.progress.is_complete_before(next) && !self.control.has_failed() {
            if awaits_answers {
                self.observation.heartbeat.wait();
            }
            self.worker.step_or_park(None);
        }
        drop(operators);
        self.control.set_open_commit(next);
        let end = Instant::now();
        match sealed {
            Some(Sealed { arrived, at, .. }) => self.control.latencies().computed(next - 1, end - at, arrived, end),
            None => {
                self.take_arrived();
                self.control.latencies().recomputed(next - 1, end);
            }
        }
        self.state_meter.answer();
        self.observation.heartbeat.work();
    }

    /// The digests of what the last commit has written, by the numbers of the sinks that it has written into.
    pub(super) fn take_output(&self) -> Vec<(u32, u32)> {
        let digests = (0..).zip(self.sinks).map(|(number, sink)| Some((number, sink.take_output()?)));
        digests.flatten().collect()
    }

    /// Reads nothing while a sink is full. A pipeline that stops has little left to read, and goes on.
    pub(super) fn wait_for_sinks(&mut self) {
        while self.sinks.iter().any(|sink| sink.is_full()) && !self.control.is_stopping() {
            self.confirm();
            self.park(None);
        }
    }

    /// Tells the sources which commits are confirmed by all sinks.
    pub(super) fn confirm(&mut self) {
        let sealed = self.commits.get();
        let before = self.sinks.iter().filter_map(|sink| sink.oldest_unconfirmed()).min().unwrap_or(sealed);
        let state = self.control.persistent();
        let checkpointed = state.map_or(before, |state| state.checkpointed().min(before));
        if before > self.confirmed {
            self.confirmed = before;
            state.into_iter().for_each(|state| state.set_all_confirmed(before));
        } else if checkpointed <= self.checkpointed {
            return;
        }
        self.checkpointed = checkpointed;
        self.sources.iter_mut().for_each(|source| source.confirm(before, checkpointed));
    }
}

/// A commit that the operators are about to complete.
pub(super) struct Sealed {
    /// When its first message has arrived, if it is known.
    arrived: Option<Instant>,
    rows: u64,
    /// Since when they do.
    at: Instant,
}

pub(super) fn is_preloaded(source: &dyn SourceOperator) -> bool {
    matches!(source.trigger(), CommitTrigger::Preloaded)
}

/// Groups whose owners wait until their commits are done. They are released also when the worker panics.
struct Attached {
    groups: Vec<Arc<ManualCommits>>,
}

impl Attached {
    fn new(groups: Vec<Arc<ManualCommits>>, control: &Control) -> Self {
        groups.iter().for_each(|group| group.attach(Some(control.clone())));
        Attached { groups }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.groups.iter().for_each(|group| group.attach(None));
    }
}

/// The open commit.
pub(super) struct OpenCommit {
    /// How many messages it has.
    messages: usize,
    /// When it is sealed at the latest.
    due: Instant,
    /// It has a commit of a source that says what belongs to its commits: waiting would not make it larger.
    is_whole: bool,
}

impl OpenCommit {
    /// Waiting does not make it larger.
    pub(super) fn set_whole(&mut self) {
        self.is_whole = true;
    }

    /// Adds messages, which may wait for `every`. The first ones open the commit.
    pub(super) fn add(open: &mut Option<OpenCommit>, messages: usize, every: Duration) {
        if messages > 0 {
            let due = Instant::now() + every;
            let open = open.get_or_insert(OpenCommit { messages: 0, due, is_whole: false });
            open.messages += messages;
            open.due = open.due.min(due);
        }
    }
}

//! The conductor: feeds the dataflow, and decides what belongs to which commit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use timely::worker::Worker;

use super::commit_scheduler::{CommitScheduler, Decision};
use crate::connector::sink::Outbox;
use crate::data::Commit;
use crate::dataflow::Progress;
use crate::plan::Control;
use crate::plan::ManualCommits;
use crate::plan::{CommitTrigger, SourceOperator};
use crate::telemetry::Counter;

/// Runs on the first worker, which has all sources: one commit after the other, each through before the next.
pub(super) struct CommitLoop<'a> {
    pub(super) worker: &'a mut Worker,
    pub(super) control: &'a Control,
    pub(super) pumps: Vec<Box<dyn SourceOperator>>,
    /// Seals commits, and tells when the operators have worked them off.
    pub(super) progress: Progress,
    /// Where sinks read the time of the commit that is being sealed.
    pub(super) clock: Arc<Counter>,
    /// Where the sinks' messages wait. While one is full, nothing new is read.
    pub(super) outboxes: Vec<Arc<Outbox>>,
    /// Commits that were sealed.
    pub(super) commits: Arc<Counter>,
    /// The commits before this one are through, and were settled with the sources.
    pub(super) settled: Commit,
}

impl CommitLoop<'_> {
    /// Conducts until every source has ended, or the pipeline has failed.
    ///
    /// `ready` is called when commits that somebody else seals will be waited for.
    pub(super) fn conduct(mut self, ready: impl FnOnce()) {
        let groups = self.told_groups();
        let attached = Attached::new(groups, self.control);
        ready();
        let mut pacer = CommitScheduler::new();
        self.play_given(&mut pacer);
        self.play_live(&mut pacer, &attached.groups);
        drop(attached);
        if self.control.has_failed() {
            self.pumps.iter_mut().for_each(|pump| pump.close());
        }
    }

    /// First what is given: its first commits are one commit of the pipeline, and so on.
    fn play_given(&mut self, pacer: &mut CommitScheduler) {
        let is_given = |pump: &dyn SourceOperator| matches!(pump.pace(), CommitTrigger::Preloaded);
        while self.pumps.iter().any(|pump| is_given(&**pump) && !pump.is_finished()) && !self.control.has_failed() {
            self.wait_for_sinks();
            self.pumps.iter_mut().filter(|pump| is_given(&***pump)).for_each(|pump| {
                pump.pump();
            });
            self.seal(pacer);
        }
    }

    /// Then what comes, as it comes.
    fn play_live(&mut self, pacer: &mut CommitScheduler, groups: &[Arc<ManualCommits>]) {
        let mut open: Option<Open> = None;
        while !self.control.has_failed() {
            self.wait_for_sinks();
            self.settle();
            let told = ManualCommits::take_first(groups);
            self.pump(told.map(|group| &groups[group]), &mut open);
            if let Some(group) = told {
                self.seal(pacer);
                groups[group].done();
                open = None;
                continue;
            }
            match &open {
                Some(commit) => match pacer.verdict(commit.messages, self.patience(commit)) {
                    Decision::Seal => {
                        self.seal(pacer);
                        open = None;
                    }
                    Decision::Wait(wait) => {
                        self.worker.step_or_park(Some(wait));
                    }
                },
                None if self.is_finished(groups) => break,
                None => {
                    self.worker.step_or_park(None);
                }
            }
        }
    }

    /// The groups of sources whose commits somebody else seals, each once.
    fn told_groups(&self) -> Vec<Arc<ManualCommits>> {
        let mut groups = Vec::<Arc<ManualCommits>>::new();
        for pump in &self.pumps {
            if let CommitTrigger::Manual(group) = pump.pace()
                && !groups.iter().any(|known| Arc::ptr_eq(known, &group))
            {
                groups.push(group);
            }
        }
        groups
    }

    /// Moves what waits into the open commit: of all sources on the pipeline's clock, and of one told group.
    fn pump(&mut self, told: Option<&Arc<ManualCommits>>, open: &mut Option<Open>) {
        for pump in &mut self.pumps {
            let every = match (pump.pace(), told) {
                (CommitTrigger::Scheduled(every), _) => every,
                (CommitTrigger::Manual(group), Some(told)) if Arc::ptr_eq(&group, told) => Duration::ZERO,
                _ => continue,
            };
            let taken = pump.pump();
            if taken > 0 {
                let due = Instant::now() + every;
                let open = open.get_or_insert(Open { messages: 0, due });
                open.messages += taken;
                open.due = open.due.min(due);
            }
        }
    }

    /// How long the open commit may still wait. A pipeline that stops waits for nothing.
    fn patience(&self, open: &Open) -> Duration {
        if self.control.is_stopping() { Duration::ZERO } else { open.due.saturating_duration_since(Instant::now()) }
    }

    /// Whether nothing more will come. Of a pipeline that stops, only sealed commits are still taken.
    fn is_finished(&self, groups: &[Arc<ManualCommits>]) -> bool {
        let stopping = self.control.is_stopping();
        let is_finished = |pump: &dyn SourceOperator| match pump.pace() {
            CommitTrigger::Manual(_) if stopping => true,
            _ => pump.is_finished(),
        };
        self.pumps.iter().all(|pump| is_finished(&**pump)) && !groups.iter().any(|group| group.is_waiting())
    }

    /// Seals the open commit, and returns when the dataflow has worked it off.
    fn seal(&mut self, pacer: &mut CommitScheduler) {
        self.clock.set(pacer.stamp());
        let next = self.commits.get() + 1;
        self.commits.set(next);
        self.pumps.iter_mut().for_each(|pump| pump.advance(next));
        self.progress.seal(next - 1);
        while !self.progress.is_before(next) && !self.control.has_failed() {
            self.worker.step_or_park(None);
        }
    }

    /// Reads no more while a sink's messages pile up. A pipeline that stops has little left to read, and goes on.
    fn wait_for_sinks(&mut self) {
        while self.outboxes.iter().any(|outbox| outbox.is_full()) && !self.control.is_stopping() {
            self.settle();
            self.worker.step_or_park(None);
        }
    }

    /// Tells the sources which commits are through, with all that they wrote confirmed.
    fn settle(&mut self) {
        let sealed = self.commits.get();
        let before = self.outboxes.iter().filter_map(|outbox| outbox.oldest_unconfirmed()).min().unwrap_or(sealed);
        if before > self.settled {
            self.settled = before;
            self.pumps.iter_mut().for_each(|pump| pump.settle(before));
        }
    }
}

/// Groups whose commits are waited for by those who seal them. Also when the worker panics, they are let go.
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
struct Open {
    /// How many messages it has.
    messages: usize,
    /// When it is to be sealed at the latest.
    due: Instant,
}

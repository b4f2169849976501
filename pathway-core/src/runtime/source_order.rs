//! In which order the sources' messages are taken: what a bucket has at the start before the messages of others, the backlogs of
//! streams merged by the times at which they were stored, and everything else as it arrives.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::commit_loop::OpenCommit;
use super::lifecycle::CatchUp;
use super::merge::{Candidate, Merge, Next, PATIENCE, Wait};
use crate::plan::{ArrivalLog, Backlog, CommitTrigger, Control, ManualCommits, SourceOperator};
use crate::telemetry::{Level, report};

/// How many messages of merged backlogs are moved before the commit loop decides again.
const MAX_MESSAGES: usize = 64 * 1024;
/// How long it may take.
const MAX_TIME: Duration = Duration::from_millis(10);

type Sources = [Box<dyn SourceOperator>];

/// In which order messages are taken. Once all buckets have their first contents, and while no source is behind, or only one
/// reads a stream, they are taken as they arrive.
pub(super) struct SourceOrder {
    /// The sources whose rows of the start are incomplete, and how long the others have waited for them.
    snapshots: Vec<(usize, Wait)>,
    /// The sources that can have a backlog.
    stored: Vec<usize>,
    /// Those whose backlogs are merged: none, or at least two.
    merged: Vec<usize>,
    merge: Merge,
    candidates: Vec<Candidate>,
    catch_up: CatchUp,
}

impl SourceOrder {
    pub(super) fn new(sources: &Sources) -> Self {
        let numbers = |is: fn(&dyn SourceOperator) -> bool| {
            let all = sources.iter().enumerate().filter(move |(_, source)| is(&***source));
            all.map(|(number, _)| number)
        };
        let stored: Vec<usize> = numbers(|source| source.backlog().is_some()).collect();
        let merged = if stored.len() < 2 { Vec::new() } else { stored.clone() };
        SourceOrder {
            snapshots: numbers(|source| source.awaits_snapshot()).map(|number| (number, Wait::default())).collect(),
            merge: Merge::new(merged.len()),
            candidates: Vec::with_capacity(merged.len()),
            merged,
            stored,
            catch_up: CatchUp::default(),
        }
    }

    /// Moves what waits into the open commit: of all scheduled sources, and of one group with manual commits. Returns after what
    /// time more can be moved although nothing arrives.
    pub(super) fn ingest(
        &mut self,
        sources: &mut Sources,
        manual: Option<&Arc<ManualCommits>>,
        control: &Control,
        arrivals: Option<&ArrivalLog>,
        open: &mut Option<OpenCommit>,
    ) -> Option<Duration> {
        let held_back = self.take_snapshots(sources, control, open);
        let has_backlog = self.has_backlog(sources);
        control.set_catching_up(has_backlog);
        self.catch_up.observe(has_backlog);
        arrivals.into_iter().for_each(|arrivals| arrivals.set_catching_up(has_backlog));
        let is_merging = has_backlog && !self.merged.is_empty();
        let mut has_more = false;
        for (number, source) in sources.iter_mut().enumerate() {
            let every = match (source.trigger(), manual) {
                (CommitTrigger::Scheduled(every), _) => every,
                (CommitTrigger::Manual(group), Some(manual)) if Arc::ptr_eq(&group, manual) => Duration::ZERO,
                _ => continue,
            };
            let is_held_back = held_back.is_some() && source.can_wait();
            if !(is_held_back || is_merging && self.merged.contains(&number)) {
                let taken = source.ingest();
                OpenCommit::add(open, taken, every);
                if taken > 0 && source.has_own_commits() {
                    open.iter_mut().for_each(OpenCommit::set_whole);
                }
                has_more |= source.has_more();
            }
        }
        let turn = match is_merging && held_back.is_none() {
            true => self.take_merged(sources, control, open),
            false => held_back,
        };
        if has_more { Some(Duration::ZERO) } else { turn }
    }

    /// Moves what sources have at the start. Returns how long messages may still wait for it, if they must.
    fn take_snapshots(
        &mut self,
        sources: &mut Sources,
        control: &Control,
        open: &mut Option<OpenCommit>,
    ) -> Option<Duration> {
        if self.snapshots.is_empty() {
            return None;
        }
        let now = Instant::now();
        let is_anybody_waiting = sources.iter().any(|source| source.can_wait());
        let mut left: Option<Duration> = None;
        self.snapshots.retain_mut(|(number, wait)| {
            let source = &mut sources[*number];
            let taken = ingest(&mut **source, open, |source| source.ingest());
            if taken > 0 {
                wait.end();
            }
            if control.is_stopping() || !source.awaits_snapshot() {
                return false;
            }
            let Some(wait) = wait.left(now) else {
                let seconds = PATIENCE.as_secs();
                let message = format_args!(
                    "its first contents are incomplete, and nothing has arrived for {seconds} s: messages of other sources \
                     are processed without them"
                );
                if is_anybody_waiting {
                    report(Level::Warn, source.name(), message);
                }
                return false;
            };
            left = Some(left.unwrap_or(wait).min(wait));
            true
        });
        left
    }

    /// Whether there is a backlog.
    fn has_backlog(&self, sources: &Sources) -> bool {
        self.stored.iter().any(|number| !matches!(sources[*number].backlog(), None | Some(Backlog::Done)))
    }

    /// Moves messages of the merged sources, as long as it is known which one was stored first.
    fn take_merged(
        &mut self,
        sources: &mut Sources,
        control: &Control,
        open: &mut Option<OpenCommit>,
    ) -> Option<Duration> {
        let (begin, mut moved) = (Instant::now(), 0);
        while moved < MAX_MESSAGES && begin.elapsed() < MAX_TIME && !control.has_failed() {
            let is_stopping = control.is_stopping();
            self.candidates.clear();
            self.candidates.extend(self.merged.iter().map(|number| {
                let source = &mut sources[*number];
                // In this order: all messages of a backlog that has arrived can be seen.
                let backlog = match source.backlog() {
                    // Nothing more arrives.
                    Some(Backlog::Arriving) if is_stopping => Backlog::Queued,
                    backlog => backlog.unwrap_or(Backlog::Done),
                };
                Candidate { backlog, stored: source.next_stored() }
            }));
            match self.merge.next(&self.candidates, Instant::now) {
                Next::Nothing => return None,
                Next::Wait(left) => return Some(left),
                Next::GiveUp { source } => {
                    let seconds = PATIENCE.as_secs();
                    let message = format_args!(
                        "it is behind, and has delivered nothing for {seconds} s: messages of other streams are processed \
                         without waiting for older ones of this source"
                    );
                    report(Level::Warn, sources[self.merged[source]].name(), message);
                }
                Next::Take { source, until } => {
                    let source = &mut *sources[self.merged[source]];
                    moved += ingest(source, open, |source| source.ingest_until(until)).max(1);
                }
            }
        }
        Some(Duration::ZERO)
    }
}

/// Moves messages of a scheduled source into the open commit, and returns how many.
fn ingest(
    source: &mut dyn SourceOperator,
    open: &mut Option<OpenCommit>,
    ingest: impl FnOnce(&mut dyn SourceOperator) -> usize,
) -> usize {
    let taken = ingest(source);
    if let CommitTrigger::Scheduled(every) = source.trigger() {
        OpenCommit::add(open, taken, every);
    }
    taken
}

#[cfg(test)]
mod tests;

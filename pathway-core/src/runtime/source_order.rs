//! In which order the sources' messages are taken: the backlogs of streams merged by the times at which they were stored, and
//! everything else as it arrives.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::commit_loop::OpenCommit;
use super::merge::{Candidate, Merge, Next, PATIENCE};
use crate::plan::{Backlog, CommitTrigger, Control, ManualCommits, SourceOperator};
use crate::telemetry::{Level, report};

/// How many messages of merged backlogs are moved before the commit loop decides again.
const MAX_MESSAGES: usize = 64 * 1024;
/// How long it may take.
const MAX_TIME: Duration = Duration::from_millis(10);

type Sources = [Box<dyn SourceOperator>];

/// In which order messages are taken. While no source is behind, or only one reads a stream, they are taken as they arrive.
pub(super) struct SourceOrder {
    /// The sources whose backlogs are merged: none, or at least two.
    merged: Vec<usize>,
    merge: Merge,
    candidates: Vec<Candidate>,
}

impl SourceOrder {
    pub(super) fn new(sources: &Sources) -> Self {
        let stored = sources.iter().enumerate().filter(|(_, source)| source.backlog().is_some());
        let mut merged: Vec<usize> = stored.map(|(number, _)| number).collect();
        if merged.len() < 2 {
            merged.clear();
        }
        SourceOrder { merge: Merge::new(merged.len()), candidates: Vec::with_capacity(merged.len()), merged }
    }

    /// Moves what waits into the open commit: of all scheduled sources, and of one group with manual commits. Returns after what
    /// time more can be moved although nothing arrives.
    pub(super) fn ingest(
        &mut self,
        sources: &mut Sources,
        manual: Option<&Arc<ManualCommits>>,
        control: &Control,
        open: &mut Option<OpenCommit>,
    ) -> Option<Duration> {
        let is_merging = self.is_merging(sources);
        for (number, source) in sources.iter_mut().enumerate() {
            let every = match (source.trigger(), manual) {
                (CommitTrigger::Scheduled(every), _) => every,
                (CommitTrigger::Manual(group), Some(manual)) if Arc::ptr_eq(&group, manual) => Duration::ZERO,
                _ => continue,
            };
            if !(is_merging && self.merged.contains(&number)) {
                OpenCommit::add(open, source.ingest(), every);
            }
        }
        if is_merging { self.take_merged(sources, control, open) } else { None }
    }

    /// Whether there is a backlog.
    fn is_merging(&self, sources: &Sources) -> bool {
        self.merged.iter().any(|number| !matches!(sources[*number].backlog(), None | Some(Backlog::Done)))
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
                    let source = &mut sources[self.merged[source]];
                    let taken = source.ingest_until(until);
                    if let CommitTrigger::Scheduled(every) = source.trigger() {
                        OpenCommit::add(open, taken, every);
                    }
                    moved += taken.max(1);
                }
            }
        }
        Some(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests;

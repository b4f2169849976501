//! How a pipeline that persists continues: it computes the commits of its log again, from the same messages.

use std::time::Instant;

use super::commit_loop::{CommitLoop, is_preloaded};
use super::commit_scheduler::CommitScheduler;
use crate::data::{Commit, Error, ErrorKind, Result};
use crate::persistence::{
    Arrival, Checkpoint, CommitRecord, Expected, Identity, Record, Records, SourceStart, is_not_as_before,
};
use crate::plan::{Backlog, Control, Declaration, Replay};
use crate::telemetry::{Level, report};

/// The log of earlier runs.
pub(super) struct Recovery {
    records: Records,
    /// How many commits it has.
    commits: u64,
    /// When it was opened.
    opened: Instant,
}

impl Recovery {
    /// Opens the directory of a pipeline, if it has one, before its sources and sinks start: says where they begin.
    ///
    /// # Errors
    /// The directory is of another pipeline or cannot be used, or the pipeline has sources whose messages cannot be read again.
    pub(super) fn open(name: &str, declaration: &mut Declaration, control: &Control) -> Result<Option<Self>> {
        let Some(persistence) = declaration.persistence.take() else { return Ok(None) };
        let (opened_at, sources) = (Instant::now(), &declaration.connectors.sources);
        let unreadable = sources.iter().filter(|source| source.replay() == Replay::Never);
        let reasons: Vec<String> = unreadable
            .map(|source| format!("the messages of the source `{}` cannot be read again", source.stats().name))
            .collect();
        if !reasons.is_empty() {
            let message = format!(
                "the pipeline cannot persist: {}\n\
                 streams must have no `received_at` columns; put a stream in front of other inputs, or leave `persist` out",
                reasons.join("; ")
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        let program = std::mem::take(&mut declaration.program);
        let opened = persistence.open(Identity { pipeline: name.to_owned(), program })?;
        for begun in opened.start.iter().flatten() {
            let source = declaration.connectors.sources.iter().find(|source| source.stats().name == begun.name);
            source.into_iter().for_each(|source| source.replay_from(begun.next, begun.stored));
        }
        for (number, position) in &opened.positions {
            let name = opened.start.iter().flatten().nth(*number as usize).map(|begun| &begun.name);
            let source = declaration.connectors.sources.iter().find(|source| Some(&source.stats().name) == name);
            source.into_iter().for_each(|source| source.resume_after(position));
        }
        for (number, messages) in opened.messages {
            let name = opened.start.iter().flatten().nth(number as usize).map(|begun| &begun.name);
            let source = declaration.connectors.sources.iter().find(|source| Some(&source.stats().name) == name);
            source.into_iter().for_each(|source| source.continue_acknowledging(messages.clone()));
        }
        let (commits, confirmed) = (opened.state.commits(), opened.state.confirmed());
        declaration.connectors.sinks.iter().filter(|sink| !sink.resumes()).for_each(|sink| sink.skip_before(confirmed));
        control.set_persistent(opened.state);
        Ok(Some(Recovery { records: opened.records, commits, opened: opened_at }))
    }

    /// Whether there is no commit to compute again.
    pub(super) fn is_empty(&self) -> bool {
        self.commits == 0
    }
}

impl CommitLoop<'_> {
    /// Computes the commits of the log again. Returns false if the pipeline was stopped meanwhile.
    ///
    /// # Errors
    /// The log cannot be read or written, or its messages are gone.
    pub(super) fn recover(&mut self, recovery: Recovery, scheduler: &mut CommitScheduler) -> Result<bool> {
        let (Some(arrivals), Some(state)) = (self.arrivals.clone(), self.control.persistent()) else { return Ok(true) };
        let (Recovery { mut records, opened, .. }, begin) = (recovery, Instant::now());
        if self.control.is_stopping() {
            // Its sources may not have started.
            return Ok(false);
        }
        let starts = self.starts();
        let mut has_start = false;
        arrivals.set_replaying(true);
        self.checkpoints.iter_mut().for_each(|checkpoints| checkpoints.set_sources(starts.clone()));
        if let Some(checkpoint) = state.checkpoint() {
            self.continue_behind(checkpoint);
            scheduler.continue_after(checkpoint.time);
        }
        while let Some(record) = records.next()? {
            match record {
                Record::Start(mut before) => {
                    state.rename_sources(&mut before);
                    check_starts(&before, &starts)?;
                    has_start = true;
                }
                Record::Commit(record) => {
                    self.wait_for_sinks();
                    arrivals.set_confirmed(record.commit < state.confirmed());
                    let output = records.output()?;
                    self.expect_output(output.as_deref());
                    if !self.replay(&record)? {
                        return Ok(false);
                    }
                    self.checkpoints.iter_mut().for_each(|it| it.sealed(record.time, &record.arrivals));
                    self.control.recorder().into_iter().for_each(|recorder| recorder.commit(record.time));
                    self.seal_at(record.time, None);
                    state.meter().replayed_commits.add(1);
                    self.check_output(record.commit, output.as_deref())?;
                    scheduler.continue_after(record.time);
                }
                Record::Confirmed(_) | Record::Refused(_) | Record::Answers(_) => {}
            }
        }
        self.expect_output(None);
        arrivals.set_confirmed(false);
        arrivals.set_replaying(false);
        state.forget_answers();
        let adopted = self.checkpoints.as_mut().filter(|_| state.must_adopt());
        match adopted {
            Some(checkpoints) => state.adopt_program(checkpoints.source_states(&self.sources, self.ends.as_ref()))?,
            None if !has_start => state.append_now(&Record::Start(starts))?,
            None => {}
        }
        let restore = opened.elapsed().as_nanos();
        state.meter().restore_nanos.set(u64::try_from(restore).unwrap_or(u64::MAX - 1));
        if self.commits.get() > 0 {
            self.report_recovery(state.checkpoint(), begin);
        }
        Ok(true)
    }

    /// Says where the pipeline goes on.
    fn report_recovery(&self, checkpoint: Option<&Checkpoint>, begin: Instant) {
        let first = checkpoint.map_or(0, |checkpoint| checkpoint.commit);
        let computed = self.commits.get() - first;
        let from = match checkpoint {
            Some(Checkpoint { parts, .. }) => {
                let bytes: u64 = parts.iter().map(|part| part.bytes).sum();
                format!("the checkpoint before commit {first} was loaded ({} files, {bytes} bytes), ", parts.len())
            }
            None => String::new(),
        };
        let seconds = begin.elapsed().as_secs_f32();
        let message = format_args!("{from}{computed} commits behind it were computed again in {seconds:.1} s");
        report(Level::Info, "persistence", message);
        let Some(checkpoints) = &self.checkpoints else { return };
        for ((start, position), source) in checkpoints.positions().zip(&self.sources) {
            let place = match position {
                _ if source.awaits_snapshot() => "with what its bucket holds now".to_owned(),
                [] if start.created.is_empty() => continue,
                [] => format!("at sequence {} of the stream that was created {}", start.next, start.created),
                _ => "behind the position in the log".to_owned(),
            };
            report(Level::Info, &start.name, format_args!("continues {place}"));
        }
    }

    /// The state of the operators is that of a checkpoint: the other parts of the pipeline follow.
    fn continue_behind(&mut self, checkpoint: &Checkpoint) {
        self.set_catching_up(checkpoint.catching_up);
        let mut ended = Vec::new();
        let state = self.control.persistent();
        // A source that is read again goes on, even if what was made of its rows is lost.
        let is_rebuilt = |name: &str| state.is_some_and(|state| state.is_rebuilt(name));
        let mut begin_anew = Vec::new();
        for (number, source) in self.sources.iter_mut().enumerate() {
            // A changed program can have others.
            let before = checkpoint.sources.iter().find(|before| *before.start.name == **source.name());
            let Some(before) = before else { continue };
            if is_preloaded(&**source) {
                if is_rebuilt(source.name()) {
                    begin_anew.push(source.name().to_string());
                    continue;
                }
                let had = checkpoint.preloaded.saturating_sub(before.preloaded_before);
                (0..had).for_each(|_| source.discard());
            }
            ended.extend(before.has_ended.then_some(number));
        }
        self.ends.iter_mut().for_each(|ends| ends.leave_out(ended.clone()));
        let begins_anew = |name: &str| begin_anew.iter().any(|other| other == name);
        self.checkpoints.iter_mut().for_each(|checkpoints| checkpoints.continue_behind(checkpoint, begins_anew));
        self.commits.set(checkpoint.commit);
        self.control.set_open_commit(checkpoint.commit);
        self.sources.iter_mut().for_each(|source| source.advance(checkpoint.commit));
        self.progress.start_at(checkpoint.commit);
    }

    fn set_catching_up(&mut self, is_catching_up: bool) {
        self.control.set_catching_up(is_catching_up);
        self.arrivals.iter().for_each(|arrivals| arrivals.set_catching_up(is_catching_up));
    }

    /// Tells the sinks what the next commit is to write; `None` if it is not known.
    fn expect_output(&self, output: Option<&[(u32, u32)]>) {
        for (number, sink) in (0..).zip(self.sinks) {
            let digest =
                |output: &[(u32, u32)]| output.iter().find(|(sink, _)| *sink == number).map(|(_, digest)| *digest);
            sink.expect_output(match output.map(digest) {
                None => Expected::Anything,
                Some(None) => Expected::Nothing,
                Some(Some(digest)) => Expected::Digest(digest),
            });
        }
    }

    /// Checks that a commit has written into the sinks into which it wrote before. Each of them has checked what that is.
    fn check_output(&self, commit: Commit, output: Option<&[(u32, u32)]>) -> Result<()> {
        let Some(output) = output else { return Ok(()) };
        let written = self.take_output();
        let missing = output.iter().find(|(sink, _)| written.iter().all(|(number, _)| number != sink));
        let sink = missing.and_then(|(sink, _)| self.sinks.get(*sink as usize));
        match sink {
            Some(sink) if !self.control.has_failed() => Err(is_not_as_before(&sink.stats().name, commit)),
            _ => Ok(()),
        }
    }

    /// Where the sources have begun.
    fn starts(&self) -> Vec<SourceStart> {
        let start = |source: &dyn crate::plan::SourceOperator| {
            let (next, created) = source.started_at().unwrap_or_default();
            SourceStart { name: source.name().to_string(), next, stored: 0, created }
        };
        self.sources.iter().map(|source| start(&**source)).collect()
    }

    /// Moves what belongs to a commit. Returns whether all of it has arrived, which it has not if the pipeline is stopped.
    fn replay(&mut self, record: &CommitRecord) -> Result<bool> {
        for arrival in &record.arrivals {
            match arrival {
                Arrival::Preloaded => self.ingest_preloaded(),
                Arrival::CatchingUp(is_catching_up) => self.set_catching_up(*is_catching_up),
                Arrival::Ended(sources) => {
                    let ended: Vec<_> = sources.iter().map(|source| *source as usize).collect();
                    self.ends.iter_mut().for_each(|ends| ends.send_of(&ended));
                    self.log_arrival(arrival.clone());
                }
                Arrival::Logged { source, values, .. } => {
                    let replayed = self.sources.get_mut(*source as usize).map(|source| source.replay_logged(values));
                    if let Some(Err(error)) = replayed {
                        let name = self.sources.get(*source as usize).map_or("", |source| source.name());
                        let message = format!(
                            "commit {} of the log has values of the source `{name}` that cannot be read: {error}; perhaps its \
                             row has other columns now: run the earlier program, or begin anew with another directory",
                            record.commit
                        );
                        return Err(Error::new(ErrorKind::Persistence, message));
                    }
                }
                Arrival::SnapshotEnd(source) => {
                    let source = self.sources.get_mut(*source as usize);
                    source.into_iter().for_each(|source| source.replay_snapshot_end());
                    self.log_arrival(arrival.clone());
                }
                Arrival::Messages { source, count, last, stored } => {
                    if !self.replay_messages(record.commit, *source as usize, *count, (*last, *stored), false)? {
                        return Ok(false);
                    }
                }
                Arrival::Sequences { source, sequences } => {
                    let (count, last) = (sequences.count(), sequences.last().unwrap_or_default());
                    if !self.replay_messages(record.commit, *source as usize, count, (last, 0), true)? {
                        return Ok(false);
                    }
                }
            }
        }
        // Sources that end because of a stop have not ended in the log.
        Ok(!self.control.is_stopping())
    }

    /// Moves as many messages of a source, up to the sequence `last`, of which it may be known when it was stored.
    /// `are_acknowledged` says how they were read.
    fn replay_messages(
        &mut self,
        commit: u64,
        source: usize,
        count: u64,
        (last, stored): (u64, i64),
        are_acknowledged: bool,
    ) -> Result<bool> {
        let (mut left, mut position) = (count, None);
        while left > 0 {
            let Some(source) = self.sources.get_mut(source) else {
                return Err(lost(commit, "a source", "is not there any more".to_owned()));
            };
            if self.control.is_stopping() || self.control.has_failed() {
                return Ok(false);
            }
            if source.acknowledged().is_some() != are_acknowledged {
                let [before, now] = [are_acknowledged, !are_acknowledged].map(|is| if is { "with" } else { "without" });
                let what = format!("has read its stream {before} acknowledgements, and reads it {now} them now");
                return Err(lost(commit, source.name(), what));
            }
            let (moved, at) = source.replay(left);
            (left, position) = (left - moved, at.or(position));
            // Such a source fails by itself if a message is gone, and its messages have any order.
            if !are_acknowledged && position.is_some_and(|(position, _)| position > last) {
                break;
            }
            if moved > 0 {
                continue;
            }
            if !are_acknowledged && source.backlog() == Some(Backlog::Done) {
                // Nothing more is stored.
                break;
            }
            self.worker.step_or_park(None);
        }
        let name = self.sources.get(source).map_or("", |source| source.name());
        if let Some((position, found)) = position.filter(|(position, _)| *position == last && left == 0) {
            if stored == 0 || found == 0 || stored == found {
                return Ok(true);
            }
            let what = format!("has another message with the sequence {position} than the one that was read");
            return Err(lost(commit, name, what));
        }
        let found = position.map_or("an unknown one".to_owned(), |(position, _)| position.to_string());
        let what = format!("had {count} messages up to sequence {last} in it, and now they end with {found}");
        Err(lost(commit, name, what))
    }
}

/// Whether the sources read the same streams as before.
fn check_starts(before: &[SourceStart], now: &[SourceStart]) -> Result<()> {
    for before in before {
        let Some(now) = now.iter().find(|now| now.name == before.name) else { continue };
        if before.created != now.created {
            let what = format!(
                "read a stream that was created {}, and its stream was created {}",
                before.created, now.created
            );
            return Err(lost(0, &before.name, what));
        }
    }
    Ok(())
}

fn lost(commit: u64, source: &str, what: String) -> Error {
    let message = format!(
        "commit {commit} of the log cannot be computed again: the source `{source}` {what}; the stream has lost messages that \
         the log needs: restore it, or begin anew with another directory and other output streams"
    );
    Error::new(ErrorKind::Persistence, message)
}

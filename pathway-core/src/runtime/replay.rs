//! How a recording is replayed: its commits in place of those of the sources, with the same `time`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use super::commit_loop::{CommitLoop, is_preloaded};
use crate::data::{Commit, Error, ErrorKind, Result};
use crate::persistence::{RecordedAnswers, RecordedArrival, RecordedCommit, RunReader, did_you_mean};
use crate::plan::{Control, Declaration};
use crate::telemetry::{Counter, Level, ReplayMeter, report};

/// The distance between the times of two commits, in milliseconds.
const STEP: u64 = 2;

/// A recording that is about to be replayed.
pub(super) struct Replay {
    reader: RunReader,
    /// Sources of the program that the recording need not have.
    missing: Vec<String>,
}

impl Replay {
    /// Opens the recording that a pipeline replays, if it does. Its sinks then take nothing; those of messages write to a broker
    /// in memory, if there is one.
    ///
    /// # Errors
    /// There is no recording, or it cannot be used.
    pub(super) fn open(name: &str, declaration: &mut Declaration, control: &Control) -> Result<Option<Self>> {
        let Some(recording) = declaration.replayed.take() else { return Ok(None) };
        let reader = RunReader::open(&recording, name)?;
        declaration.connectors.sinks.iter().for_each(|sink| sink.skip_before(Commit::MAX));
        control.set_replayed(Arc::new(RecordedAnswers::new(recording.makes_calls)));
        let (run, recorded_commits, commits) = (reader.run(), reader.commits(), Counter::default());
        control.set_replay(ReplayMeter { run, recorded_commits, commits });
        Ok(Some(Replay { reader, missing: recording.missing }))
    }
}

/// Which source of the program is which of the recording.
struct Matched {
    /// The sources of the program, by their numbers in the recording. `None`: the program does not have it.
    numbers: Vec<Option<usize>>,
    /// The sources of the program that have nothing to replay.
    ended: Vec<usize>,
}

impl CommitLoop<'_> {
    /// Computes the commits of a recording, and ends.
    pub(super) fn run_replay(mut self, replay: Replay) {
        self.control.set_started();
        if let Err(error) = self.replay_commits(replay) {
            self.control.fail(error);
        }
        self.state_meter.measure();
        self.sources.iter_mut().for_each(|source| source.close());
    }

    fn replay_commits(&mut self, Replay { mut reader, missing }: Replay) -> Result<()> {
        let begin = Instant::now();
        let matched = self.match_sources(&reader, &missing)?;
        let mut next = reader.next()?;
        let has_static = next.as_ref().is_some_and(is_of_static_tables);
        let before = if has_static { 0 } else { self.static_commits() };
        self.begin_at(reader.first().saturating_sub(before));
        self.control.set_catching_up(reader.is_catching_up());
        self.send_ends_of(matched.ended.clone());
        for (number, source) in matched.numbers.iter().zip(reader.sources()) {
            if source.has_ended {
                self.send_ends_of(number.iter().copied().collect());
            }
            if let Some(source) = number.filter(|_| source.has_snapshot).and_then(|number| self.sources.get_mut(number))
            {
                source.replay_snapshot_end();
            }
        }
        let mut last = 0;
        while let Some(commit) = next {
            if !is_of_static_tables(&commit) {
                self.seal_static_commits(last, commit.time);
            }
            last = commit.time;
            self.replay_commit(commit, &matched)?;
            self.control.replay().into_iter().for_each(|meter| meter.commits.add(1));
            if self.control.is_stopping() {
                return Ok(());
            }
            next = reader.next()?;
        }
        self.seal_static_commits(last, last.saturating_add(STEP));
        let ended = reader.ended().into_iter().filter_map(|source| matched.numbers.get(source).copied().flatten());
        if self.send_ends_of(ended.collect()) {
            self.seal_now(last + STEP);
        }
        let (place, run, seconds) = (reader.place(), reader.run(), begin.elapsed().as_secs_f32());
        let commits = self.commits.get().saturating_sub(reader.first().saturating_sub(before));
        let message =
            format_args!("run {run} of the recording in `{place}` was replayed: {commits} commits in {seconds:.1} s");
        report(Level::Info, "recording", message);
        Ok(())
    }

    /// The first commit has this number, as in the recorded run.
    fn begin_at(&mut self, commit: Commit) {
        self.commits.set(commit);
        self.control.set_open_commit(commit);
        self.sources.iter_mut().for_each(|source| source.advance(commit));
        self.progress.start_at(commit);
    }

    fn replay_commit(&mut self, commit: RecordedCommit, matched: &Matched) -> Result<()> {
        for arrival in commit.arrivals {
            match arrival {
                RecordedArrival::Preloaded => self.ingest_preloaded(),
                RecordedArrival::CatchingUp(is_catching_up) => self.control.set_catching_up(is_catching_up),
                RecordedArrival::Ended(sources) => {
                    let ended = sources.iter().filter_map(|source| matched.numbers.get(*source).copied().flatten());
                    self.send_ends_of(ended.collect());
                }
                RecordedArrival::Snapshot(source) => {
                    let number = matched.numbers.get(source).copied().flatten();
                    let source = number.and_then(|number| self.sources.get_mut(number));
                    source.into_iter().for_each(|source| source.replay_snapshot_end());
                }
                RecordedArrival::Values { source, values } => {
                    let number = matched.numbers.get(source).copied().flatten();
                    let Some(source) = number.and_then(|number| self.sources.get_mut(number)) else { continue };
                    source.replay_logged(&values).map_err(|error| {
                        let (name, number) = (source.name(), commit.commit);
                        let message = format!(
                            "commit {number} of the recording has values of the source `{name}` that cannot be read: {error}; \
                             perhaps a type of its rows has changed: replay the recording with the earlier type"
                        );
                        Error::new(ErrorKind::Persistence, message)
                    })?;
                }
            }
        }
        self.control.replayed().into_iter().for_each(|answers| answers.set(commit.answers.clone()));
        self.seal_now(commit.time);
        Ok(())
    }

    fn seal_now(&mut self, time: u64) {
        let sealed = self.begin_commit();
        self.seal_at(time, Some(sealed));
    }

    /// Tells operators which sources have ended. Returns whether any of them did not know.
    fn send_ends_of(&mut self, ended: Vec<usize>) -> bool {
        let Some(ends) = &mut self.ends else { return false };
        let is_new = ended.iter().any(|source| !ends.has_sent(*source));
        ends.send_of(&ended);
        is_new
    }

    /// How many commits the static tables of the program have left.
    fn static_commits(&self) -> u64 {
        let of_tables = self.sources.iter().filter(|source| is_preloaded(&***source));
        of_tables.map(|source| source.preloaded_left()).max().unwrap_or_default()
    }

    /// Computes the commits of static tables that the recording does not have, between the times of two commits: another
    /// version of the program may have more, and a recording may begin behind them.
    fn seal_static_commits(&mut self, after: u64, before: u64) {
        for left in (1..=self.static_commits()).rev() {
            self.ingest_preloaded();
            self.seal_now(before.saturating_sub(left * STEP).max(after));
        }
    }

    /// Finds the sources of the program in the recording.
    fn match_sources(&self, reader: &RunReader, missing: &[String]) -> Result<Matched> {
        let (recorded, place) = (reader.sources(), reader.place());
        self.check_missing(reader, missing)?;
        let mut numbers = vec![None; recorded.len()];
        let mut ended = Vec::new();
        for (number, source) in self.sources.iter().enumerate().filter(|(_, source)| !is_preloaded(&***source)) {
            let name = &**source.name();
            let found = recorded.iter().position(|it| it.name == name && !it.is_static);
            let Some(found) = found else {
                if missing.iter().any(|missing| missing == name) {
                    ended.push(number);
                    continue;
                }
                let known: Vec<_> =
                    recorded.iter().filter(|it| !it.is_static).map(|it| format!("`{}`", it.name)).collect();
                let message = format!(
                    "the recording in `{place}` has no source `{name}`, but {}: give the source the name that it had (`name`), \
                     or say `persistence::replay(..).allow_missing(\"{name}\")` to replay without its messages",
                    if known.is_empty() { "none at all".to_owned() } else { known.join(", ") }
                );
                return Err(Error::new(ErrorKind::Persistence, message));
            };
            check_columns(name, recorded[found].columns.as_deref(), source.columns().as_deref())?;
            check_kind(name, &place, recorded[found].is_bucket, source.is_bucket())?;
            numbers[found] = Some(number);
        }
        for (number, source) in recorded.iter().zip(&numbers).filter(|(source, _)| !source.is_static) {
            if source.is_none() {
                let message = format_args!(
                    "the recording has messages of the source `{}`, which this program does not have: they are left out",
                    number.name
                );
                report(Level::Warn, "recording", message);
            }
        }
        Ok(Matched { numbers, ended })
    }
}

impl CommitLoop<'_> {
    /// A name of a source that nobody knows is a mistake.
    fn check_missing(&self, reader: &RunReader, missing: &[String]) -> Result<()> {
        let of_program = self.sources.iter().map(|source| &**source.name());
        let known: BTreeSet<&str> =
            of_program.chain(reader.sources().iter().map(|source| source.name.as_str())).collect();
        let Some(name) = missing.iter().find(|name| !known.contains(name.as_str())) else { return Ok(()) };
        let message = format!(
            "`.allow_missing(\"{name}\")`: neither the program nor the recording in `{}` has a source with this name{}",
            reader.place(),
            did_you_mean(name, known.iter().copied())
        );
        Err(Error::new(ErrorKind::Persistence, message))
    }
}

/// Whether it is a commit of static tables.
fn is_of_static_tables(commit: &RecordedCommit) -> bool {
    commit.arrivals.iter().any(|arrival| matches!(arrival, RecordedArrival::Preloaded))
}

/// Messages are decoded again, but rows must have the columns that they had.
fn check_columns(name: &str, before: Option<&str>, now: Option<&str>) -> Result<()> {
    if before == now {
        return Ok(());
    }
    let what = |columns: Option<&str>| columns.map_or("messages".to_owned(), |columns| format!("rows ({columns})"));
    let message = format!(
        "the source `{name}` has handed over {} in the recording, and hands over {} now: replay it with the earlier rows, and \
         make others of them with `select!`; or let the source hand over messages, which are decoded again",
        what(before),
        what(now)
    );
    Err(Error::new(ErrorKind::Persistence, message))
}

/// The values of a bucket replace each other, and its deletions have no payload: as messages of a subject they mean something else.
fn check_kind(name: &str, place: &str, was_bucket: bool, is_bucket: bool) -> Result<()> {
    let (before, now, cure) = match (was_bucket, is_bucket) {
        (true, false) => {
            ("the values of a bucket", "messages of a subject", "read it with `.kv()`, as the recorded program did")
        }
        (false, true) => {
            ("messages of a subject", "the values of a bucket", "read it without `.kv()`, as the recorded program did")
        }
        _ => return Ok(()),
    };
    let message = format!(
        "the recording in `{place}` has {before} of the source `{name}`, and this program reads {now}: {cure}; or give the source \
         another name (`name`), and say `persistence::replay(..).allow_missing(..)` with that, to replay without its messages"
    );
    Err(Error::new(ErrorKind::Persistence, message))
}

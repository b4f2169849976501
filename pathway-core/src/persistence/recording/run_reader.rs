//! Reads a run of a recording, commit by commit.

use std::collections::VecDeque;
use std::sync::Arc;

use super::entry::{Entry, RecordedSource};
use super::files::{self, Entries, RecordingFile, file_name};
use super::options::ReplayedRecording;
use crate::data::{Commit, Error, ErrorKind, Result};
use crate::persistence::store::FileStore;
use crate::telemetry::{Level, report};

/// What arrived.
#[derive(Debug)]
pub(crate) enum RecordedArrival {
    /// The next commit of each preloaded table.
    Preloaded,
    /// These sources have ended.
    Ended(Vec<usize>),
    /// Whether messages that servers had stored were still to be processed.
    CatchingUp(bool),
    /// A source has its first contents.
    Snapshot(usize),
    /// Messages or rows of a source.
    Values { source: usize, values: Vec<u8> },
}

/// A commit of a recording.
#[derive(Debug)]
pub(crate) struct RecordedCommit {
    pub(crate) commit: Commit,
    pub(crate) time: u64,
    /// In the order of arrival. Sources are numbers of [`RunReader::sources`].
    pub(crate) arrivals: Vec<RecordedArrival>,
    /// The operator, the digest of its columns, and the answers.
    pub(crate) answers: Vec<(String, u32, Vec<u8>)>,
}

/// The commits of a run.
pub(crate) struct RunReader {
    store: Arc<dyn FileStore>,
    run: u64,
    /// The files that are not opened.
    files: VecDeque<RecordingFile>,
    entries: Option<Entries>,
    /// The numbers that the sources of the open file have in `sources`.
    numbers: Vec<usize>,
    sources: Vec<RecordedSource>,
    is_catching_up: bool,
    makes_calls: bool,
    /// How many commits it has, if that is known.
    commits: Option<u64>,
    first: Commit,
    next: Commit,
    /// The arrivals whose commit follows.
    open: Vec<RecordedArrival>,
    /// A commit to which answers may follow.
    last: Option<RecordedCommit>,
    /// The commit in which the pipeline has failed, if nothing follows.
    unfinished: Option<RecordedCommit>,
    /// The sources that have ended behind the last commit.
    ended: Vec<usize>,
}

impl RunReader {
    /// Opens a run.
    ///
    /// # Errors
    /// There is none, it is damaged, or it is of another pipeline.
    pub(crate) fn open(recording: &ReplayedRecording, pipeline: &str) -> Result<Self> {
        let store = &recording.store;
        let refuse =
            |what: String| Err(Error::new(ErrorKind::Persistence, format!("`{}` {what}", store.name_of(None))));
        let files = files::list(store)?;
        let (Some(oldest), Some(newest)) = (files.first(), files.last()) else {
            return refuse("has no recording: name the directory that `persistence::record` got".to_owned());
        };
        if oldest.header.pipeline != pipeline {
            return refuse(format!(
                "has a recording of the pipeline `{}`, and this is `{pipeline}`: use the same name (`Pipeline::named`)",
                oldest.header.pipeline
            ));
        }
        let (earliest, latest) = (oldest.header.run, newest.header.run);
        let run = recording.run.unwrap_or(latest);
        let files: VecDeque<_> = files.into_iter().filter(|file| file.header.run == run).collect();
        let Some(first) = files.front().map(|file| file.header.clone()) else {
            return refuse(format!("has no run {run}: it has the runs {earliest} to {latest}"));
        };
        let mut sources = first.sources;
        for source in files.iter().skip(1).flat_map(|file| &file.header.sources) {
            if sources.iter().all(|known| known.name != source.name) {
                sources.push(RecordedSource { has_ended: false, has_snapshot: false, ..source.clone() });
            }
        }
        Ok(RunReader {
            store: Arc::clone(store),
            run,
            commits: files::commits_of(store, files.iter()),
            files,
            entries: None,
            numbers: Vec::new(),
            sources,
            is_catching_up: first.catching_up,
            makes_calls: recording.makes_calls,
            first: first.first,
            next: first.first,
            open: Vec::new(),
            last: None,
            unfinished: None,
            ended: Vec::new(),
        })
    }

    /// The number of the run.
    pub(crate) fn run(&self) -> u64 {
        self.run
    }

    /// How many commits the recording has of it. `None`: its last file cannot be read.
    pub(crate) fn commits(&self) -> Option<u64> {
        self.commits
    }

    /// The recording's place, for messages.
    pub(crate) fn place(&self) -> String {
        self.store.name_of(None)
    }

    /// The first commit that the recording has of it.
    pub(crate) fn first(&self) -> Commit {
        self.first
    }

    /// The sources, as they were before the first commit.
    pub(crate) fn sources(&self) -> &[RecordedSource] {
        &self.sources
    }

    /// Whether messages that servers had stored were still to be processed before the first commit.
    pub(crate) fn is_catching_up(&self) -> bool {
        self.is_catching_up
    }

    /// The sources that have ended behind the last commit.
    pub(crate) fn ended(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.ended)
    }

    /// The next commit; `None` behind the last one that was recorded as a whole.
    ///
    /// # Errors
    /// The recording cannot be read, is damaged, or has a gap.
    pub(crate) fn next(&mut self) -> Result<Option<RecordedCommit>> {
        let mut tail = Vec::new();
        loop {
            let Some(entries) = &mut self.entries else {
                if self.files.is_empty() {
                    return Ok(self.last.take().or_else(|| self.unfinished.take()));
                }
                self.open_file()?;
                continue;
            };
            let Some(entry) = entries.next(&mut tail)? else {
                self.end_file();
                continue;
            };
            match entry {
                Entry::Answers { operator, columns, time } => {
                    if let Some(last) = self.last.as_mut().filter(|last| last.time == time) {
                        last.answers.push((operator, columns, std::mem::take(&mut tail)));
                    }
                }
                Entry::Commit { commit, time } => {
                    if commit != self.next {
                        return Err(self.gap(commit));
                    }
                    self.next += 1;
                    self.ended.clear();
                    let arrivals = std::mem::take(&mut self.open);
                    let commit = RecordedCommit { commit, time, arrivals, answers: Vec::new() };
                    if let Some(last) = self.last.replace(commit) {
                        return Ok(Some(last));
                    }
                }
                Entry::Unfinished { commit, time } => {
                    let arrivals = std::mem::take(&mut self.open);
                    self.unfinished = Some(RecordedCommit { commit, time, arrivals, answers: Vec::new() });
                }
                Entry::End => {
                    let ended = self.open.drain(..).filter_map(|arrival| match arrival {
                        RecordedArrival::Ended(sources) => Some(sources),
                        _ => None,
                    });
                    self.ended = ended.flatten().collect();
                    if let Some(last) = self.last.take() {
                        return Ok(Some(last));
                    }
                }
                Entry::Preloaded => self.open.push(RecordedArrival::Preloaded),
                Entry::CatchingUp(is_catching_up) => self.open.push(RecordedArrival::CatchingUp(is_catching_up)),
                Entry::Ended(sources) => {
                    let sources = sources.into_iter().map(|source| self.source(source)).collect::<Result<_>>()?;
                    self.open.push(RecordedArrival::Ended(sources));
                }
                Entry::Snapshot(source) => {
                    let source = self.source(source)?;
                    self.open.push(RecordedArrival::Snapshot(source));
                }
                Entry::Values { source, .. } => {
                    let source = self.source(source)?;
                    self.open.push(RecordedArrival::Values { source, values: std::mem::take(&mut tail) });
                }
            }
        }
    }

    /// Opens the next file.
    fn open_file(&mut self) -> Result<()> {
        let Some(file) = self.files.pop_front() else { return Ok(()) };
        self.unfinished = None;
        if file.header.first != self.next {
            return Err(self.gap(file.header.first));
        }
        let Some(entries) = Entries::open(&self.store, file.number)? else {
            let name = self.store.name_of(Some(&file_name(file.number)));
            let message = format!("`{name}` is not there any more: it was removed while it was replayed");
            return Err(Error::new(ErrorKind::Persistence, message));
        };
        let number = |source: &RecordedSource| self.sources.iter().position(|known| known.name == source.name);
        self.numbers = file.header.sources.iter().filter_map(number).collect();
        self.entries = Some(entries);
        Ok(())
    }

    /// The open file has ended.
    fn end_file(&mut self) {
        let Some(entries) = self.entries.take() else { return };
        // The file behind it begins with the same commit again.
        if self.files.is_empty() && (entries.is_torn || !self.open.is_empty()) {
            let message = format_args!(
                "{}: the recording ends within commit {}, which is left out: its process was killed, or still runs",
                entries.place(),
                self.next
            );
            report(Level::Warn, "recording", message);
        }
        self.open.clear();
        if self.files.is_empty() && !entries.header.calls.is_empty() && !self.makes_calls && self.last.is_some() {
            let calls = entries.header.calls.join("`, `");
            let message = format_args!(
                "{}: the recording may not have all answers of `{calls}` for its last commit, which is left out: its process was \
                 killed, or still runs",
                entries.place()
            );
            report(Level::Warn, "recording", message);
            self.last = None;
        }
    }

    /// The number of a source of the open file.
    fn source(&self, number: u32) -> Result<usize> {
        self.numbers.get(number as usize).copied().ok_or_else(|| {
            let place = self.entries.as_ref().map_or_else(String::new, Entries::place);
            Error::new(
                ErrorKind::Persistence,
                format!("{place}: the entry before is of a source that the file does not have"),
            )
        })
    }

    fn gap(&self, found: Commit) -> Error {
        let message = format!(
            "`{}` has no commit {} of run {}, and goes on with commit {found}: a file is missing; restore it from a copy",
            self.place(),
            self.next,
            self.run
        );
        Error::new(ErrorKind::Persistence, message)
    }
}

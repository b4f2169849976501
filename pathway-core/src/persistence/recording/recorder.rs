//! Writes a recording, while its pipeline runs.

use std::any::Any;
use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::entry::{Entry, Header, RecordedSource, VERSION};
use super::files;
use super::options::Recording;
use super::writer::Writer;
use crate::data::{Commit, Error, ErrorKind, Result};
use crate::persistence::session::{PersistentState, lock};
use crate::telemetry::{Counter, Level, RecordingStats, report};

/// The distance between the times of two commits, in milliseconds.
const STEP: u64 = 2;

/// Writes what arrives in a pipeline. An error ends the recording, and not the pipeline.
pub(crate) struct Recorder {
    recording: Recording,
    pipeline: String,
    writer: Mutex<Writer>,
    /// Nothing is written: it has not begun, or has ended.
    is_closed: AtomicBool,
    commits: Counter,
    missed: Counter,
    /// The commit behind the last run.
    last_run: Option<Commit>,
    /// The answers of earlier runs that the recording has got.
    recovered: Mutex<HashSet<(String, u64)>>,
    lock: Mutex<Option<Box<dyn Any + Send>>>,
}

/// Where a pipeline begins, and with what.
pub(crate) struct Beginning<'a> {
    /// The state with which it persists.
    pub(crate) state: Option<&'a PersistentState>,
    pub(crate) sources: Vec<RecordedSource>,
    pub(crate) calls: Vec<String>,
    pub(crate) catching_up: bool,
}

impl Recorder {
    /// Locks the directory, and reads where its last run has ended.
    ///
    /// # Errors
    /// It is in use, or is that of another pipeline or of something else, such as the state of a pipeline.
    pub(crate) fn open(recording: &Recording, pipeline: &str) -> Result<Arc<Self>> {
        recording.check()?;
        let store = &recording.store;
        let place = store.name_of(None);
        let lock = store.lock()?;
        let files = files::list(store)?;
        if let Some(other) = files.iter().map(|file| &file.header.pipeline).find(|name| **name != pipeline) {
            let message = format!(
                "`{place}` has a recording of the pipeline `{other}`, and this is `{pipeline}`: record into another directory, \
                 or use the same name (`Pipeline::named`)"
            );
            return Err(Error::new(ErrorKind::Persistence, message));
        }
        let (next, time) = files.last().map_or((None, 0), |file| files::end_of(store, file));
        let header = Header {
            version: VERSION,
            pipeline: pipeline.to_owned(),
            run: files.last().map_or(0, |file| file.header.run),
            lineage: files.last().map_or(0, |file| file.header.lineage),
            first: 0,
            before: time,
            catching_up: false,
            sources: files.last().map_or(Vec::new(), |file| file.header.sources.clone()),
            calls: Vec::new(),
        };
        Ok(Arc::new(Recorder {
            recording: recording.clone(),
            pipeline: pipeline.to_owned(),
            writer: Mutex::new(Writer::new(recording.clone(), &files, header)),
            is_closed: AtomicBool::new(true),
            commits: Counter::default(),
            missed: Counter::default(),
            last_run: next,
            recovered: Mutex::default(),
            lock: Mutex::new(Some(lock)),
        }))
    }

    /// The sources are known, and the first commit is about to begin: begins a run, or continues the last one if the pipeline
    /// continues its state without a gap.
    pub(crate) fn begin(&self, beginning: Beginning<'_>) {
        let Beginning { state, sources, calls, catching_up } = beginning;
        let lineage = state.map_or(0, PersistentState::lineage);
        let first = state.and_then(PersistentState::checkpoint).map_or(0, |checkpoint| checkpoint.commit);
        let live = state.map_or(0, PersistentState::commits);
        let writer = &mut *lock(&self.writer);
        let is_same =
            lineage != 0 && lineage == writer.header.lineage && have_the_same(&writer.header.sources, &sources);
        let continued = self.last_run.filter(|next| is_same && (first..=live).contains(next));
        (writer.next, writer.from) = (first, continued.unwrap_or(first));
        let header = &mut writer.header;
        header.run += u64::from(continued.is_none());
        (header.lineage, header.sources, header.calls, header.catching_up) = (lineage, sources, calls, catching_up);
        let run = header.run;
        self.is_closed.store(false, Ordering::Relaxed);
        // Otherwise it begins with the first commit that the recording does not have.
        if !writer.has_commit()
            && let Err(error) = writer.begin_file()
        {
            return self.close(writer, Some(error));
        }
        let is_whole = writer.from == 0 || continued.is_some();
        let whole =
            if is_whole { "" } else { "; the state before that is not in it, and a replay begins with empty tables" };
        let from = if continued.is_some() { "continues" } else { "begins" };
        let name = self.recording.store.name_of(None);
        let message = format_args!("the recording in `{name}` {from} with commit {} of run {run}{whole}", writer.from);
        report(if is_whole { Level::Info } else { Level::Warn }, "recording", message);
    }

    /// Adds an entry to the open commit.
    pub(crate) fn add(&self, entry: &Entry) {
        self.write(|writer| {
            match entry {
                Entry::CatchingUp(is_catching_up) => writer.header.catching_up = *is_catching_up,
                Entry::Snapshot(source) => writer.change_source(*source, |source| source.has_snapshot = true),
                Entry::Ended(sources) => {
                    sources.iter().for_each(|source| writer.change_source(*source, |source| source.has_ended = true));
                }
                _ => {}
            }
            if writer.has_commit() { Ok(()) } else { writer.put(entry, &[]) }
        });
    }

    /// Adds the ends of those of these sources that had not ended before.
    pub(crate) fn add_ends(&self, mut ended: Vec<u32>) {
        let is_new = |source: &u32| {
            let writer = lock(&self.writer);
            writer.header.sources.get(*source as usize).is_some_and(|source| !source.has_ended)
        };
        ended.retain(is_new);
        if !ended.is_empty() {
            self.add(&Entry::Ended(ended));
        }
    }

    /// Adds messages or rows of a source to the open commit. `encode` is called if the recording does not have them.
    pub(crate) fn add_values(
        &self,
        source: u32,
        count: u64,
        encode: impl FnOnce() -> std::result::Result<Vec<u8>, String>,
    ) {
        self.write(|writer| {
            if writer.has_commit() {
                return Ok(());
            }
            let values = encode().map_err(|error| {
                Error::new(ErrorKind::Persistence, format!("what has arrived cannot be encoded: {error}"))
            })?;
            writer.put(&Entry::Values { source, count }, &values)
        });
    }

    /// Adds answers to asynchronous calls for the last commit.
    pub(crate) fn add_answers(&self, operator: &str, columns: u32, time: u64, answers: &[u8]) {
        let entry = Entry::Answers { operator: operator.to_owned(), columns, time };
        self.write(|writer| {
            writer.put(&entry, answers)?;
            writer.flush()
        });
    }

    /// Adds the answers of an earlier run for a commit that is computed again, once, if the recording does not have the commit.
    pub(crate) fn recover_answers(&self, operator: &str, columns: u32, time: u64, answers: &[Arc<[u8]>]) {
        let entry = Entry::Answers { operator: operator.to_owned(), columns, time };
        self.write(|writer| {
            // The commit itself is in the recording already.
            if writer.next <= writer.from || !lock(&self.recovered).insert((operator.to_owned(), time)) {
                return Ok(());
            }
            answers.iter().try_for_each(|answers| writer.put(&entry, answers))?;
            writer.flush()
        });
    }

    /// The open commit is about to be computed.
    pub(crate) fn commit(&self, time: u64) {
        self.write(|writer| {
            if !writer.has_commit() {
                writer.put_commit(time)?;
                self.commits.add(1);
            }
            writer.next += 1;
            Ok(())
        });
        if self.is_closed.load(Ordering::Relaxed) {
            self.missed.add(1);
        }
    }

    /// The pipeline has ended. If it has failed, at this `time`, it may not have computed what it has taken.
    pub(crate) fn end(&self, failed: Option<u64>) {
        self.write(|writer| {
            if let Some(now) = failed.filter(|_| writer.is_open()) {
                let (commit, time) = (writer.next, now.max(writer.header.before + STEP));
                writer.put(&Entry::Unfinished { commit, time }, &[])?;
            }
            writer.put(&Entry::End, &[])?;
            writer.flush()
        });
        self.close(&mut lock(&self.writer), None);
        lock(&self.lock).take();
    }

    /// What was counted so far.
    pub(crate) fn stats(&self) -> RecordingStats {
        RecordingStats { commits: self.commits.get(), bytes: lock(&self.writer).bytes, missed: self.missed.get() }
    }

    /// Changes what is written, unless the recording has ended. An error ends it.
    fn write(&self, write: impl FnOnce(&mut Writer) -> Result<()>) {
        let writer = &mut *lock(&self.writer);
        if self.is_closed.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = write(writer) {
            self.close(writer, Some(error));
        }
    }

    fn close(&self, writer: &mut Writer, error: Option<Error>) {
        self.is_closed.store(true, Ordering::Relaxed);
        writer.close();
        if let Some(error) = error {
            let message = format_args!(
                "the recording of `{}` has ended before commit {}, and the pipeline goes on without it: {error:#}; the next \
                 start begins another run",
                self.pipeline, writer.next
            );
            report(Level::Error, "recording", message);
        }
    }
}

impl PersistentState {
    /// Tells this state from all others.
    fn lineage(&self) -> u64 {
        lock(&self.manifest).lineage
    }
}

/// Whether the sources that were there before hand over rows with the same columns, or messages of the same kind.
fn have_the_same(before: &[RecordedSource], now: &[RecordedSource]) -> bool {
    let what = |source: &RecordedSource| (source.columns.clone(), source.is_bucket);
    let is_other = |source: &RecordedSource| now.iter().any(|now| now.name == source.name && what(now) != what(source));
    !before.iter().any(is_other)
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("recording", &self.recording).finish_non_exhaustive()
    }
}

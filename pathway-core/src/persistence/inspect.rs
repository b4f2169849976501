//! What a state directory or a recording holds, for people.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::log::{self, Records};
use super::manifest::{Checkpoint, Manifest};
use super::part::PartReader;
use super::recording::{self, RecordedRun, Runs};
use super::restore_point::RestorePoint;
use super::store::{DirectoryStore, FileStore, failed};
use super::{Arrival, Record};
use crate::data::{Commit, DateTimeUtc, Error, ErrorKind, Result};

/// Reads what a state directory holds, without changing it: its checkpoint, positions, keys and bytes by operator, and the length
/// of its log. Of a [recording](super::record), it says which commits, messages and bytes there are, by run and source.
/// [`Inspection`] can be printed.
///
/// The pipeline may run meanwhile; the result is then what the directory held a moment ago.
///
/// ```
/// use pathway::persistence::{directory, inspect};
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct Input { value: i64 }
///
/// # fn main() -> pathway::Result<()> {
/// # let path = std::env::temp_dir().join(format!("pathway-inspect-{}", std::process::id()));
/// let pipeline = Pipeline::named("totals").persist(directory(&path));
/// let inputs = pipeline.rows([3, 4].map(|value| Input { value }));
/// let totals = reduce!(i in inputs by i.value => { i.value, n: count() });
/// totals.subscribe(|_| {});
/// pipeline.run()?;
/// let state = inspect(&path)?;
/// assert_eq!((state.pipeline.as_str(), state.epoch), ("totals", 1));
/// assert_eq!((state.states[0].operator.as_str(), state.states[0].keys), ("reduce", 2));
/// println!("{state}");
/// # std::fs::remove_dir_all(&path).expect("removed");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The directory has no state and no recording, or it is damaged.
pub fn inspect(path: impl Into<PathBuf>) -> Result<Inspection> {
    /// How often the files may change while they are read.
    const ATTEMPTS: usize = 5;
    let store: Arc<dyn FileStore> = Arc::new(DirectoryStore(path.into()));
    let mut last = read(&store);
    for _ in 1..ATTEMPTS {
        if last.is_ok() {
            break;
        }
        last = read(&store);
    }
    last
}

/// What a state directory or a recording holds; see [`inspect`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// The pipeline's name.
    pub pipeline: String,
    /// How often it was started.
    pub epoch: u64,
    /// The last complete checkpoint has the commits before this one. 0: there is none.
    pub checkpoint: Commit,
    /// The `time` of its last commit, in unix milliseconds.
    pub checkpoint_time: u64,
    /// How many files it has.
    pub parts: usize,
    /// What it has of each operator.
    pub states: Vec<StateInspection>,
    /// Where each source goes on behind the log, if it reads a stream: its name, and the next sequence.
    pub sources: Vec<(String, u64)>,
    /// The last sequence of each output stream before the first message that is computed again after a restart, by the sink.
    pub sinks: Vec<(String, u64)>,
    /// How many earlier checkpoints there are, with which the pipeline can continue if an output stream has lost messages.
    pub earlier_checkpoints: usize,
    /// How many commits the log has behind the checkpoint.
    pub log_commits: u64,
    /// How many bytes these take.
    pub log_bytes: u64,
    /// The runs of a recording; empty for a state directory, while a recording has nothing but these and the pipeline's name.
    pub runs: Vec<RecordedRun>,
}

/// What a checkpoint has of one state of an operator.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StateInspection {
    /// The operator's name.
    pub operator: String,
    /// What the state is.
    pub label: String,
    /// How many keys it has; 0 for a state that is not kept by key.
    pub keys: u64,
    /// How many bytes it takes in the files, earlier values of keys included.
    pub bytes: u64,
}

fn read(store: &Arc<dyn FileStore>) -> Result<Inspection> {
    let Some(manifest) = Manifest::read(&**store)? else {
        if let Some(recording) = recording::runs(store)? {
            return Ok(Inspection::of_recording(recording));
        }
        let message = format!(
            "`{}` has no state of a pipeline: it has no manifest; and it has no recording",
            store.name_of(None)
        );
        return Err(Error::new(ErrorKind::Persistence, message));
    };
    let Manifest { pipeline, epoch, latest, earlier, .. } = manifest;
    let (next, RestorePoint { checkpoint, log, outputs, .. }) = (latest.next(), latest);
    let mut inspection = Inspection {
        pipeline,
        epoch,
        checkpoint: next,
        checkpoint_time: checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.time),
        parts: checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.parts.len()),
        states: Vec::new(),
        sources: Vec::new(),
        // Buckets have no such sequence.
        sinks: outputs.into_iter().filter(|(_, it)| it.last > 0).map(|(sink, it)| (sink, it.last)).collect(),
        earlier_checkpoints: earlier.len(),
        log_commits: 0,
        log_bytes: log_bytes(&**store, log)?,
        runs: Vec::new(),
    };
    if let Some(checkpoint) = &checkpoint {
        inspection.states = states(store, checkpoint)?;
    }
    let mut sources = checkpoint.map(|it| it.sources.into_iter().map(|source| source.start).collect::<Vec<_>>());
    let mut records = Records::open(Arc::clone(store), log, Some(next), false)?;
    while let Some(record) = records.next()? {
        match record {
            Record::Start(starts) => drop(sources.get_or_insert(starts)),
            Record::Commit(commit) => {
                inspection.log_commits += 1;
                for arrival in commit.arrivals {
                    if let (Arrival::Messages { source, last, .. }, Some(sources)) = (arrival, &mut sources)
                        && let Some(start) = sources.get_mut(source as usize)
                    {
                        start.next = last + 1;
                    }
                }
            }
            Record::Confirmed(_) | Record::Refused(_) | Record::Answers(_) => {}
        }
    }
    let of_streams = sources.unwrap_or_default().into_iter().filter(|source| !source.created.is_empty());
    inspection.sources = of_streams.map(|source| (source.name, source.next)).collect();
    Ok(inspection)
}

impl Inspection {
    fn of_recording(Runs { pipeline, runs }: Runs) -> Self {
        let (epoch, checkpoint, checkpoint_time, parts, log_commits, log_bytes) = Default::default();
        let (states, sources, sinks) = Default::default();
        Inspection {
            pipeline,
            epoch,
            checkpoint,
            checkpoint_time,
            parts,
            states,
            sources,
            sinks,
            earlier_checkpoints: 0,
            log_commits,
            log_bytes,
            runs,
        }
    }
}

fn log_bytes(store: &dyn FileStore, first: u64) -> Result<u64> {
    let files = store.files().map_err(|error| failed("read", store, "", error))?;
    let needed = files.iter().filter(|file| log::number_of(file).is_some_and(|number| number >= first));
    let mut bytes = 0;
    for file in needed {
        bytes += store.read(file).map_err(|error| failed("read", store, file, error))?.map_or(0, |(_, len)| len);
    }
    Ok(bytes)
}

fn states(store: &Arc<dyn FileStore>, checkpoint: &Checkpoint) -> Result<Vec<StateInspection>> {
    let states = checkpoint.states.iter().map(|state| StateInspection {
        operator: state.node.clone(),
        label: state.label.clone(),
        keys: state.keys,
        bytes: 0,
    });
    let mut states: Vec<_> = states.collect();
    let mut piece = Vec::new();
    for part in &checkpoint.parts {
        let mut part = PartReader::open(Arc::clone(store), part)?;
        while let Some(of) = part.next(&mut piece)? {
            let number = checkpoint.states.iter().position(|it| it.node == of.node && it.label == of.label);
            if let Some(state) = number.and_then(|number| states.get_mut(number)) {
                state.bytes += piece.len() as u64;
            }
        }
    }
    Ok(states)
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inspection { pipeline, epoch, checkpoint, checkpoint_time, parts, .. } = self;
        if !self.runs.is_empty() {
            writeln!(f, "recording of the pipeline `{pipeline}`")?;
            return self.runs.iter().try_for_each(|run| write!(f, "{run}"));
        }
        writeln!(f, "pipeline `{pipeline}`, started {epoch} times")?;
        match checkpoint {
            0 => writeln!(f, "no checkpoint")?,
            commit => {
                let time = i64::try_from(*checkpoint_time).ok().and_then(|ms| DateTimeUtc::from_millisecond(ms).ok());
                let time = time.map_or("an unknown time".to_owned(), |time| time.to_string());
                writeln!(f, "checkpoint before commit {commit} of {time}, {parts} files")?;
            }
        }
        writeln!(f, "log behind it: {} commits, {} bytes", self.log_commits, self.log_bytes)?;
        if self.earlier_checkpoints > 0 {
            writeln!(f, "earlier checkpoints: {}", self.earlier_checkpoints)?;
        }
        self.sources.iter().try_for_each(|(name, next)| writeln!(f, "source {name}: next sequence {next}"))?;
        self.sinks.iter().try_for_each(|(name, last)| {
            writeln!(f, "sink {name}: its stream has the output of the checkpoint up to sequence {last}")
        })?;
        for StateInspection { operator, label, keys, bytes } in &self.states {
            writeln!(f, "operator {operator}, {label}: {keys} keys, {bytes} bytes")?;
        }
        Ok(())
    }
}

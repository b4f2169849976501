//! What a recording holds, for people.

use std::fmt;
use std::sync::Arc;

use super::entry::Entry;
use super::files::{self, Entries};
use crate::data::{Commit, DateTimeUtc, Result};
use crate::persistence::store::FileStore;

/// A run of a recording: commits without a gap.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RecordedRun {
    /// Its number, from 1 on.
    pub run: u64,
    /// The first commit that the recording has. If it is not 0, the recording has nothing of the state before.
    pub first_commit: Commit,
    /// How many commits it has.
    pub commits: u64,
    /// The `time` of its first commit, in unix milliseconds; 0 if there is none.
    pub first_time: u64,
    /// The `time` of its last commit.
    pub last_time: u64,
    /// How many bytes its files have.
    pub bytes: u64,
    /// Whether it has ended with its pipeline. If it has not, its process runs, was killed, or could not write any more.
    pub has_ended: bool,
    /// What it has of each source. Static tables are part of the program.
    pub sources: Vec<RecordedRunSource>,
}

/// What a run of a recording has of a source.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RecordedRunSource {
    /// The source's name.
    pub name: String,
    /// How many messages or rows.
    pub messages: u64,
    /// How many bytes these take in the files, with their metadata.
    pub bytes: u64,
}

/// All runs of a recording, and its pipeline.
pub(in crate::persistence) struct Runs {
    pub(in crate::persistence) pipeline: String,
    pub(in crate::persistence) runs: Vec<RecordedRun>,
}

/// What a recording holds; `None` if there is none.
pub(in crate::persistence) fn runs(store: &Arc<dyn FileStore>) -> Result<Option<Runs>> {
    let files = files::list(store)?;
    let Some(pipeline) = files.first().map(|file| file.header.pipeline.clone()) else { return Ok(None) };
    let mut runs: Vec<RecordedRun> = Vec::new();
    for file in files {
        if runs.last().is_none_or(|last| last.run != file.header.run) {
            runs.push(RecordedRun::new(file.header.run, file.header.first));
        }
        let Some(run) = runs.last_mut() else { continue };
        // A file may be removed meanwhile.
        let Some(entries) = Entries::open(store, file.number)? else { continue };
        run.bytes += file.bytes;
        run.add(entries)?;
    }
    Ok(Some(Runs { pipeline, runs }))
}

impl RecordedRun {
    fn new(run: u64, first_commit: Commit) -> Self {
        let (commits, first_time, last_time, bytes) = Default::default();
        let (has_ended, sources) = (false, Vec::new());
        RecordedRun { run, first_commit, commits, first_time, last_time, bytes, has_ended, sources }
    }

    fn add(&mut self, mut entries: Entries) -> Result<()> {
        let mut tail = Vec::new();
        for source in entries.header.sources.iter().filter(|source| !source.is_static) {
            if self.sources.iter().all(|known| known.name != source.name) {
                self.sources.push(RecordedRunSource { name: source.name.clone(), messages: 0, bytes: 0 });
            }
        }
        while let Some(entry) = entries.next(&mut tail)? {
            self.has_ended = entry == Entry::End;
            match entry {
                Entry::Values { source, count } => {
                    let name = entries.header.sources.get(source as usize).map(|source| &source.name);
                    if let Some(known) = self.sources.iter_mut().find(|known| Some(&known.name) == name) {
                        known.messages += count;
                        known.bytes += tail.len() as u64;
                    }
                }
                Entry::Commit { time, .. } => {
                    self.commits += 1;
                    self.last_time = time;
                    if self.first_time == 0 {
                        self.first_time = time;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl fmt::Display for RecordedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RecordedRun { run, first_commit, commits, first_time, last_time, bytes, .. } = self;
        let time = |millis: u64| {
            let time = i64::try_from(millis).ok().and_then(|millis| DateTimeUtc::from_millisecond(millis).ok());
            time.map_or("an unknown time".to_owned(), |time| time.to_string())
        };
        match commits {
            0 => write!(f, "run {run}: no commits")?,
            _ => {
                let (last_commit, first, last) = (first_commit + commits - 1, time(*first_time), time(*last_time));
                write!(f, "run {run}: commits {first_commit} to {last_commit}, of {first} to {last}, {bytes} bytes")?;
            }
        }
        writeln!(f, "{}", if self.has_ended { "" } else { ", not ended" })?;
        self.sources.iter().try_for_each(|RecordedRunSource { name, messages, bytes }| {
            writeln!(f, "  source {name}: {messages} messages, {bytes} bytes")
        })
    }
}

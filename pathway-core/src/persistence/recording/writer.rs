//! Adds entries to the files of a recording, begins files, and removes old ones.

use std::collections::VecDeque;

use super::entry::{Entry, Header, RecordedSource};
use super::files::{RecordingFile, file_name};
use super::options::Recording;
use crate::data::{Commit, Result};
use crate::persistence::frame;
use crate::persistence::store::{AppendFile, failed};
use crate::telemetry::{Level, report};

/// So many bytes are written at once; a commit's end is written in any case.
const BUFFER: usize = 256 << 10;

/// The files of a recording.
pub(super) struct Writer {
    recording: Recording,
    /// `None` before the first file is begun, and once the recording has ended.
    file: Option<Box<dyn AppendFile>>,
    /// The number of the last file.
    number: u64,
    /// What is not written yet.
    buffer: Vec<u8>,
    /// How many bytes the file has.
    len: u64,
    /// The `time` of the file's first commit; 0 if it has none.
    begun: u64,
    /// It ends with entries whose commit follows.
    is_open: bool,
    /// The earlier files.
    closed: VecDeque<ClosedFile>,
    /// What the header of the next file says, beside its first commit.
    pub(super) header: Header,
    /// The commit whose entries follow.
    pub(super) next: Commit,
    /// The recording has the commits before this one already.
    pub(super) from: Commit,
    /// How many bytes were written.
    pub(super) bytes: u64,
}

/// A file to which nothing is added any more.
struct ClosedFile {
    number: u64,
    bytes: u64,
    /// The `time` of its last commit.
    last: u64,
}

impl Writer {
    /// Writes behind these files. `header` is that of the next one.
    pub(super) fn new(recording: Recording, files: &[RecordingFile], header: Header) -> Self {
        let times = files.iter().skip(1).map(|file| file.header.before).chain([header.before]);
        let closed = files.iter().zip(times);
        Writer {
            recording,
            file: None,
            number: files.last().map_or(0, |file| file.number),
            buffer: Vec::new(),
            len: 0,
            begun: 0,
            is_open: false,
            closed: closed.map(|(file, last)| ClosedFile { number: file.number, bytes: file.bytes, last }).collect(),
            header,
            next: 0,
            from: 0,
            bytes: 0,
        }
    }

    /// Whether the recording has the open commit already.
    pub(super) fn has_commit(&self) -> bool {
        self.next < self.from
    }

    /// Whether entries wait for their commit.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Adds an entry, with bytes behind it. Begins another file before it if it is time.
    pub(super) fn put(&mut self, entry: &Entry, tail: &[u8]) -> Result<()> {
        let is_arrival = match entry {
            // They belong to the entries before.
            Entry::Commit { .. } | Entry::Unfinished { .. } | Entry::Answers { .. } | Entry::End => false,
            Entry::Preloaded | Entry::Ended(_) | Entry::CatchingUp(_) | Entry::Snapshot(_) | Entry::Values { .. } => {
                true
            }
        };
        if self.file.is_none() || is_arrival && !self.is_open && self.is_full() {
            self.begin_file()?;
        }
        self.is_open = is_arrival;
        let encoded = frame::write_with(entry, tail, &mut self.buffer).map_err(std::io::Error::other);
        encoded.map_err(|error| self.failed("write", error))?;
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Adds the end of the open commit.
    pub(super) fn put_commit(&mut self, time: u64) -> Result<()> {
        self.put(&Entry::Commit { commit: self.next, time }, &[])?;
        self.header.before = time;
        if self.begun == 0 {
            self.begun = time;
        }
        self.flush()
    }

    /// Writes what was added.
    pub(super) fn flush(&mut self) -> Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        if let Err(error) = file.append(&self.buffer) {
            // What is left of it is not mistaken for damage.
            let _ = file.cut(self.len);
            return Err(self.failed("write", error));
        }
        self.len += self.buffer.len() as u64;
        self.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Nothing more is added.
    pub(super) fn close(&mut self) {
        (self.file, self.buffer) = (None, Vec::new());
    }

    /// Whether the open file has enough.
    fn is_full(&self) -> bool {
        let span = self.header.before.saturating_sub(self.begun);
        let is_long = span > self.recording.millis_of_file();
        self.begun != 0 && (self.len >= self.recording.bytes_of_file() || is_long)
    }

    /// Begins a file, and removes those that are not kept any more.
    pub(super) fn begin_file(&mut self) -> Result<()> {
        if self.file.take().is_some() {
            self.closed.push_back(ClosedFile { number: self.number, bytes: self.len, last: self.header.before });
        }
        self.number += 1;
        self.header.first = self.next.max(self.from);
        (self.len, self.begun) = (0, 0);
        let file = self.recording.store.append_to(&file_name(self.number), 0);
        self.file = Some(file.map_err(|error| self.failed("create", error))?);
        let encoded = frame::write(&self.header, &mut self.buffer).map_err(std::io::Error::other);
        encoded.map_err(|error| self.failed("write", error))?;
        self.flush()?;
        self.remove_old();
        Ok(())
    }

    fn remove_old(&mut self) {
        let Recording { store, keep_bytes, .. } = &self.recording;
        let begin = self.header.before.saturating_sub(self.recording.keep_millis());
        let mut bytes = self.recording.bytes_of_file();
        bytes = self.closed.iter().fold(bytes, |sum, file| sum.saturating_add(file.bytes));
        while let Some(file) = self.closed.pop_front_if(|file| file.last < begin || bytes > *keep_bytes) {
            bytes = bytes.saturating_sub(file.bytes);
            let name = file_name(file.number);
            if let Err(error) = store.remove(&name)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                let error = failed("remove", &**store, &name, error);
                report(Level::Warn, "recording", format_args!("more is kept than was wanted: {error:#}"));
            }
        }
    }

    fn failed(&self, what: &str, error: std::io::Error) -> crate::data::Error {
        failed(what, &*self.recording.store, &file_name(self.number), error)
    }

    /// Changes what the header of the next file says of a source.
    pub(super) fn change_source(&mut self, number: u32, change: impl FnOnce(&mut RecordedSource)) {
        if let Some(source) = self.header.sources.get_mut(number as usize) {
            change(source);
        }
    }
}

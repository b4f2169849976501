//! The files of a recording: which there are, and what they begin with.

use std::io::Read;
use std::sync::Arc;

use super::entry::{Entry, Header, VERSION};
use crate::data::{Commit, Error, ErrorKind, Result};
use crate::persistence::frame::{self, Frame};
use crate::persistence::manifest;
use crate::persistence::store::{FileStore, failed};
use crate::telemetry::{Level, report};

/// The name of the file with this number.
pub(super) fn file_name(number: u64) -> String {
    format!("recording-{number:08}")
}

fn number_of(file: &str) -> Option<u64> {
    file.strip_prefix("recording-")?.parse().ok()
}

/// A recording has a place of its own: no state is kept in it.
pub(in crate::persistence) fn refuse_recording(store: &dyn FileStore, files: &[String]) -> Result<()> {
    if !files.iter().any(|file| number_of(file).is_some()) {
        return Ok(());
    }
    let message = format!("`{}` has a recording: persist in another directory", store.name_of(None));
    Err(Error::new(ErrorKind::Persistence, message))
}

/// A file whose header was read.
#[derive(Clone, Debug)]
pub(super) struct RecordingFile {
    pub(super) number: u64,
    pub(super) bytes: u64,
    pub(super) header: Header,
}

/// The files of a recording, in order, with their headers. A file whose header was not written completely is left out: nothing
/// is in it.
///
/// # Errors
/// They cannot be read, are damaged, or are no recording.
pub(super) fn list(store: &Arc<dyn FileStore>) -> Result<Vec<RecordingFile>> {
    let names = store.files().map_err(|error| failed("read", &**store, "", error))?;
    if names.iter().any(|name| name == manifest::FILE) {
        let message = format!(
            "`{}` is the state directory of a pipeline that persists, and no recording: name the directory that \
             `persistence::record` got",
            store.name_of(None)
        );
        return Err(Error::new(ErrorKind::Persistence, message));
    }
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| number_of(name)).collect();
    numbers.sort_unstable();
    let mut files = Vec::new();
    for number in numbers {
        if let Some(entries) = Entries::open(store, number)? {
            files.push(RecordingFile { number, bytes: entries.len, header: entries.header });
        }
    }
    Ok(files)
}

/// The commit behind the last one of a file, if it is known, and the `time` of the last one.
pub(super) fn end_of(store: &Arc<dyn FileStore>, file: &RecordingFile) -> (Option<Commit>, u64) {
    let mut end = (file.header.first, file.header.before);
    match read_to_end(store, file, &mut end) {
        Ok(()) => (Some(end.0), end.1),
        Err(error) => {
            report(
                Level::Warn,
                "recording",
                format_args!("another run is begun, because the last one is damaged: {error:#}"),
            );
            (None, end.1)
        }
    }
}

/// How many commits a run has, whose files these are; `None` if the last one cannot be read.
pub(super) fn commits_of<'a>(
    store: &Arc<dyn FileStore>,
    mut files: impl DoubleEndedIterator<Item = &'a RecordingFile>,
) -> Option<u64> {
    let last = files.next_back()?;
    let first = files.next().unwrap_or(last).header.first;
    let mut end = (last.header.first, 0);
    read_to_end(store, last, &mut end).ok()?;
    end.0.checked_sub(first)
}

/// Finds the commit behind the last one of a file, and the `time` of the last one.
fn read_to_end(store: &Arc<dyn FileStore>, file: &RecordingFile, end: &mut (Commit, u64)) -> Result<()> {
    let (Some(mut entries), mut tail) = (Entries::open(store, file.number)?, Vec::new()) else { return Ok(()) };
    while let Some(entry) = entries.next(&mut tail)? {
        if let Entry::Commit { commit, time } = entry {
            *end = (commit + 1, time);
        }
    }
    Ok(())
}

/// The entries of a file.
pub(super) struct Entries {
    store: Arc<dyn FileStore>,
    number: u64,
    file: Box<dyn Read + Send>,
    /// How many bytes were read, and how many the file has.
    read: u64,
    len: u64,
    pub(super) header: Header,
    /// It ends within an entry.
    pub(super) is_torn: bool,
}

impl Entries {
    /// Opens a file. `None`: its header was not written completely, or it is not there any more.
    pub(super) fn open(store: &Arc<dyn FileStore>, number: u64) -> Result<Option<Self>> {
        let name = file_name(number);
        let fail = |error| failed("read", &**store, &name, error);
        let refuse = |what: String| {
            let message = format!("`{}` {what}", store.name_of(Some(&name)));
            Err(Error::new(ErrorKind::Persistence, message))
        };
        // Headers of other versions have another form, but begin with their number.
        let Some((mut file, len)) = store.read(&name).map_err(fail)? else { return Ok(None) };
        if let Frame::Value(version, _) = frame::read::<u32>(&mut file, len).map_err(fail)?
            && version != VERSION
        {
            return refuse(format!(
                "has version {version} of a recording, and this version of the crate knows {VERSION}: use the version that made \
                 it, or another directory"
            ));
        }
        let Some((mut file, len)) = store.read(&name).map_err(fail)? else { return Ok(None) };
        match frame::read::<Header>(&mut file, len).map_err(fail)? {
            Frame::Value(header, read) => {
                let store = Arc::clone(store);
                Ok(Some(Entries { store, number, file, read, len, header, is_torn: false }))
            }
            Frame::End | Frame::Torn => Ok(None),
            Frame::Corrupt => refuse(DAMAGED.to_owned()),
        }
    }

    /// The next entry, with what is behind it in `tail`; `None` at the end of the file.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub(super) fn next(&mut self, tail: &mut Vec<u8>) -> Result<Option<Entry>> {
        let name = file_name(self.number);
        let frame = frame::read_with(&mut self.file, self.len - self.read, tail);
        match frame.map_err(|error| failed("read", &*self.store, &name, error))? {
            Frame::Value(entry, bytes) => {
                self.read += bytes;
                Ok(Some(entry))
            }
            Frame::End => Ok(None),
            Frame::Torn => {
                self.is_torn = true;
                Ok(None)
            }
            Frame::Corrupt => {
                let message =
                    format!("`{}`, entry at byte {}: the file {DAMAGED}", self.store.name_of(Some(&name)), self.read);
                Err(Error::new(ErrorKind::Persistence, message))
            }
        }
    }

    /// The end of the file, for messages.
    pub(super) fn place(&self) -> String {
        format!("`{}`, byte {}", self.store.name_of(Some(&file_name(self.number))), self.read)
    }
}

const DAMAGED: &str = "is damaged, or another version of this crate has written it: restore the recording from a copy, or record \
                       into another directory";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persistence::MemoryStore;

    #[test]
    fn another_version_is_an_error_that_names_it() {
        let store = MemoryStore::new();
        for version in [VERSION - 1, VERSION + 1] {
            let mut bytes = Vec::new();
            frame::write(&(version, "something else"), &mut bytes).expect("a frame");
            store.replace(&file_name(1), &bytes).expect("a file");
            let store: Arc<dyn FileStore> = Arc::new(store.clone());
            let error = list(&store).expect_err("another version").to_string();
            let words = format!("has version {version} of a recording, and this version of the crate knows {VERSION}");
            assert!(error.contains(&words), "{error}");
        }
    }
}

//! The commit log: files to which records are added, one after the other.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;

use super::frame::{self, Frame};
use super::record::Record;
use super::store::{AppendFile, FileStore, Syncer, failed};
use crate::data::{Commit, Error, ErrorKind, Result};
use crate::telemetry::{Level, report};

/// The name of the log's file with this number.
pub(super) fn file_name(number: u64) -> String {
    format!("log-{number:08}")
}

/// The number of a file of the log.
pub(super) fn number_of(file: &str) -> Option<u64> {
    file.strip_prefix("log-")?.parse().ok()
}

/// The records of a log, from the first one on.
pub(crate) struct Records {
    store: Arc<dyn FileStore>,
    /// The number of the file that is read, and of the last one.
    number: u64,
    last: u64,
    file: Box<dyn Read + Send>,
    /// How many bytes of the file were read, and how many it has.
    done: u64,
    len: u64,
    /// The commit that follows.
    next: Option<Commit>,
    sync: bool,
    /// The numbers and lengths of the files that were read.
    files: Vec<(u64, u64)>,
    /// Records that were read, and not returned yet.
    ahead: VecDeque<Record>,
}

/// A log to which records are added.
pub(crate) struct Log {
    store: Arc<dyn FileStore>,
    /// The number of the file.
    number: u64,
    file: Box<dyn AppendFile>,
    /// How many bytes it has.
    len: u64,
    /// Synchronizes the file, if the log is to survive a power loss.
    syncer: Option<Syncer>,
    buffer: Vec<u8>,
    /// The numbers and lengths of the files before it that a restart reads.
    earlier: Vec<(u64, u64)>,
}

impl Records {
    /// Reads the log from the file with this number on. `next` is the first commit that it must have, if that is known.
    pub(super) fn open(store: Arc<dyn FileStore>, first: u64, next: Option<Commit>, sync: bool) -> Result<Self> {
        let files = store.files().map_err(|error| failed("read", &*store, "", error))?;
        let last = files.iter().filter_map(|file| number_of(file)).max().unwrap_or(first).max(first);
        let mut records = Records {
            store,
            number: first,
            last,
            file: empty(),
            done: 0,
            len: 0,
            next,
            sync,
            files: Vec::new(),
            ahead: VecDeque::new(),
        };
        records.open_file()?;
        Ok(records)
    }

    fn open_file(&mut self) -> Result<()> {
        let name = file_name(self.number);
        let file = self.store.read(&name).map_err(|error| failed("read", &*self.store, &name, error))?;
        (self.file, self.len) = match file {
            Some((file, len)) => (file, len),
            // A new log has no file yet.
            None if self.number == self.last && self.next.is_none_or(|next| next == 0) => (empty(), 0),
            None => {
                let message = format!("`{}` is not there: restore it from a copy", self.store.name_of(Some(&name)));
                return Err(Error::new(ErrorKind::Persistence, message));
            }
        };
        self.done = 0;
        Ok(())
    }

    /// The next record; `None` behind the last one.
    ///
    /// # Errors
    /// The log cannot be read, or is not as it was written.
    pub(crate) fn next(&mut self) -> Result<Option<Record>> {
        match self.ahead.pop_front() {
            Some(record) => Ok(Some(record)),
            None => self.read(),
        }
    }

    /// The digests of what the commit has written whose record was returned last; `None` if the log does not have them.
    ///
    /// # Errors
    /// Those of [`next`](Records::next).
    pub(crate) fn output(&mut self) -> Result<Option<Vec<(u32, u32)>>> {
        // They are in the record of the commit that follows.
        let of =
            |record: &Record| if let Record::Commit(next) = record { Some(next.output_before.clone()) } else { None };
        if let Some(output) = self.ahead.iter().find_map(of) {
            return Ok(output);
        }
        while let Some(record) = self.read()? {
            let output = of(&record);
            self.ahead.push_back(record);
            if let Some(output) = output {
                return Ok(output);
            }
        }
        Ok(None)
    }

    fn read(&mut self) -> Result<Option<Record>> {
        loop {
            let name = file_name(self.number);
            let is_last = self.number == self.last;
            let frame = frame::read(&mut self.file, self.len - self.done);
            match frame.map_err(|error| failed("read", &*self.store, &name, error))? {
                Frame::Value(record, len) => {
                    self.done += len;
                    self.check_commit(&record)?;
                    return Ok(Some(record));
                }
                Frame::End if is_last => return Ok(None),
                Frame::End => {
                    self.files.push((self.number, self.done));
                    self.number += 1;
                    self.open_file()?;
                }
                Frame::Torn if is_last => {
                    let message = format_args!(
                        "`{}`: the record at byte {} was not written completely, and is removed: its commit had no output yet",
                        self.store.name_of(Some(&name)),
                        self.done
                    );
                    report(Level::Warn, "persistence", message);
                    self.len = self.done;
                    return Ok(None);
                }
                Frame::Torn | Frame::Corrupt => return Err(self.damaged("is not as it was written")),
            }
        }
    }

    /// Commits follow each other without a gap.
    fn check_commit(&mut self, record: &Record) -> Result<()> {
        let Record::Commit(record) = record else { return Ok(()) };
        if self.next.is_some_and(|next| next != record.commit) {
            return Err(self.damaged("is of another commit than the one that follows"));
        }
        self.next = Some(record.commit + 1);
        Ok(())
    }

    fn damaged(&self, what: &str) -> Error {
        let message = format!(
            "`{}`: the record at byte {} {what}: the file is damaged, or another version of this crate has written it; restore \
             the directory from a copy, or remove it to begin anew, with other output streams",
            self.store.name_of(Some(&file_name(self.number))),
            self.done
        );
        Error::new(ErrorKind::Persistence, message)
    }

    /// The log, to add records behind those that were read. What is left of a record that was not written completely is removed.
    pub(crate) fn into_log(self) -> Result<Log> {
        let Records { store, number, done, sync, files, .. } = self;
        let name = file_name(number);
        let file = store.append_to(&name, done).map_err(|error| failed("write", &*store, &name, error))?;
        let syncer =
            if sync { Some(file.syncer().map_err(|error| failed("write", &*store, &name, error))?) } else { None };
        Ok(Log { store, number, file, len: done, syncer, buffer: Vec::new(), earlier: files })
    }
}

fn empty() -> Box<dyn Read + Send> {
    Box::new(std::io::empty())
}

impl Log {
    /// Adds a record. When it returns, the record survives the end of this process.
    ///
    /// # Errors
    /// The disk is full, for example. Nothing of the record is left in the file then, if that is possible.
    pub(crate) fn append(&mut self, record: &Record) -> Result<()> {
        self.buffer.clear();
        let encoded = frame::write(record, &mut self.buffer).map_err(std::io::Error::other);
        let written = encoded.and_then(|()| self.file.append(&self.buffer));
        if let Err(error) = written {
            // The next record, of another thread, must not leave a gap.
            let _ = self.file.cut(self.len);
            return Err(failed("write", &*self.store, &file_name(self.number), error));
        }
        self.len += self.buffer.len() as u64;
        Ok(())
    }

    /// How many bytes a restart reads.
    pub(super) fn bytes(&self) -> u64 {
        self.earlier.iter().map(|(_, len)| len).sum::<u64>() + self.len
    }

    /// A restart begins with the file of this number.
    pub(super) fn forget_before(&mut self, number: u64) {
        self.earlier.retain(|(earlier, _)| *earlier >= number);
    }

    /// What synchronizes the file, and the file's name.
    pub(super) fn syncer(&self) -> (Syncer, String) {
        let nothing = || -> Syncer { Arc::new(|| Ok(())) };
        (self.syncer.clone().unwrap_or_else(nothing), file_name(self.number))
    }

    /// Waits until all records survive a power loss, if they are to.
    pub(crate) fn sync(&self) -> Result<()> {
        let (sync, name) = self.syncer();
        sync().map_err(|error| failed("write", &*self.store, &name, error))
    }

    /// Adds the following records to another file. Returns its number.
    pub(crate) fn begin_file(&mut self) -> Result<u64> {
        self.sync()?;
        let (number, sync) = (self.number + 1, self.syncer.is_some());
        let name = file_name(number);
        let begin = |store: &dyn FileStore| {
            if sync {
                // The file's name survives a power loss, too.
                store.replace(&name, &[])?;
            }
            store.append_to(&name, 0)
        };
        let created = |error| failed("create", &*self.store, &name, error);
        let file = begin(&*self.store).map_err(created)?;
        if sync {
            self.syncer = Some(file.syncer().map_err(created)?);
        }
        self.file = file;
        self.earlier.push((self.number, self.len));
        (self.number, self.len) = (number, 0);
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::MemoryStore;
    use super::*;

    fn records(store: &Arc<dyn FileStore>) -> (Vec<Record>, Result<Log>) {
        let mut read = Records::open(Arc::clone(store), 1, None, false).expect("a file");
        let mut records = Vec::new();
        loop {
            match read.next() {
                Ok(Some(record)) => records.push(record),
                Ok(None) => return (records, read.into_log()),
                Err(error) => return (records, Err(error)),
            }
        }
    }

    fn bytes(store: &Arc<dyn FileStore>, number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let (mut file, _) = store.read(&file_name(number)).expect("read").expect("a file");
        file.read_to_end(&mut bytes).expect("the file");
        bytes
    }

    #[test]
    fn a_torn_record_is_removed_and_a_damaged_one_is_an_error() {
        let store: Arc<dyn FileStore> = Arc::new(MemoryStore::new());
        let confirmed = |commits: std::ops::Range<u64>| commits.map(Record::Confirmed).collect::<Vec<_>>();
        let (read, log) = records(&store);
        assert_eq!(read, []);
        let mut log = log.expect("a log");
        confirmed(0..3).iter().for_each(|record| log.append(record).expect("written"));
        drop(log);
        // The last record is cut.
        let written = bytes(&store, 1);
        store.replace(&file_name(1), &written[..written.len() - 1]).expect("a file");
        let (read, log) = records(&store);
        assert_eq!(read, confirmed(0..2));
        let mut log = log.expect("a log");
        log.append(&Record::Confirmed(7)).expect("written");
        drop(log);
        let (read, log) = records(&store);
        assert_eq!(read, [0, 1, 7].map(Record::Confirmed));
        drop(log);
        // A bit of the second one is flipped.
        let mut flipped = bytes(&store, 1);
        let second = flipped.len() / 2;
        flipped[second] ^= 4;
        store.replace(&file_name(1), &flipped).expect("a file");
        let (read, log) = records(&store);
        assert_eq!(read, confirmed(0..1));
        let error = log.err().expect("an error").to_string();
        assert!(error.contains("the record at byte 14 is not as it was written"), "{error}");
    }

    #[test]
    fn a_log_goes_on_in_the_next_file_and_a_gap_is_an_error() {
        let store: Arc<dyn FileStore> = Arc::new(MemoryStore::new());
        let (_, log) = records(&store);
        let mut log = log.expect("a log");
        log.append(&Record::Confirmed(1)).expect("written");
        assert_eq!(log.begin_file().expect("a file"), 2);
        log.append(&Record::Confirmed(2)).expect("written");
        let (read, log) = records(&store);
        assert_eq!(read, [1, 2].map(Record::Confirmed));
        log.expect("a log").begin_file().expect("a file");
        // The end of a file that is not the last one was lost with the machine's power.
        let first = bytes(&store, 1);
        store.replace(&file_name(1), &first[..first.len() - 1]).expect("a file");
        assert!(records(&store).1.is_err());
        store.replace(&file_name(1), &first).expect("a file");
        store.remove(&file_name(2)).expect("removed");
        let error = records(&store).1.err().expect("an error").to_string();
        assert!(error.contains("`memory/log-00000002` is not there"), "{error}");
    }
}

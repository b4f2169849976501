//! The commit log: a file to which records are added.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::frame::{self, Frame};
use super::record::Record;
use crate::data::{Error, ErrorKind, Result};
use crate::telemetry::{Level, report};

/// The records of a log, from the first on.
pub(crate) struct Records {
    reader: BufReader<File>,
    path: PathBuf,
    /// How many bytes were read.
    read: u64,
    len: u64,
    sync: bool,
}

/// A log to which records are added.
pub(crate) struct Log {
    file: File,
    path: PathBuf,
    /// How many bytes it has.
    len: u64,
    /// Whether each record is on the disk before `append` returns.
    sync: bool,
    buffer: Vec<u8>,
}

impl Records {
    pub(super) fn open(path: &Path, sync: bool) -> Result<Self> {
        let open = || {
            let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
            let len = file.metadata()?.len();
            Ok((file, len))
        };
        let (file, len) = open().map_err(|error| failed("open", path, error))?;
        Ok(Records { reader: BufReader::new(file), path: path.to_owned(), read: 0, len, sync })
    }

    /// The next record; `None` behind the last one.
    ///
    /// # Errors
    /// The file cannot be read, or is not as it was written.
    pub(crate) fn next(&mut self) -> Result<Option<Record>> {
        let frame = frame::read(&mut self.reader, self.len - self.read);
        match frame.map_err(|error| failed("read", &self.path, error))? {
            Frame::Value(record, len) => {
                self.read += len;
                Ok(Some(record))
            }
            Frame::End => Ok(None),
            Frame::Torn => {
                let message = format_args!(
                    "`{}`: the record at byte {} was not written completely, and is removed: its commit had no output yet",
                    self.path.display(),
                    self.read
                );
                report(Level::Warn, "persistence", message);
                self.len = self.read;
                Ok(None)
            }
            Frame::Corrupt => {
                let message = format!(
                    "`{}`: the record at byte {} is not as it was written: the file is damaged, or another version of this crate \
                     has written it; restore the directory from a copy, or remove it to begin anew, with other output streams",
                    self.path.display(),
                    self.read
                );
                Err(Error::new(ErrorKind::Persistence, message))
            }
        }
    }

    /// The log, to add records behind those that were read. What is left of a record that was not written completely is removed.
    pub(crate) fn into_log(self) -> Result<Log> {
        let Records { reader, path, read, sync, .. } = self;
        let mut file = reader.into_inner();
        let cut = |file: &mut File| {
            file.set_len(read)?;
            file.seek(SeekFrom::Start(read))
        };
        cut(&mut file).map_err(|error| failed("write", &path, error))?;
        Ok(Log { file, path, len: read, sync, buffer: Vec::new() })
    }
}

impl Log {
    /// Adds a record. When it returns, the record survives the end of this process, and with `sync` that of the machine.
    ///
    /// # Errors
    /// The disk is full, for example. Nothing of the record is left in the file then, if that is possible.
    pub(crate) fn append(&mut self, record: &Record) -> Result<()> {
        self.buffer.clear();
        let encoded = frame::write(record, &mut self.buffer).map_err(std::io::Error::other);
        let written = encoded.and_then(|()| {
            self.file.write_all(&self.buffer)?;
            if self.sync { self.file.sync_data() } else { Ok(()) }
        });
        if let Err(error) = written {
            // The next record, of another thread, must not leave a gap.
            let _ = self.file.set_len(self.len).and_then(|()| self.file.seek(SeekFrom::Start(self.len)));
            return Err(failed("write", &self.path, error));
        }
        self.len += self.buffer.len() as u64;
        Ok(())
    }
}

/// The error of an operation on a file.
pub(super) fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Persistence, format!("cannot {what} `{}`", path.display())).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(path: &Path) -> (Vec<Record>, Result<Log>) {
        let mut read = Records::open(path, false).expect("a file");
        let mut records = Vec::new();
        loop {
            match read.next() {
                Ok(Some(record)) => records.push(record),
                Ok(None) => return (records, read.into_log()),
                Err(error) => return (records, Err(error)),
            }
        }
    }

    #[test]
    fn a_torn_record_is_removed_and_a_damaged_one_is_an_error() {
        let dir = std::env::temp_dir().join(format!("pathway-log-{}-{:x}", std::process::id(), fastrand::u64(..)));
        std::fs::create_dir_all(&dir).expect("a directory");
        let path = dir.join("log");
        let confirmed = |commits: std::ops::Range<u64>| commits.map(Record::Confirmed).collect::<Vec<_>>();
        let (read, log) = records(&path);
        assert_eq!(read, []);
        let mut log = log.expect("a log");
        confirmed(0..3).iter().for_each(|record| log.append(record).expect("written"));
        drop(log);
        // The last record is cut.
        let bytes = std::fs::read(&path).expect("the file");
        std::fs::write(&path, &bytes[..bytes.len() - 1]).expect("a file");
        let (read, log) = records(&path);
        assert_eq!(read, confirmed(0..2));
        let mut log = log.expect("a log");
        log.append(&Record::Confirmed(7)).expect("written");
        drop(log);
        let (read, log) = records(&path);
        assert_eq!(read, [0, 1, 7].map(Record::Confirmed));
        drop(log);
        // A bit of the second one is flipped.
        let mut bytes = std::fs::read(&path).expect("the file");
        let second = bytes.len() / 2;
        bytes[second] ^= 4;
        std::fs::write(&path, &bytes).expect("a file");
        let (read, log) = records(&path);
        assert_eq!(read, confirmed(0..1));
        let error = log.err().expect("an error").to_string();
        assert!(error.contains("the record at byte 14 is not as it was written"), "{error}");
        std::fs::remove_dir_all(&dir).expect("removed");
    }
}

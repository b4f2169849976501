//! Files in a directory.

use std::any::Any;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{AppendFile, FileStore, NEW, NewFile, Syncer, failed};
use crate::data::{Error, ErrorKind, Result};

/// How often it is looked whether a file to which is written is still there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A directory.
#[derive(Clone, Debug)]
pub(in crate::persistence) struct DirectoryStore(pub(in crate::persistence) PathBuf);

impl FileStore for DirectoryStore {
    fn name_of(&self, file: Option<&str>) -> String {
        file.map_or(self.0.clone(), |file| self.0.join(file)).display().to_string()
    }

    fn place(&self) -> PathBuf {
        // What is there of it is without links. The rest is created.
        let path = std::path::absolute(&self.0).unwrap_or_else(|_| self.0.clone());
        for existing in path.ancestors() {
            if let (Ok(real), Ok(rest)) = (existing.canonicalize(), path.strip_prefix(existing)) {
                return real.join(rest);
            }
        }
        path
    }

    fn lock(&self) -> Result<Box<dyn Any + Send>> {
        if self.0.as_os_str().is_empty() {
            let message = "the name of a directory is empty: a variable that the program takes it from may not be set";
            return Err(Error::new(ErrorKind::Config, message));
        }
        fs::create_dir_all(&self.0).map_err(|error| {
            let message = format!("cannot create the directory `{}`", self.0.display());
            Error::new(ErrorKind::Persistence, message).with_source(error)
        })?;
        let file = self.0.join("lock");
        let open = File::options().write(true).create(true).truncate(false).open(&file);
        let lock = open.map_err(|error| failed("open", self, "lock", error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!(
                    "the directory `{}` is in use: another pipeline runs with it, in this or another process; end that one \
                     first, or use another directory",
                    self.0.display()
                );
                return Err(Error::new(ErrorKind::Persistence, message));
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock", self, "lock", error)),
        }
        Ok(Box::new(Lock(lock)))
    }

    fn files(&self) -> io::Result<Vec<String>> {
        fs::read_dir(&self.0)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn read(&self, file: &str) -> io::Result<Option<(Box<dyn Read + Send>, u64)>> {
        let file = match File::open(self.0.join(file)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let len = file.metadata()?.len();
        Ok(Some((Box::new(BufReader::with_capacity(256 << 10, file)), len)))
    }

    fn replace(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let mut new = self.create(file)?;
        new.write(bytes)?;
        new.finish()
    }

    fn append_to(&self, file: &str, len: u64) -> io::Result<Box<dyn AppendFile>> {
        let file = File::options().write(true).create(true).truncate(false).open(self.0.join(file))?;
        let mut file = Appended { file, looked_at: Instant::now() };
        file.cut(len)?;
        Ok(Box::new(file))
    }

    fn create(&self, file: &str) -> io::Result<Box<dyn NewFile>> {
        let path = self.0.join(file);
        let new = self.0.join(format!("{file}{NEW}"));
        let file = BufWriter::with_capacity(256 << 10, File::create(&new)?);
        Ok(Box::new(Unfinished { file, new: Some(new), path }))
    }

    fn remove(&self, file: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(file))
    }
}

/// The lock of a directory.
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is being started may have it open for a moment.
        let _ = self.0.unlock();
    }
}

/// A file to which bytes are added.
struct Appended {
    file: File,
    /// When the file was last there.
    looked_at: Instant,
}

impl Appended {
    /// Fails if the file has no name any more: what is added to it would be lost.
    fn check(&mut self) -> io::Result<()> {
        if self.looked_at.elapsed() < LOOK_EVERY {
            return Ok(());
        }
        self.looked_at = Instant::now();
        if is_removed(&self.file)? {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the file was removed while it was in use"));
        }
        Ok(())
    }
}

#[cfg(unix)]
fn is_removed(file: &File) -> io::Result<bool> {
    Ok(std::os::unix::fs::MetadataExt::nlink(&file.metadata()?) == 0)
}

#[cfg(not(unix))]
fn is_removed(_: &File) -> io::Result<bool> {
    Ok(false)
}

impl AppendFile for Appended {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.check()?;
        self.file.write_all(bytes)
    }

    fn syncer(&self) -> io::Result<Syncer> {
        let file = self.file.try_clone()?;
        Ok(Arc::new(move || file.sync_data()))
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)?;
        self.file.seek(SeekFrom::Start(len)).map(drop)
    }
}

/// A file under another name, until it is complete.
struct Unfinished {
    file: BufWriter<File>,
    new: Option<PathBuf>,
    path: PathBuf,
}

impl NewFile for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        if let Some(new) = &self.new {
            fs::rename(new, &self.path)?;
        }
        self.new = None;
        self.path.parent().map_or(Ok(()), sync_folder)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(new) = &self.new {
            let _ = fs::remove_file(new);
        }
    }
}

/// Makes the names of a directory survive a power loss.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

//! A temporary folder, such as that of a server: its configuration, JetStream store, log and ports file.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::Error;

/// A new folder under the system's temporary folder, removed on drop.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(crate) fn create() -> Result<Self, Error> {
        static NEXT: AtomicU32 = AtomicU32::new(0);

        loop {
            let name = format!("pathway-testkit-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                // Left over from an earlier process with the same id.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io(format!("creating {}", path.display()))(error)),
            }
        }
    }

    /// Replaces the server's configuration.
    pub(crate) fn configure(&self, config: &str) -> Result<(), Error> {
        let file = self.config();
        fs::write(&file, config).map_err(Error::io(format!("writing {}", file.display())))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path.join("server.conf")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path.join("store")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// Where the server with this process id writes the port that it picked.
    pub(crate) fn ports_file(&self, pid: u32) -> PathBuf {
        self.path.join(format!("nats-server_{pid}.ports"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A leftover in the temporary folder must not fail a test that passed.
        let _ = fs::remove_dir_all(&self.path);
    }
}

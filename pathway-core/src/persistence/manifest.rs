//! The manifest: which pipeline a directory belongs to, and what was there when it was made.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::frame::{self, Frame};
use super::log::failed;
use crate::data::{Error, ErrorKind, Result};

/// The version of the files in a directory.
pub(super) const VERSION: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) version: u32,
    /// Random: it tells this pipeline's output from that of any other one.
    pub(super) lineage: u64,
    /// How often the pipeline was started.
    pub(super) epoch: u64,
    pub(super) pipeline: String,
    /// The program: a line for each node.
    pub(super) program: Vec<String>,
    /// The last sequence of each output stream when its sink was started for the first time.
    pub(super) bases: BTreeMap<String, u64>,
}

impl Manifest {
    /// The manifest of a directory; `None` if it has none.
    pub(super) fn read(path: &Path) -> Result<Option<Manifest>> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", path, error)),
        };
        let frame = frame::read(&mut &*bytes, bytes.len() as u64).map_err(|error| failed("read", path, error))?;
        match frame {
            Frame::Value(manifest, _) => {
                let manifest: Manifest = manifest;
                if manifest.version == VERSION {
                    return Ok(Some(manifest));
                }
                let message = format!(
                    "`{}` has version {}, and this version of the crate writes {VERSION}: use the version that made it",
                    path.display(),
                    manifest.version
                );
                Err(Error::new(ErrorKind::Persistence, message))
            }
            Frame::End | Frame::Torn | Frame::Corrupt => {
                let message = format!("`{}` is damaged: restore the directory from a copy", path.display());
                Err(Error::new(ErrorKind::Persistence, message))
            }
        }
    }

    /// Replaces the manifest of a directory. After a crash at any moment, the old or the new one is there.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let (mut bytes, new) = (Vec::new(), path.with_extension("new"));
        frame::write(self, &mut bytes).map_err(|error| failed("write", path, std::io::Error::other(error)))?;
        let write = || {
            let mut file = File::create(&new)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&new, path)?;
            let Some(folder) = path.parent() else { return Ok(()) };
            // The new name is on the disk.
            File::open(folder)?.sync_all()
        };
        write().map_err(|error| failed("write", path, error))
    }
}

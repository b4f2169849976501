//! Files with states of operators: the parts of checkpoints.
//!
//! A part is a sequence of frames: what the part is, pieces of states, and an end with their number. Parts are complete, because
//! their files are there only once they are finished; the end tells a part whose last bytes were lost.

use std::io::Read;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::frame::{self, Frame};
use super::manifest::Part;
use super::store::{FileStore, NewFile, failed};
use crate::data::{Error, ErrorKind, Result};

/// The name of the file of the part with this number.
pub(super) fn file_name(number: u64) -> String {
    format!("part-{number:08}")
}

/// The number of a part's file.
pub(super) fn number_of(file: &str) -> Option<u64> {
    file.strip_prefix("part-")?.parse().ok()
}

/// What a frame has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Content {
    /// The first frame.
    Begin {
        /// How many workers have written it.
        workers: u64,
    },
    /// A piece of a state follows.
    Piece(PieceOf),
    /// The last frame, with the number of pieces.
    End(u64),
}

/// Of which state a piece is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PieceOf {
    /// The name of the node.
    pub(crate) node: String,
    /// The state's label in its node.
    pub(crate) label: String,
    /// The worker that has written it.
    pub(crate) worker: u64,
}

/// Writes a part.
pub(super) struct PartWriter {
    store: Arc<dyn FileStore>,
    name: String,
    file: Box<dyn NewFile>,
    pieces: u64,
    bytes: u64,
    buffer: Vec<u8>,
}

impl PartWriter {
    pub(super) fn create(store: Arc<dyn FileStore>, number: u64, workers: u64) -> Result<Self> {
        let name = file_name(number);
        let file = store.create(&name).map_err(|error| failed("create", &*store, &name, error))?;
        let mut writer = PartWriter { store, name, file, pieces: 0, bytes: 0, buffer: Vec::new() };
        writer.write(&Content::Begin { workers }, &[])?;
        Ok(writer)
    }

    pub(super) fn add(&mut self, of: PieceOf, piece: &[u8]) -> Result<()> {
        self.pieces += 1;
        self.write(&Content::Piece(of), piece)
    }

    /// Completes the part. Returns its size in bytes.
    pub(super) fn finish(mut self) -> Result<u64> {
        self.write(&Content::End(self.pieces), &[])?;
        let PartWriter { store, name, file, bytes, .. } = self;
        file.finish().map_err(|error| failed("write", &*store, &name, error))?;
        Ok(bytes)
    }

    fn write(&mut self, content: &Content, tail: &[u8]) -> Result<()> {
        self.buffer.clear();
        let encoded = frame::write_with(content, tail, &mut self.buffer).map_err(std::io::Error::other);
        let written = encoded.and_then(|()| self.file.write(&self.buffer));
        written.map_err(|error| failed("write", &*self.store, &self.name, error))?;
        self.bytes += self.buffer.len() as u64;
        Ok(())
    }
}

/// Reads a part.
pub(crate) struct PartReader {
    store: Arc<dyn FileStore>,
    name: String,
    file: Box<dyn Read + Send>,
    rest: u64,
    /// How many workers have written it.
    pub(crate) workers: u64,
    pieces: u64,
}

impl PartReader {
    pub(super) fn open(store: Arc<dyn FileStore>, part: &Part) -> Result<Self> {
        let name = file_name(part.number);
        let (file, rest) = match store.read(&name) {
            Ok(Some(file)) => file,
            Ok(None) => return Err(damaged(&*store, &name, "is not there")),
            Err(error) => return Err(failed("read", &*store, &name, error)),
        };
        let mut reader = PartReader { store, name, file, rest, workers: 0, pieces: 0 };
        match reader.read(&mut Vec::new())? {
            Content::Begin { workers } => reader.workers = workers,
            Content::Piece(_) | Content::End(_) => return Err(reader.damaged()),
        }
        Ok(reader)
    }

    /// Reads the next piece into `piece`; `None` behind the last one.
    pub(crate) fn next(&mut self, piece: &mut Vec<u8>) -> Result<Option<PieceOf>> {
        match self.read(piece)? {
            Content::Piece(of) => {
                self.pieces += 1;
                Ok(Some(of))
            }
            Content::End(pieces) if pieces == self.pieces && self.rest == 0 => Ok(None),
            Content::Begin { .. } | Content::End(_) => Err(self.damaged()),
        }
    }

    fn read(&mut self, piece: &mut Vec<u8>) -> Result<Content> {
        let frame = frame::read_with(&mut self.file, self.rest, piece);
        match frame.map_err(|error| failed("read", &*self.store, &self.name, error))? {
            Frame::Value(content, len) => {
                self.rest -= len;
                Ok(content)
            }
            Frame::End | Frame::Torn | Frame::Corrupt => Err(self.damaged()),
        }
    }

    /// The part is not as it was written, or a piece of it is not of the state that it is for.
    pub(crate) fn damaged(&self) -> Error {
        damaged(&*self.store, &self.name, "is not as it was written")
    }
}

fn damaged(store: &dyn FileStore, name: &str, what: &str) -> Error {
    let message = format!(
        "`{}` {what}: restore the directory from a copy, or remove it to begin anew, with other output streams",
        store.name_of(Some(name))
    );
    Error::new(ErrorKind::Persistence, message)
}

#[cfg(test)]
mod tests {
    use super::super::store::MemoryStore;
    use super::*;

    fn pieces(store: &Arc<dyn FileStore>) -> Result<Vec<(PieceOf, Vec<u8>)>> {
        let mut reader = PartReader::open(Arc::clone(store), &Part { number: 1, bytes: 0 })?;
        assert_eq!(reader.workers, 2);
        let (mut pieces, mut piece) = (Vec::new(), Vec::new());
        while let Some(of) = reader.next(&mut piece)? {
            pieces.push((of, piece.clone()));
        }
        Ok(pieces)
    }

    #[test]
    fn pieces_come_back_and_any_damage_is_noticed() {
        let store: Arc<dyn FileStore> = Arc::new(MemoryStore::new());
        let mut writer = PartWriter::create(Arc::clone(&store), 1, 2).expect("a part");
        let of = |worker| PieceOf { node: "reduce".to_owned(), label: "groups".to_owned(), worker };
        let expected = vec![(of(0), vec![1, 2, 3]), (of(1), Vec::new()), (of(1), vec![9; 100])];
        for (of, piece) in &expected {
            writer.add(of.clone(), piece).expect("added");
        }
        assert!(pieces(&store).is_err(), "it is not there before it is finished");
        let bytes = writer.finish().expect("finished");
        assert_eq!(pieces(&store).expect("pieces"), expected);
        let (mut file, len) = store.read(&file_name(1)).expect("read").expect("a file");
        assert_eq!(len, bytes);
        let mut written = Vec::new();
        file.read_to_end(&mut written).expect("the file");
        for byte in 0..written.len() {
            store.replace(&file_name(1), &written[..byte]).expect("cut");
            assert!(pieces(&store).is_err(), "cut at {byte}");
            let mut flipped = written.clone();
            flipped[byte] ^= 16;
            store.replace(&file_name(1), &flipped).expect("flipped");
            assert!(pieces(&store).is_err(), "flipped at {byte}");
        }
    }
}

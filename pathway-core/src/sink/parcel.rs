//! The messages of one commit for one sink.

use std::ops::Range;
use std::sync::Arc;

use crate::data::Commit;

/// The messages of one commit for one sink, in the order in which they are to be published.
#[derive(Debug)]
pub struct Parcel {
    /// The commit that they belong to.
    pub commit: Commit,
    /// Its time on the wire: unix milliseconds.
    pub time: u64,
    /// The subject of all messages.
    pub subject: Arc<str>,
    /// Their payloads, one behind the other.
    pub payloads: Vec<u8>,
    /// Where each payload lies, and what it says.
    pub letters: Vec<Letter>,
}

/// One message of a [`Parcel`].
#[derive(Clone, Debug)]
pub struct Letter {
    /// Where its payload lies in [`Parcel::payloads`].
    pub payload: Range<usize>,
    /// Whether it tells of a row that comes (`diff` 1) or of one that goes (`diff` -1).
    pub come: bool,
}

impl Parcel {
    /// The memory that the parcel holds, in bytes.
    pub fn weight(&self) -> usize {
        self.payloads.len() + self.letters.len() * size_of::<Letter>()
    }
}

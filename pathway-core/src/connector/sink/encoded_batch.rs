//! The messages of one commit for one sink.

use std::ops::Range;
use std::sync::Arc;

use crate::data::{Commit, EncodeError};

/// The messages of one commit for one sink, in the order in which they are to be published.
#[derive(Debug)]
pub struct EncodedBatch {
    /// The commit that they belong to.
    pub commit: Commit,
    /// Its time on the wire: unix milliseconds.
    pub time: u64,
    /// The subject of all messages that have none of their own.
    pub subject: Arc<str>,
    /// Their payloads, one behind the other.
    pub payloads: Vec<u8>,
    /// Where each payload lies, and what it says.
    pub letters: Vec<OutgoingMessage>,
    /// The memory that the letters' labels hold, in bytes.
    labels: usize,
}

/// One message of a [`EncodedBatch`].
#[derive(Clone, Debug)]
pub struct OutgoingMessage {
    /// Where its payload lies in [`EncodedBatch::payloads`].
    pub payload: Range<usize>,
    /// Whether it tells of a row that comes (`diff` 1) or of one that goes (`diff` -1).
    pub come: bool,
    /// What is its own; `None` where it is like all others, which costs nothing.
    pub label: Option<Box<MessageMeta>>,
}

/// What one [`OutgoingMessage`] has of its own.
#[derive(Clone, Debug, Default)]
pub struct MessageMeta {
    /// Its subject, in place of the parcel's.
    pub subject: Option<Arc<str>>,
    /// Its headers, in this order, behind `pathway_time` and `pathway_diff`.
    ///
    /// They come from data, and may hold what no header can; see [`EncodedBatch::complaint`].
    pub headers: Vec<(Arc<str>, String)>,
    /// What tells it from all others, for a server that drops what it has already: the header `Nats-Msg-Id`.
    pub message_id: Option<String>,
    /// Whether it goes without `pathway_time` and `pathway_diff`, as it tells of no change: a dead letter of a source, or a
    /// value of a bucket.
    pub bare: bool,
    /// Whether it is a dead letter already.
    pub dead: bool,
    /// Why it can't be published at all, where that is known already.
    pub reject: Option<EncodeError>,
}

impl EncodedBatch {
    /// An empty parcel.
    pub fn new(commit: Commit, time: u64, subject: Arc<str>) -> Self {
        EncodedBatch { commit, time, subject, payloads: Vec::new(), letters: Vec::new(), labels: 0 }
    }

    /// Adds a letter, which says what was appended to the payloads since the letter before.
    pub fn push(&mut self, come: bool, label: Option<Box<MessageMeta>>) {
        let begin = self.letters.last().map_or(0, |letter| letter.payload.end);
        self.labels += label.as_deref().map_or(0, MessageMeta::weight);
        self.letters.push(OutgoingMessage { payload: begin..self.payloads.len(), come, label });
    }

    /// The memory that the parcel holds, in bytes.
    pub fn weight(&self) -> usize {
        self.payloads.len() + self.letters.len() * size_of::<OutgoingMessage>() + self.labels
    }

    /// Where a letter of this parcel goes to.
    pub fn subject_of<'a>(&'a self, letter: &'a OutgoingMessage) -> &'a str {
        let own = letter.label.as_ref().and_then(|label| label.subject.as_deref());
        own.unwrap_or(&self.subject)
    }

    /// What a letter of this parcel says.
    pub fn payload_of(&self, letter: &OutgoingMessage) -> &[u8] {
        &self.payloads[letter.payload.clone()]
    }
}

impl MessageMeta {
    fn weight(&self) -> usize {
        let headers = self.headers.iter().map(|(_, value)| value.len() + size_of::<(Arc<str>, String)>());
        size_of::<Self>() + self.subject.as_ref().map_or(0, |subject| subject.len()) + headers.sum::<usize>()
    }
}

//! The messages of one commit for one sink.

use std::hash::Hasher;
use std::ops::Range;
use std::sync::Arc;

use super::OutputBatch;
use crate::data::{Commit, EncodeError};

/// The messages of one commit for one sink, in the order in which they are to be published.
#[derive(Debug)]
pub struct EncodedBatch {
    /// The commit that they belong to.
    pub commit: Commit,
    /// The time of the commit on the wire: unix milliseconds.
    pub time: u64,
    /// The subject of all messages that have no subject of their own.
    pub subject: Arc<str>,
    /// The payloads, one after the other.
    pub payloads: Vec<u8>,
    /// The messages, in the order in which they are to be published.
    pub messages: Vec<OutgoingMessage>,
    /// The memory that the metadata of the messages takes, in bytes.
    meta_weight: usize,
}

/// One message of a [`EncodedBatch`].
#[derive(Clone, Debug)]
pub struct OutgoingMessage {
    /// The range of the payload in [`EncodedBatch::payloads`].
    pub payload: Range<usize>,
    /// Whether a row is inserted (`diff` 1) or removed (`diff` -1).
    pub inserted: bool,
    /// Its metadata. `None` if the message is like all others; that costs nothing.
    pub meta: Option<Box<MessageMeta>>,
}

/// The metadata of one [`OutgoingMessage`].
#[derive(Clone, Debug, Default)]
pub struct MessageMeta {
    /// Its subject, instead of that of the batch.
    pub subject: Option<Arc<str>>,
    /// Its headers, which follow `pathway_time` and `pathway_diff` in this order.
    ///
    /// They come from data, and may be invalid; see [EncodedBatch::error_of].
    pub headers: Vec<(Arc<str>, String)>,
    /// Its unique id, by which a server recognises duplicates: the header `Nats-Msg-Id`.
    pub message_id: Option<String>,
    /// It has neither `pathway_time` nor `pathway_diff`, because it is not a change of a table: it is a dead letter of a source,
    /// or a value of a bucket.
    pub no_change_info: bool,
    /// Its table did not have a row of its key before: a bucket is likely to have no message of it.
    pub new_key: bool,
    /// It is a dead letter already.
    pub dead_letter: bool,
    /// Why it cannot be published, where that is known already.
    pub error: Option<EncodeError>,
}

impl EncodedBatch {
    /// An empty batch.
    pub fn new(commit: Commit, time: u64, subject: Arc<str>) -> Self {
        EncodedBatch { commit, time, subject, payloads: Vec::new(), messages: Vec::new(), meta_weight: 0 }
    }

    /// Adds a message. Its payload is what was appended to the payloads since the previous message.
    pub fn push(&mut self, inserted: bool, meta: Option<Box<MessageMeta>>) {
        let begin = self.messages.last().map_or(0, |message| message.payload.end);
        self.meta_weight += meta.as_deref().map_or(0, MessageMeta::weight);
        self.messages.push(OutgoingMessage { payload: begin..self.payloads.len(), inserted, meta });
    }

    /// The messages, in the order in which they are to be published.
    pub fn messages(&self) -> impl Iterator<Item = EncodedMessage<'_>> {
        self.messages.iter().map(|message| EncodedMessage { batch: self, message })
    }

    /// Hashes what the messages are made of.
    pub(crate) fn hash_into(&self, digest: &mut impl Hasher) {
        digest.write(&self.payloads);
        for message in &self.messages {
            digest.write(&(message.payload.end as u64).to_le_bytes());
            digest.write(&[message.inserted.into()]);
            let Some(meta) = &message.meta else { continue };
            let headers = meta.headers.iter().flat_map(|(name, value)| [&**name, value]);
            for text in meta.subject.as_deref().into_iter().chain(headers).chain(meta.message_id.as_deref()) {
                digest.write(&(text.len() as u64).to_le_bytes());
                digest.write(text.as_bytes());
            }
        }
    }

    /// The subject of a message of this batch.
    pub fn subject_of<'a>(&'a self, message: &'a OutgoingMessage) -> &'a str {
        let own = message.meta.as_ref().and_then(|meta| meta.subject.as_deref());
        own.unwrap_or(&self.subject)
    }

    /// The payload of a message of this batch.
    pub fn payload_of(&self, message: &OutgoingMessage) -> &[u8] {
        &self.payloads[message.payload.clone()]
    }
}

/// One message of an [`EncodedBatch`], as it is published.
#[derive(Clone, Copy, Debug)]
pub struct EncodedMessage<'a> {
    batch: &'a EncodedBatch,
    message: &'a OutgoingMessage,
}

impl<'a> EncodedMessage<'a> {
    pub(crate) fn new(batch: &'a EncodedBatch, message: &'a OutgoingMessage) -> Self {
        EncodedMessage { batch, message }
    }

    /// The subject, or topic.
    pub fn subject(&self) -> &'a str {
        self.batch.subject_of(self.message)
    }

    /// The payload.
    pub fn payload(&self) -> &'a [u8] {
        self.batch.payload_of(self.message)
    }

    /// 1 for a row that is inserted, -1 for a row that is removed.
    pub fn diff(&self) -> i64 {
        if self.message.inserted { 1 } else { -1 }
    }

    /// Why the message must not be published: its subject or a header is invalid, or it could not be encoded.
    pub fn error(&self) -> Option<EncodeError> {
        self.batch.error_of(self.message)
    }

    /// The headers, in the order in which they are on the wire: `pathway_time` and `pathway_diff`, then the row's own.
    pub fn headers(&self) -> Vec<(String, String)> {
        let meta = self.message.meta.as_deref();
        let mut headers = Vec::new();
        if !meta.is_some_and(|meta| meta.no_change_info) {
            headers.push(("pathway_time".to_owned(), self.batch.time.to_string()));
            headers.push(("pathway_diff".to_owned(), self.diff().to_string()));
        }
        if let Some(meta) = meta {
            headers.extend(meta.headers.iter().map(|(name, value)| (name.to_string(), value.clone())));
            headers.extend(meta.message_id.iter().map(|id| ("Nats-Msg-Id".to_owned(), id.clone())));
        }
        headers
    }
}

impl OutputBatch for EncodedBatch {
    fn commit(&self) -> Commit {
        self.commit
    }

    fn len(&self) -> usize {
        self.messages.len()
    }

    /// The memory that the batch takes, in bytes.
    fn weight(&self) -> usize {
        self.payloads.len() + self.messages.len() * size_of::<OutgoingMessage>() + self.meta_weight
    }

    fn skip(&mut self, count: usize) {
        self.messages.drain(..count.min(self.messages.len()));
    }

    fn invalid(&self) -> Option<(usize, EncodeError)> {
        let mut errors = self.messages.iter().filter_map(|message| self.error_of(message));
        let first = errors.next()?;
        Some((1 + errors.count(), first))
    }
}

impl MessageMeta {
    fn weight(&self) -> usize {
        let headers = self.headers.iter().map(|(_, value)| value.len() + size_of::<(Arc<str>, String)>());
        let id = self.message_id.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.subject.as_ref().map_or(0, |subject| subject.len()) + headers.sum::<usize>() + id
    }
}

//! Messages that were received together.

use std::sync::Arc;

/// Messages in the order in which they arrived, their payloads one behind the other.
///
/// One buffer for many small payloads costs less than a reference count for each, and lets go of the
/// connection's read buffers at once.
#[derive(Debug, Default)]
pub struct Batch {
    payloads: Vec<u8>,
    entries: Vec<Entry>,
    /// The subjects that occur, each once in a row: most batches have one.
    subjects: Vec<Arc<str>>,
}

#[derive(Debug)]
struct Entry {
    /// Where the payload ends in `payloads`; it begins where the one before ended.
    end: usize,
    /// Which of `subjects`.
    subject: usize,
}

/// One message of a [`Batch`].
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The subject that it was published on.
    pub subject: &'a str,
    /// Its payload.
    pub payload: &'a [u8],
}

impl Batch {
    /// Adds a message.
    pub fn push(&mut self, subject: &str, payload: &[u8]) {
        if self.subjects.last().is_none_or(|last| &**last != subject) {
            self.subjects.push(subject.into());
        }
        self.payloads.extend_from_slice(payload);
        self.entries.push(Entry { end: self.payloads.len(), subject: self.subjects.len() - 1 });
    }

    /// The number of messages.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no message.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The bytes of all payloads.
    pub fn bytes(&self) -> usize {
        self.payloads.len()
    }

    /// The messages, in the order of their arrival.
    pub fn iter(&self) -> impl Iterator<Item = Message<'_>> {
        let mut begin = 0;
        self.entries.iter().map(move |entry| {
            let payload = &self.payloads[begin..entry.end];
            begin = entry.end;
            Message { subject: &self.subjects[entry.subject], payload }
        })
    }

    /// Empties the batch and keeps its memory for the next one, unless a large payload has blown it up.
    pub fn clear(&mut self) {
        const KEEP: usize = 1 << 20;
        self.payloads.clear();
        self.payloads.shrink_to(KEEP);
        self.entries.clear();
        self.subjects.clear();
    }
}

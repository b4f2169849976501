//! Messages that were received together.

use super::metadata_columns::MetadataColumns;
use crate::data::{DateTimeUtc, Delivery, Message};

/// Messages in the order in which they arrived, their payloads one behind the other.
///
/// One buffer for many small payloads costs less than a reference count for each, and lets go of the
/// connection's read buffers at once.
#[derive(Debug, Default)]
pub struct Batch {
    payloads: Vec<u8>,
    entries: Vec<Entry>,
    /// The subjects that occur, each once in a row: most batches have one.
    subjects: Subjects,
    /// What else is kept of the messages; empty while nothing is.
    notes: MetadataColumns,
}

#[derive(Debug)]
struct Entry {
    /// Where the payload ends in `payloads`; it begins where the one before ended.
    end: usize,
    /// Which of `subjects`.
    subject: usize,
}

/// Subjects, one behind the other.
#[derive(Debug, Default)]
struct Subjects {
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Batch {
    /// Adds a message of which only subject and payload are kept.
    pub fn push(&mut self, subject: &str, payload: &[u8]) {
        self.payloads.extend_from_slice(payload);
        self.entries.push(Entry { end: self.payloads.len(), subject: self.subjects.number(subject) });
    }

    /// Adds a message with what stands beside it. Headers are pairs of name and value.
    pub fn push_with<'h>(
        &mut self,
        subject: &str,
        payload: &[u8],
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        received_at: Option<DateTimeUtc>,
        delivery: Option<Delivery>,
    ) {
        self.notes.push(self.entries.len(), headers, received_at, delivery);
        self.push(subject, payload);
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

    /// The memory that the messages take, in bytes: payloads, headers and what else is kept.
    pub fn weight(&self) -> usize {
        self.payloads.len() + self.notes.weight()
    }

    /// The messages, in the order of their arrival.
    pub fn iter(&self) -> impl Iterator<Item = Message<'_>> {
        let mut begin = 0;
        self.entries.iter().enumerate().map(move |(number, entry)| {
            let payload = &self.payloads[begin..entry.end];
            begin = entry.end;
            let message = Message::new(self.subjects.get(entry.subject), payload);
            match self.notes.get(number) {
                None => message,
                Some((note, headers)) => {
                    Message { headers, received_at: note.received_at, delivery: note.delivery, ..message }
                }
            }
        })
    }

    /// Empties the batch and keeps its memory for the next one, unless a large payload has blown it up.
    pub fn clear(&mut self) {
        const KEEP: usize = 1 << 20;
        self.payloads.clear();
        self.payloads.shrink_to(KEEP);
        self.entries.clear();
        self.subjects.text.clear();
        self.subjects.ends.clear();
        self.notes.clear(KEEP);
    }
}

impl Subjects {
    fn get(&self, number: usize) -> &str {
        let begin = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[begin..self.ends[number]]
    }

    /// The number of a subject, which is that of the message before in most cases.
    fn number(&mut self, subject: &str) -> usize {
        let last = self.ends.len().checked_sub(1);
        match last.filter(|last| self.get(*last) == subject) {
            Some(last) => last,
            None => {
                self.text.push_str(subject);
                self.ends.push(self.text.len());
                self.ends.len() - 1
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(batch: &Batch) -> Vec<String> {
        let line = |message: Message<'_>| {
            let headers: Vec<_> = message.headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let sequence = message.delivery.map(|delivery| delivery.stream_sequence);
            let payload = String::from_utf8_lossy(message.payload);
            format!("{} {payload} {headers:?} {sequence:?} {}", message.subject, message.received_at.is_some())
        };
        batch.iter().map(line).collect()
    }

    #[test]
    fn what_is_kept_stays_with_its_message() {
        let mut batch = Batch::default();
        for _ in 0..2 {
            batch.push("a", b"1");
            assert_eq!(batch.weight(), 1);
            let delivery = Delivery { stream_sequence: 7, published_at: DateTimeUtc::UNIX_EPOCH, delivered: 1 };
            batch.push_with("b", b"2", [("x", "1"), ("y", ""), ("x", "2")], None, Some(delivery));
            batch.push("b", b"");
            batch.push_with("a", b"3", [("x", "3")], Some(DateTimeUtc::UNIX_EPOCH), None);
            batch.push("a", b"4");
            let expected = [
                r#"a 1 [] None false"#,
                r#"b 2 ["x=1", "y=", "x=2"] Some(7) false"#,
                r#"b  [] None false"#,
                r#"a 3 ["x=3"] None true"#,
                r#"a 4 [] None false"#,
            ];
            assert_eq!(lines(&batch), expected);
            let second = batch.iter().nth(1).expect("a message");
            assert_eq!((second.headers.get("x"), second.headers.get("X")), (Some("1"), None));
            assert_eq!(second.headers.all("x").collect::<Vec<_>>(), ["1", "2"]);
            assert_eq!((batch.len(), batch.bytes()), (5, 4));
            batch.clear();
            assert!(batch.is_empty() && batch.weight() == 0);
        }
    }

    #[test]
    fn a_token_of_the_subject() {
        let message = Message::new("orders.eu", b"");
        let tokens = [0, 1, 2, 3].map(|number| message.token(number));
        assert_eq!(tokens, [None, Some("orders"), Some("eu"), None]);
    }
}

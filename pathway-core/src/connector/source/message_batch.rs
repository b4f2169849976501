//! Undecoded messages that were received together.

use std::ops::Range;

use super::metadata_columns::MetadataColumns;
use super::{InputBatch, Position};
use crate::data::{DateTimeUtc, DecodeError, Delivery, Message, SequenceRuns};

/// Undecoded messages in the order of their arrival, their payloads one after the other.
///
/// One buffer for many small payloads costs less than a reference count for each, and releases the read buffers of the
/// connection at once.
///
/// ```
/// use pathway::io::MessageBatch;
///
/// let mut batch = MessageBatch::default();
/// batch.push("orders.eu", b"{\"id\": 7}");
/// batch.set_position(1024.into());
/// assert_eq!(batch.iter().next().map(|message| message.subject), Some("orders.eu"));
/// ```
#[derive(Debug, Default)]
pub struct MessageBatch {
    payloads: Vec<u8>,
    entries: Vec<Entry>,
    /// The subjects. Consecutive messages with equal subjects share one: most batches have one subject.
    subjects: Subjects,
    /// Headers, times and deliveries, where the schema asks for them.
    metadata: MetadataColumns,
    /// The positions that the source has set, each with the number of messages before it.
    positions: Vec<(usize, Position)>,
    /// The messages that the source itself rejects, by their numbers.
    rejected: Vec<(usize, DecodeError)>,
    /// When each message was stored, in unix nanoseconds; empty where that does not matter.
    stored: Vec<i64>,
    /// When the first and the last message were stored, in unix nanoseconds, if the source says it.
    stored_range: Option<(i64, i64)>,
}

#[derive(Debug)]
struct Entry {
    /// Where the payload ends in `payloads`. It begins where the previous one ends.
    end: usize,
    /// An index into `subjects`.
    subject: usize,
}

/// Subjects, one after the other.
#[derive(Debug, Default)]
struct Subjects {
    text: String,
    /// Where each of them ends.
    ends: Vec<usize>,
}

/// What a source has said of the position of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum MessagePosition<'a> {
    At(&'a Position),
    Before(&'a Position),
}

impl MessageBatch {
    /// Adds a message without metadata.
    pub fn push(&mut self, subject: &str, payload: &[u8]) {
        self.payloads.extend_from_slice(payload);
        self.entries.push(Entry { end: self.payloads.len(), subject: self.subjects.number(subject) });
    }

    /// Adds a message with metadata. Headers are pairs of name and value.
    pub fn push_with<'h>(
        &mut self,
        subject: &str,
        payload: &[u8],
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        received_at: Option<DateTimeUtc>,
        delivery: Option<Delivery>,
    ) {
        self.metadata.push(self.entries.len(), headers, received_at, delivery);
        self.push(subject, payload);
    }

    /// Adds a message that the source could not receive as it is: it is rejected with this error instead of being decoded.
    pub(crate) fn push_rejected<'h>(
        &mut self,
        subject: &str,
        payload: &[u8],
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        delivery: Option<Delivery>,
        error: DecodeError,
    ) {
        self.rejected.push((self.entries.len(), error));
        self.push_with(subject, payload, headers, None, delivery);
    }

    /// Adds a copy of a message of another batch, with its number in that.
    pub(super) fn push_copy(&mut self, message: &Message<'_>, number: usize, batch: &MessageBatch) {
        let Message { subject, payload, headers, received_at, delivery } = *message;
        match batch.rejection_of(number) {
            Some(error) => self.push_rejected(subject, payload, headers.iter(), delivery, error.clone()),
            None => self.push_with(subject, payload, headers.iter(), received_at, delivery),
        }
        if let Some(MessagePosition::At(position)) = batch.position_of(number) {
            self.set_position(position.clone());
        }
    }

    /// Why the source rejects the message with this number, if it does.
    pub(super) fn rejection_of(&self, number: usize) -> Option<&DecodeError> {
        let index = self.rejected.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.rejected.get(index).map(|(_, error)| error)
    }

    /// Sets the position after the last message, from which the source can continue.
    ///
    /// Set it behind each message: the log line of a message that cannot be decoded then has its position.
    pub fn set_position(&mut self, position: Position) {
        let len = self.entries.len();
        match self.positions.last_mut() {
            Some((before, last)) if *before == len => *last = position,
            _ => self.positions.push((len, position)),
        }
    }

    /// The position of the message with this number, where the source has set it; otherwise the next one that it has set.
    pub(super) fn position_of(&self, number: usize) -> Option<MessagePosition<'_>> {
        let next = self.positions.partition_point(|(before, _)| *before <= number);
        let (before, position) = self.positions.get(next)?;
        Some(if *before == number + 1 { MessagePosition::At(position) } else { MessagePosition::Before(position) })
    }

    /// The last position that the source has set for the first `messages` messages.
    pub(super) fn position_after(&self, messages: usize) -> Option<&Position> {
        let next = self.positions.partition_point(|(before, _)| *before <= messages);
        self.positions.get(next.checked_sub(1)?).map(|(_, position)| position)
    }

    /// The positions of the messages with these numbers, where the source has set numbers.
    pub(super) fn sequences(&self, numbers: Range<usize>) -> SequenceRuns {
        let begin = self.positions.partition_point(|(before, _)| *before <= numbers.start);
        let positions = self.positions[begin..].iter().take_while(move |(before, _)| *before <= numbers.end);
        let mut sequences = SequenceRuns::default();
        positions.filter_map(|(_, position)| position.as_u64()).for_each(|sequence| sequences.push(sequence));
        sequences
    }

    /// Says when the last message was stored, in unix nanoseconds. It is said of each message of a batch, or of none.
    pub(crate) fn set_stored(&mut self, stored: i64) {
        self.stored.push(stored);
    }

    /// Says when the last message was stored, in unix nanoseconds, for the statistics: of each message of a batch, or of none.
    pub(crate) fn set_last_stored(&mut self, stored: i64) {
        self.stored_range.get_or_insert((stored, stored)).1 = stored;
    }

    /// When the last one of the first `messages` messages was stored, as far as it is known: of some, or of all of them.
    pub(super) fn last_stored(&self, messages: usize) -> Option<i64> {
        match messages.checked_sub(1)? {
            last if messages < self.len() => self.stored_at(last),
            _ => self.stored_range.map(|(_, last)| last),
        }
    }

    /// When the message with this number was stored, if the source has said it.
    pub(crate) fn stored_at(&self, number: usize) -> Option<i64> {
        self.stored.get(number).copied()
    }

    /// The number of the first message behind `number` that was stored after `until`, or else of messages.
    pub(super) fn stored_after(&self, number: usize, until: i64) -> usize {
        let mut behind = self.stored.iter().enumerate().skip(number + 1);
        behind.find(|(_, stored)| **stored > until).map_or(self.len(), |(number, _)| number)
    }

    /// The number of messages.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no message.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The total length of all payloads, in bytes.
    pub fn bytes(&self) -> usize {
        self.payloads.len()
    }

    /// The memory that the messages take, in bytes: payloads, headers and other metadata.
    pub fn weight(&self) -> usize {
        self.payloads.len() + self.metadata.weight()
    }

    /// The messages, in the order of their arrival.
    pub fn iter(&self) -> impl Iterator<Item = Message<'_>> {
        self.messages(0..self.len())
    }

    /// The messages with these numbers.
    pub(super) fn messages(&self, numbers: Range<usize>) -> impl Iterator<Item = Message<'_>> {
        let mut begin = numbers.start.checked_sub(1).map_or(0, |before| self.entries[before].end);
        self.entries[numbers.clone()].iter().zip(numbers).map(move |(entry, number)| {
            let payload = &self.payloads[begin..entry.end];
            begin = entry.end;
            let message = Message::new(self.subjects.get(entry.subject), payload);
            match self.metadata.get(number) {
                None => message,
                Some((metadata, headers)) => {
                    Message { headers, received_at: metadata.received_at, delivery: metadata.delivery, ..message }
                }
            }
        })
    }

    /// Removes all messages and keeps the memory for the next ones, unless a large payload has made it too large.
    pub fn clear(&mut self) {
        const KEEP: usize = 1 << 20;
        self.payloads.clear();
        self.payloads.shrink_to(KEEP);
        self.entries.clear();
        self.subjects.text.clear();
        self.subjects.ends.clear();
        self.metadata.clear(KEEP);
        self.rejected.clear();
        self.stored.clear();
        self.stored_range = None;
        self.positions.clear();
        self.positions.shrink_to(KEEP / size_of::<(usize, Position)>());
    }
}

impl InputBatch for MessageBatch {
    fn len(&self) -> usize {
        MessageBatch::len(self)
    }

    fn weight(&self) -> usize {
        MessageBatch::weight(self)
    }

    fn clear(&mut self) {
        MessageBatch::clear(self);
    }

    fn payload_bytes(&self) -> usize {
        self.bytes()
    }

    fn first_stored(&self) -> Option<i64> {
        self.stored_range.map(|(first, _)| first)
    }

    fn positions(&self) -> Option<(&Position, &Position)> {
        Some((&self.positions.first()?.1, &self.positions.last()?.1))
    }
}

impl Subjects {
    fn get(&self, number: usize) -> &str {
        let begin = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[begin..self.ends[number]]
    }

    /// The number of a subject. In most cases it is the subject of the previous message.
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

    fn lines(batch: &MessageBatch) -> Vec<String> {
        let line = |message: Message<'_>| {
            let headers: Vec<_> = message.headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let sequence = message.delivery.map(|delivery| delivery.stream_sequence);
            let payload = String::from_utf8_lossy(message.payload);
            format!("{} {payload} {headers:?} {sequence:?} {}", message.subject, message.received_at.is_some())
        };
        batch.iter().map(line).collect()
    }

    #[test]
    fn metadata_stays_with_its_message() {
        let mut batch = MessageBatch::default();
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
    fn a_message_has_the_position_that_was_set_behind_it() {
        let mut batch = MessageBatch::default();
        for position in [Some(1), Some(2), None, Some(4), None] {
            batch.push("a", b"");
            position.into_iter().for_each(|position: u64| batch.set_position(position.into()));
        }
        let [first, second, fourth] = [1, 2, 4].map(Position::from);
        let expected = [
            Some(MessagePosition::At(&first)),
            Some(MessagePosition::At(&second)),
            Some(MessagePosition::Before(&fourth)),
            Some(MessagePosition::At(&fourth)),
            None,
        ];
        assert_eq!([0, 1, 2, 3, 4].map(|number| batch.position_of(number)), expected);
        assert_eq!(batch.positions(), Some((&first, &fourth)));
        let sequences = |numbers| batch.sequences(numbers).iter().collect::<Vec<_>>();
        assert_eq!((sequences(0..1), sequences(1..5)), (vec![1], vec![2, 4]));
        let expected = [None, Some(&first), Some(&second), Some(&second), Some(&fourth), Some(&fourth)];
        assert_eq!([0, 1, 2, 3, 4, 5].map(|messages| batch.position_after(messages)), expected);
    }

    #[test]
    fn a_rejected_message_keeps_its_error_until_the_batch_is_cleared() {
        let mut batch = MessageBatch::default();
        batch.push("a", b"1");
        batch.push_rejected("a", b"2", [("x", "1")], None, DecodeError::message("why"));
        batch.push("a", b"3");
        let errors = [0, 1, 2].map(|number| batch.rejection_of(number).map(ToString::to_string));
        assert_eq!(errors, [None, Some("why".to_owned()), None]);
        assert_eq!(lines(&batch)[1], r#"a 2 ["x=1"] None false"#);
        batch.clear();
        assert_eq!(batch.rejection_of(1), None);
    }

    #[test]
    fn a_part_of_a_batch_ends_before_the_first_message_that_was_stored_later() {
        let mut batch = MessageBatch::default();
        for (stored, payload) in [(5, "a"), (7, "bc"), (3, ""), (9, "d"), (8, "e")] {
            batch.push("s", payload.as_bytes());
            batch.set_stored(stored);
        }
        let ends = [(0, 4), (0, 7), (0, 8), (0, 9), (2, 8), (3, 8), (3, 0), (4, 0)];
        assert_eq!(ends.map(|(number, until)| batch.stored_after(number, until)), [1, 3, 3, 5, 3, 5, 4, 5]);
        let payloads = |numbers| batch.messages(numbers).map(|message| message.payload.to_vec()).collect::<Vec<_>>();
        assert_eq!(payloads(1..4), [b"bc".to_vec(), b"".to_vec(), b"d".to_vec()]);
        assert_eq!((payloads(0..0).len(), payloads(5..5).len(), payloads(0..5).concat()), (0, 0, b"abcde".to_vec()));
        batch.clear();
        batch.push("s", b"");
        assert_eq!((batch.stored_at(0), batch.stored_after(0, 0)), (None, 1));
    }

    #[test]
    fn subject_tokens_are_counted_from_one() {
        let message = Message::new("orders.eu", b"");
        let tokens = [0, 1, 2, 3].map(|number| message.token(number));
        assert_eq!(tokens, [None, Some("orders"), Some("eu"), None]);
    }
}

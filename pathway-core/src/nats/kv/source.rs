//! A bucket as a table: the rows by key.

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use super::bucket;
use crate::connector::source::{MessageBatch, RowDecoder};
use crate::data::{Change, Datum, DecodeError, Message};
use crate::dataflow::StatePart;
use crate::format::DecodedRows;
use crate::operators::{KeyedState, Slot, WholeState};

/// Decodes one row of a message.
pub(crate) trait DecodeRow<R>: Fn(&Message<'_>) -> Result<R, DecodeError> + Send + Sync + 'static {}

impl<R, F: Fn(&Message<'_>) -> Result<R, DecodeError> + Send + Sync + 'static> DecodeRow<R> for F {}

/// Keeps the rows of a bucket by key, and turns its messages into changes.
pub(crate) struct KeyedRows<R, D> {
    decode: D,
    keys: KeyedState<String, KeyRow<R>>,
    /// What the subjects begin with, where the source has not removed it.
    prefix: Box<str>,
    /// The first contents are complete, and were passed on.
    is_complete: WholeState<bool>,
    /// While the contents are read again, and compared with the keys.
    comparison: Option<Comparison>,
}

/// What is known of a key.
#[derive(Serialize, Deserialize)]
#[serde(bound = "R: Datum")]
struct KeyRow<R> {
    /// The row of its last value that could be decoded.
    #[serde(with = "Datum")]
    row: Option<R>,
    /// The last message, if the bucket is on a server.
    last: Option<Revision>,
}

/// Identifies a message of a bucket. A bucket that was created again, or restored from a copy, can have the same revision, but then
/// the message has another time.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Revision {
    sequence: u64,
    /// When it was stored, in unix nanoseconds.
    stored: i64,
}

/// Which keys were read again.
#[derive(Default)]
struct Comparison {
    read: BTreeSet<Slot>,
    /// Those with a message that was not known. Later messages of these count, too.
    changed: HashSet<String>,
}

impl<R> Default for KeyRow<R> {
    fn default() -> Self {
        KeyRow { row: None, last: None }
    }
}

impl Revision {
    fn of(message: &Message<'_>) -> Option<Self> {
        let delivery = message.delivery?;
        let stored = i64::try_from(delivery.published_at.as_nanosecond()).unwrap_or_default();
        Some(Revision { sequence: delivery.stream_sequence, stored })
    }
}

impl<R: Datum, D> KeyedRows<R, D> {
    pub(crate) fn new(bucket: &str, decode: D) -> Self {
        KeyedRows {
            decode,
            keys: KeyedState::new(),
            prefix: bucket::prefix(bucket).into(),
            is_complete: WholeState::new(false),
            comparison: None,
        }
    }

    fn key<'a>(&self, message: &Message<'a>) -> &'a str {
        message.subject.strip_prefix(&*self.prefix).unwrap_or(message.subject)
    }
}

impl<R: Datum, D: DecodeRow<R>> RowDecoder<R> for KeyedRows<R, D> {
    /// Nothing is passed on until the first contents are complete.
    fn decode(&mut self, message: &Message<'_>, rows: &mut DecodedRows<R>) -> Result<(), DecodeError> {
        let key = self.key(message);
        let new = match bucket::is_removal(message.headers) {
            true => None,
            false => Some((self.decode)(&Message { subject: key, ..*message })?),
        };
        let passed_on = new.as_ref().filter(|_| *self.is_complete).map(Datum::clone_datum);
        let (slot, _) = self.keys.entry(key.to_owned());
        let entry = self.keys.value(slot);
        entry.last = new.as_ref().and_then(|_| Revision::of(message));
        let old = std::mem::replace(&mut entry.row, new);
        let unchanged = old.as_ref().zip(passed_on.as_ref()).is_some_and(|(old, new)| old.compare(new).is_eq());
        rows.rows += 1;
        if *self.is_complete && !unchanged {
            rows.changes.extend(old.map(Change::remove));
            rows.changes.extend(passed_on.map(Change::insert));
        }
        Ok(())
    }

    fn has_snapshot(&self) -> bool {
        true
    }

    fn is_snapshot_complete(&self) -> bool {
        *self.is_complete
    }

    /// Passes on the first contents, by key, once.
    fn end_snapshot(&mut self, changes: &mut Vec<Change<R>>) -> bool {
        if std::mem::replace(&mut *self.is_complete, true) {
            return false;
        }
        let rows = self.keys.iter().filter_map(|(_, key, entry)| Some((key, entry.row.as_ref()?)));
        let mut rows: Vec<_> = rows.collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        changes.extend(rows.into_iter().map(|(_, row)| Change::insert(row.clone_datum())));
        true
    }

    fn compare_snapshot(&mut self) -> bool {
        let has_keys = *self.is_complete || !self.keys.is_empty();
        self.comparison = has_keys.then(Comparison::default);
        has_keys
    }

    fn is_known(&mut self, message: &Message<'_>) -> bool {
        let key = self.key(message).to_owned();
        let Some(Comparison { read, changed }) = &mut self.comparison else { return false };
        let slot = self.keys.find(&key);
        read.extend(slot);
        let last = slot.and_then(|slot| self.keys.get(slot)).map(|(_, entry)| entry.last);
        let is_known = match last {
            Some(last) => last.is_some() && last == Revision::of(message),
            // It is not there, as before.
            None => bucket::is_removal(message.headers),
        };
        let is_known = is_known && !changed.contains(&key);
        if !is_known {
            changed.insert(key);
        }
        is_known
    }

    fn add_deletions(&mut self, batch: &mut MessageBatch) -> usize {
        let Some(Comparison { read, .. }) = self.comparison.take() else { return 0 };
        let gone = self.keys.iter().filter(|(slot, ..)| !read.contains(slot)).map(|(_, key, _)| key);
        let mut gone: Vec<_> = gone.collect();
        gone.sort_unstable();
        gone.iter().for_each(|key| bucket::push_deletion(batch, key));
        gone.len()
    }

    /// The key keeps its row. After a restart, the value is not rejected once more.
    fn reject(&mut self, message: &Message<'_>) {
        if let Some(revision) = Revision::of(message) {
            let (slot, _) = self.keys.entry(self.key(message).to_owned());
            self.keys.value(slot).last = Some(revision);
        }
    }

    fn seal(&mut self) {
        self.keys.seal(|_, entry| entry.row.is_some() || entry.last.is_some());
    }

    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::first("keys", &mut self.keys).of_rows(), StatePart::first("complete", &mut self.is_complete)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::source::copy_decoder;
    use crate::data::{DateTimeUtc, Delivery};

    type Decoder = Box<dyn RowDecoder<i64>>;

    fn rows() -> Decoder {
        Box::new(KeyedRows::new("b", |message: &Message<'_>| {
            let text = std::str::from_utf8(message.payload).unwrap_or_default();
            text.parse().map_err(|_| DecodeError::message("no number"))
        }))
    }

    /// Messages of a key with a revision and a time; an empty value deletes the key.
    fn batch(messages: &[(&str, u64, i64, &str)]) -> MessageBatch {
        let mut batch = MessageBatch::default();
        for (key, revision, seconds, value) in messages {
            let time = DateTimeUtc::from_nanosecond(i128::from(*seconds) * 1_000_000_000).expect("a time");
            let headers = value.is_empty().then_some((bucket::OPERATION, bucket::DELETE));
            batch.push_with(key, value.as_bytes(), headers, None, Some(Delivery::new(*revision, time, 1)));
        }
        batch
    }

    /// Decodes what a batch has, and returns the changes.
    fn decode(rows: &mut Decoder, batch: &MessageBatch) -> Vec<(i64, i64)> {
        let mut decoded = DecodedRows::default();
        for message in batch.iter() {
            if rows.decode(&message, &mut decoded).is_err() {
                rows.reject(&message);
            }
        }
        changes(&decoded.changes)
    }

    fn changes(changes: &[Change<i64>]) -> Vec<(i64, i64)> {
        changes.iter().map(|change| (change.row, change.diff)).collect()
    }

    fn end(rows: &mut Decoder) -> Option<Vec<(i64, i64)>> {
        let mut held_back = Vec::new();
        rows.end_snapshot(&mut held_back).then(|| changes(&held_back))
    }

    /// As after a restart.
    fn again(mut rows: Decoder, batch: &MessageBatch) -> (Decoder, Vec<bool>) {
        rows.seal();
        let mut rows = copy_decoder(rows, self::rows());
        assert!(rows.compare_snapshot());
        let known = batch.iter().map(|message| rows.is_known(&message)).collect();
        (rows, known)
    }

    #[test]
    fn contents_that_are_read_again_are_compared() {
        let mut rows = rows();
        assert!(!rows.compare_snapshot(), "the first run");
        assert_eq!(decode(&mut rows, &batch(&[("b", 2, 2, "2"), ("a", 1, 1, "1"), ("x", 3, 3, "?")])), []);
        assert_eq!(end(&mut rows), Some(vec![(1, 1), (2, 1)]));
        let read = [("a", 1, 1, "1"), ("x", 3, 3, "?"), ("n", 4, 4, ""), ("c", 5, 5, "5"), ("c", 6, 6, "")];
        // The last message of `c` says something new, because the one before it does.
        let (mut rows, known) = again(rows, &batch(&read));
        assert_eq!((known, end(&mut rows)), (vec![true, true, true, false, false], None));
        let mut gone = batch(&[("c", 5, 5, "5"), ("c", 6, 6, "")]);
        assert_eq!((rows.add_deletions(&mut gone), gone.len()), (1, 3));
        assert_eq!(decode(&mut rows, &gone), [(5, 1), (5, -1), (2, -1)]);
        // Another bucket has the same revisions at other times.
        let (mut rows, known) = again(rows, &batch(&[("a", 1, 9, "1"), ("x", 3, 3, "?")]));
        assert_eq!((known, rows.add_deletions(&mut MessageBatch::default())), (vec![false, true], 0));
        assert_eq!(decode(&mut rows, &batch(&[("a", 1, 9, "1")])), []);
    }

    /// The process was killed before the first contents were complete.
    #[test]
    fn first_contents_that_were_read_in_part_are_held_back() {
        let mut rows = rows();
        assert_eq!(decode(&mut rows, &batch(&[("a", 1, 1, "1"), ("b", 2, 2, "2")])), []);
        let (mut rows, known) = again(rows, &batch(&[("a", 1, 1, "1"), ("c", 3, 3, "3")]));
        assert_eq!(known, [true, false]);
        let mut new = batch(&[("c", 3, 3, "3")]);
        assert_eq!(rows.add_deletions(&mut new), 1);
        assert_eq!((decode(&mut rows, &new), end(&mut rows)), (vec![], Some(vec![(1, 1), (3, 1)])));
    }
}

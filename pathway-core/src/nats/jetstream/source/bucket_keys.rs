//! The keys of a bucket, as far as it was read. They show which keys the bucket does not store any more.
//!
//! A bucket announces deletions, but not that a key has expired, was purged with the stream, or was removed by a limit. So
//! what is stored is compared with these keys now and then.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::nats::kv::ttl;

/// The keys of a bucket, without the prefix of their subjects.
#[derive(Debug)]
pub(super) struct BucketKeys {
    keys: HashMap<Box<str>, KeyState, RandomState>,
    /// What the subjects begin with.
    prefix: Arc<str>,
    /// How many subjects the stream has that are no keys.
    others: u64,
    /// No key is due before this time.
    next_due: i64,
    /// No key has a lower sequence.
    first: u64,
    /// The number of the last list of keys.
    listing: u32,
    /// The sequences at which keys have appeared since the stream was asked how many it has, while that is open.
    added: Option<Vec<u64>>,
}

#[derive(Clone, Copy, Debug)]
struct KeyState {
    /// The sequence of its last message.
    sequence: u64,
    /// When that message expires by its own time to live, in unix nanoseconds; [`NEVER`] if it has none.
    due: i64,
    /// The last list that had it.
    listing: u32,
    /// Its last message has deleted it.
    is_removed: bool,
}

/// A key and the sequence of its last message.
pub(super) type KeyAt = (Box<str>, u64);

const NEVER: i64 = i64::MAX;
/// When a message that should have expired is looked at again, in nanoseconds.
const DUE_RETRY: i64 = 1_000_000_000;

impl BucketKeys {
    pub(super) fn new(prefix: &Arc<str>) -> Self {
        BucketKeys {
            keys: HashMap::default(),
            prefix: Arc::clone(prefix),
            others: 0,
            next_due: NEVER,
            first: 0,
            listing: 0,
            added: None,
        }
    }

    /// The subject of a key.
    pub(super) fn subject(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// A message was read, with its time in unix nanoseconds and its `Nats-TTL`.
    pub(super) fn record(&mut self, subject: &str, sequence: u64, stored: i64, ttl: Option<&str>, is_removed: bool) {
        let Some(key) = subject.strip_prefix(&*self.prefix) else { return };
        let ttl = ttl.and_then(ttl::parse).and_then(|ttl| i64::try_from(ttl.as_nanos()).ok());
        let due = ttl.map_or(NEVER, |ttl| stored.saturating_add(ttl));
        self.next_due = self.next_due.min(due);
        let state = KeyState { sequence, due, listing: self.listing, is_removed };
        match self.keys.get_mut(key) {
            Some(known) => *known = state,
            None => {
                self.keys.insert(key.into(), state);
                self.added.iter_mut().for_each(|added| added.push(sequence));
            }
        }
    }

    /// The stream is about to be asked how many keys it has.
    pub(super) fn start_count(&mut self) {
        self.added = Some(Vec::new());
    }

    /// The answer was used.
    pub(super) fn end_count(&mut self) {
        self.added = None;
    }

    /// Whether the stream, which had so many subjects when it ended with the sequence `last`, had fewer keys than were read up
    /// to there.
    pub(super) fn exceed(&self, subjects: u64, last: u64) -> bool {
        let newer = self.added.iter().flatten().filter(|sequence| **sequence > last).count();
        self.keys.len().saturating_sub(newer) as u64 + self.others > subjects
    }

    /// The keys that are not stored any more because the stream begins with the sequence `first`.
    pub(super) fn before(&mut self, first: u64) -> Vec<KeyAt> {
        if first <= self.first {
            return Vec::new();
        }
        let gone: Vec<_> = self.select(|state| state.sequence < first).collect();
        if gone.is_empty() {
            self.first = first;
        }
        gone
    }

    /// At most `limit` keys whose messages should have expired by their own time to live.
    pub(super) fn due(&mut self, now: i64, limit: usize) -> Vec<KeyAt> {
        if now < self.next_due {
            return Vec::new();
        }
        let due: Vec<_> = self.select(|state| state.due <= now).take(limit).collect();
        if due.is_empty() {
            self.next_due = self.keys.values().map(|state| state.due).min().unwrap_or(NEVER);
        }
        due
    }

    /// A message that should have expired is still there.
    pub(super) fn is_still_stored(&mut self, key: &KeyAt, now: i64) {
        let due = now.saturating_add(DUE_RETRY);
        if let Some(state) = self.state_at(key) {
            state.due = due;
            self.next_due = self.next_due.min(due);
        }
    }

    /// Messages cannot be looked at, so their own times to live are not followed.
    pub(super) fn ignore_due(&mut self) {
        self.keys.values_mut().for_each(|state| state.due = NEVER);
        self.next_due = NEVER;
    }

    /// A list of all stored keys begins.
    pub(super) fn start_listing(&mut self) {
        self.listing = self.listing.wrapping_add(1);
    }

    /// The list has this subject.
    pub(super) fn listed(&mut self, subject: &str) {
        let listing = self.listing;
        if let Some(state) = subject.strip_prefix(&*self.prefix).and_then(|key| self.keys.get_mut(key)) {
            state.listing = listing;
        }
    }

    /// The list is complete: the keys that it does not have. The stream has so many subjects that are no keys.
    pub(super) fn end_listing(&mut self, others: u64) -> Vec<KeyAt> {
        self.others = others;
        let listing = self.listing;
        self.select(|state| state.listing != listing).collect()
    }

    /// How many subjects of the stream are no keys.
    pub(super) fn others(&self) -> u64 {
        self.others
    }

    /// Whether this message is the last one that was read of its key.
    pub(super) fn has(&mut self, key: &KeyAt) -> bool {
        self.state_at(key).is_some()
    }

    /// Takes out a key that is not stored any more, unless a newer message of it was read. Returns whether it had a value.
    pub(super) fn remove(&mut self, key: &KeyAt) -> bool {
        if !self.has(key) {
            return false;
        }
        self.keys.remove(&*key.0).is_some_and(|state| !state.is_removed)
    }

    fn state_at(&mut self, (key, sequence): &KeyAt) -> Option<&mut KeyState> {
        self.keys.get_mut(&**key).filter(|state| state.sequence == *sequence)
    }

    fn select(&self, wanted: impl Fn(&KeyState) -> bool) -> impl Iterator<Item = KeyAt> {
        let found = self.keys.iter().filter(move |(_, state)| wanted(state));
        found.map(|(key, state)| (key.clone(), state.sequence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> BucketKeys {
        let mut keys = BucketKeys::new(&"$KV.b.".into());
        for (n, name) in names.iter().enumerate() {
            keys.record(&keys.subject(name), n as u64 + 1, 0, None, false);
        }
        keys.start_count();
        keys
    }

    fn names(found: &[KeyAt]) -> Vec<String> {
        let mut names: Vec<_> = found.iter().map(|(key, sequence)| format!("{key}@{sequence}")).collect();
        names.sort();
        names
    }

    #[test]
    fn a_stream_with_fewer_subjects_lacks_keys() {
        let mut keys = keys(&["a", "b"]);
        assert!(!keys.exceed(2, 2) && keys.exceed(1, 2));
        // A key that has appeared since does not count, and an old one with a new value does.
        keys.record("$KV.b.c", 3, 0, None, false);
        keys.record("$KV.b.a", 4, 0, None, false);
        assert!(!keys.exceed(2, 2) && keys.exceed(1, 2) && keys.exceed(2, 3));
        keys.record("other", 5, 0, None, false);
        assert!(!keys.exceed(3, 5));
    }

    #[test]
    fn keys_before_the_first_sequence_are_gone_unless_they_were_written_again() {
        let mut keys = keys(&["a", "b", "c"]);
        let gone = keys.before(3);
        assert_eq!(names(&gone), ["a@1", "b@2"]);
        keys.record("$KV.b.b", 4, 0, None, false);
        let removed: Vec<_> = gone.iter().filter(|key| keys.remove(key)).cloned().collect();
        assert_eq!(names(&removed), ["a@1"]);
        assert!(keys.before(3).is_empty() && names(&keys.before(4)) == ["c@3"]);
        keys.record("$KV.b.c", 5, 0, None, true);
        // A deleted key has no row.
        assert!(!keys.remove(&("c".into(), 5)) && !keys.has(&("c".into(), 5)) && keys.has(&("b".into(), 4)));
    }

    #[test]
    fn what_a_list_does_not_have_is_gone() {
        let mut keys = keys(&["a", "b", "c"]);
        keys.start_listing();
        ["$KV.b.b", "$KV.b.unknown", "x"].iter().for_each(|subject| keys.listed(subject));
        assert_eq!(names(&keys.end_listing(1)), ["a@1", "c@3"]);
        assert!(keys.others() == 1 && keys.exceed(3, 3) && !keys.exceed(4, 3));
    }

    #[test]
    fn messages_are_due_by_their_own_time_to_live() {
        let mut keys = keys(&["a"]);
        let second = 1_000_000_000;
        for (name, ttl) in [("b", "1"), ("c", "1s"), ("d", "1h"), ("e", "never")] {
            keys.record(&format!("$KV.b.{name}"), 9, 5, Some(ttl), false);
        }
        assert!(keys.due(second, 9).is_empty());
        assert_eq!((keys.due(second + 5, 1).len(), keys.due(second + 5, 9).len()), (1, 2));
        keys.is_still_stored(&("b".into(), 9), second + 5);
        // It was not looked at.
        assert_eq!(names(&keys.due(second + 5, 9)), ["c@9"]);
        keys.remove(&("c".into(), 9));
        assert!(keys.due(2 * second, 9).is_empty());
        assert_eq!(names(&keys.due(2 * second + 5, 9)), ["b@9"]);
        keys.ignore_due();
        assert!(keys.due(NEVER - 1, 9).is_empty());
    }
}

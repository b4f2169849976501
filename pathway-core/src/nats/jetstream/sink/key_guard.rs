//! Which message each key of a bucket must follow, in a pipeline that persists.
//!
//! Others may write other keys, so that the sequences of the bucket do not show how far an earlier run has come. But the last
//! message of a key does: its id has the commit that has written it. So it is asked for before the first message of a key that an
//! earlier run may have written, and each message must follow the last one of its key (`Nats-Expected-Last-Subject-Sequence`). An
//! older value can then never replace a newer one, whoever wakes up late.
//!
//! A key that is new in the table has no message, or a deletion: the server is not asked for it. If it has one, it refuses the
//! message, and is asked then.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use crate::connector::sink::SinkLink;
use crate::data::Commit;

/// Of how many keys whose last message is a deletion it is known which one that is.
const DELETED_KEYS: usize = 100_000;

/// Two independent hashes of a subject: with a billion keys, two of them share one with a probability of 2⁻⁶⁸.
type Digest = [u64; 2];

/// The last messages of the keys that this run has written.
pub(super) struct KeyGuard {
    /// The commits before this one were made in earlier runs.
    earlier: Commit,
    hashers: [RandomState; 2],
    keys: HashMap<Digest, LastSequence, RandomState>,
    /// Keys of which the bucket has a later message than the one that was to be written: that message.
    ahead: HashMap<Digest, OutputPlace, RandomState>,
    /// Deletions, the oldest first, with their sequences.
    deleted: VecDeque<(Digest, u64)>,
    /// The sequence of the last deletion that is not known any more.
    forgotten: u64,
    /// The highest sequence of a message that this run has stored, or has found stored.
    highest: Option<u64>,
    /// The state directory says which bucket it is.
    pub(super) is_recorded: bool,
}

#[derive(Clone, Copy, Default)]
struct LastSequence {
    /// The sequence of the last message of the key; 0 if it had none.
    sequence: u64,
    /// The server has refused to store a message behind it.
    is_refuted: bool,
}

/// The place of a message in the output of a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OutputPlace {
    pub(super) commit: Commit,
    pub(super) index: u64,
}

/// The last message of a key, as the bucket has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastOfKey {
    pub(super) sequence: u64,
    /// If it is of this sink, in any run with this directory.
    pub(super) place: Option<OutputPlace>,
    /// The time of its commit.
    pub(super) time: Option<u64>,
}

/// How to send a message of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyOrder {
    /// Behind the message with this sequence; behind none if it is 0.
    After(u64),
    /// Only when the last message of the key is known.
    LookUp,
    /// Not at all: it was stored, and a later one is, too.
    Stored,
}

/// What the last message of a key says of one that is to be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is not stored. `is_overwritten` says that somebody else has written the key since this run did.
    Write { is_overwritten: bool },
    /// It is stored, or was stored and replaced by a later one.
    Stored,
    /// Another process writes with a copy of the directory, or the end of the log was lost: the bucket has this.
    Conflict(OutputPlace),
}

impl KeyGuard {
    /// `None` if the pipeline does not persist.
    pub(super) fn new(link: &SinkLink) -> Option<Self> {
        Some(KeyGuard::behind(link.control.persistent()?.commits()))
    }

    fn behind(earlier: Commit) -> Self {
        let hashers = [RandomState::default(), RandomState::default()];
        let (keys, ahead, deleted, highest) = Default::default();
        KeyGuard { earlier, hashers, keys, ahead, deleted, forgotten: 0, highest, is_recorded: false }
    }

    fn digest(&self, subject: &str) -> Digest {
        self.hashers.each_ref().map(|hasher| hasher.hash_one(subject))
    }

    /// How to send a message. `is_new` says that the table did not have the key.
    pub(super) fn next(&self, subject: &str, place: OutputPlace, is_new: bool) -> KeyOrder {
        let digest = self.digest(subject);
        match self.keys.get(&digest) {
            _ if self.ahead.get(&digest).is_some_and(|ahead| *ahead >= place) => KeyOrder::Stored,
            Some(LastSequence { sequence, is_refuted: false }) => KeyOrder::After(*sequence),
            None if is_new && place.commit >= self.earlier => KeyOrder::After(0),
            _ => KeyOrder::LookUp,
        }
    }

    /// The server has refused a message: the last one of its key is another one.
    pub(super) fn refute(&mut self, subject: &str) {
        let digest = self.digest(subject);
        self.keys.entry(digest).or_default().is_refuted = true;
    }

    /// A message is stored.
    pub(super) fn on_stored(&mut self, subject: &str, sequence: Option<u64>, is_deletion: bool) {
        let Some(sequence) = sequence else { return self.refute(subject) };
        self.highest = self.highest.max(Some(sequence));
        let digest = self.digest(subject);
        self.keys.insert(digest, LastSequence { sequence, is_refuted: false });
        if !self.ahead.is_empty() {
            self.ahead.remove(&digest);
        }
        if !is_deletion {
            return;
        }
        self.deleted.push_back((digest, sequence));
        if self.deleted.len() > DELETED_KEYS
            && let Some((digest, sequence)) = self.deleted.pop_front()
            && self.keys.get(&digest).is_some_and(|last| last.sequence == sequence)
        {
            self.keys.remove(&digest);
            self.forgotten = self.forgotten.max(sequence);
        }
    }

    /// The highest sequence of a message that this run has stored, or has found stored.
    pub(super) fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Whether a message of this commit is of a run that this one does not know.
    pub(super) fn is_unknown(&self, commit: Commit) -> bool {
        commit >= self.earlier
    }

    /// The last message of a key was asked for, before the one with this place, whose commit has this time, is written.
    pub(super) fn judge(&mut self, subject: &str, place: OutputPlace, time: u64, last: Option<LastOfKey>) -> Verdict {
        let digest = self.digest(subject);
        let known = self.keys.get(&digest).map(|last| last.sequence);
        let sequence = last.map_or(0, |last| last.sequence);
        let verdict = match last.and_then(|last| Some((last.place?, last.time))) {
            // Each run gives its commits times of its own.
            Some((found, found_time)) if found == place => match found_time {
                Some(other) if other != time => Verdict::Conflict(found),
                _ => {
                    self.highest = self.highest.max(Some(sequence));
                    Verdict::Stored
                }
            },
            Some((found, _))
                if self.is_unknown(found.commit) && known != Some(sequence) && sequence > self.forgotten =>
            {
                Verdict::Conflict(found)
            }
            Some((found, _)) if found > place => {
                self.ahead.insert(digest, found);
                Verdict::Stored
            }
            Some(_) => Verdict::Write { is_overwritten: false },
            None => {
                let is_overwritten = sequence > 0 && known.is_some_and(|known| known > 0 && known != sequence);
                Verdict::Write { is_overwritten }
            }
        };
        self.keys.insert(digest, LastSequence { sequence, is_refuted: false });
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(commit: Commit, index: u64) -> OutputPlace {
        OutputPlace { commit, index }
    }

    fn own(sequence: u64, commit: Commit, time: u64) -> Option<LastOfKey> {
        Some(LastOfKey { sequence, place: Some(place(commit, 0)), time: Some(time) })
    }

    const WRITE: Verdict = Verdict::Write { is_overwritten: false };

    #[test]
    fn a_first_run_asks_only_for_what_is_refused() {
        let mut keys = KeyGuard::behind(0);
        assert_eq!(keys.next("a", place(0, 0), true), KeyOrder::After(0));
        keys.on_stored("a", Some(7), false);
        assert_eq!(keys.next("a", place(1, 0), false), KeyOrder::After(7));
        assert_eq!(keys.next("b", place(1, 0), true), KeyOrder::After(0));
        keys.refute("b");
        assert_eq!(keys.next("b", place(1, 0), true), KeyOrder::LookUp);
        // Somebody else has written it before.
        let foreign = |sequence| Some(LastOfKey { sequence, place: None, time: None });
        assert_eq!(keys.judge("b", place(1, 0), 10, foreign(5)), WRITE);
        assert_eq!(keys.next("b", place(1, 0), true), KeyOrder::After(5));
        keys.on_stored("b", Some(8), false);
        assert_eq!(keys.judge("b", place(2, 0), 20, foreign(9)), Verdict::Write { is_overwritten: true });
        // It was purged.
        assert_eq!(keys.judge("b", place(3, 0), 30, None), WRITE);
        assert_eq!(keys.next("b", place(3, 0), false), KeyOrder::After(0));
        // The answer had no sequence.
        keys.on_stored("b", None, false);
        assert_eq!(keys.next("b", place(4, 0), false), KeyOrder::LookUp);
    }

    #[test]
    fn a_run_behind_a_restart_writes_what_is_not_stored() {
        let mut keys = KeyGuard::behind(10);
        assert_eq!(
            [keys.next("a", place(8, 0), true), keys.next("a", place(10, 0), false)],
            [KeyOrder::LookUp, KeyOrder::LookUp]
        );
        assert_eq!(keys.next("new", place(10, 0), true), KeyOrder::After(0));
        assert_eq!(keys.judge("a", place(7, 0), 70, own(3, 8, 80)), Verdict::Stored);
        assert_eq!(keys.next("a", place(8, 0), false), KeyOrder::Stored);
        assert_eq!(keys.next("a", place(9, 0), false), KeyOrder::After(3));
        assert_eq!(keys.judge("a", place(8, 0), 80, own(3, 8, 80)), Verdict::Stored);
        assert_eq!(keys.judge("a", place(9, 0), 90, own(3, 8, 80)), WRITE);
        assert_eq!(keys.next("a", place(9, 0), false), KeyOrder::After(3));
        keys.on_stored("a", Some(4), false);
        // The answer to the next message is lost.
        keys.refute("a");
        assert_eq!(keys.judge("a", place(11, 0), 110, own(5, 11, 110)), Verdict::Stored);
        assert_eq!(keys.highest(), Some(5));
        assert_eq!(keys.judge("a", place(12, 0), 120, own(5, 11, 110)), WRITE);
    }

    #[test]
    fn messages_of_another_run_are_a_conflict() {
        let mut keys = KeyGuard::behind(10);
        assert_eq!(keys.judge("a", place(8, 0), 80, own(3, 8, 81)), Verdict::Conflict(place(8, 0)));
        assert_eq!(keys.judge("b", place(9, 0), 90, own(4, 10, 100)), Verdict::Conflict(place(10, 0)));
        keys.on_stored("c", Some(5), false);
        assert_eq!(keys.judge("c", place(12, 0), 120, own(6, 11, 110)), Verdict::Conflict(place(11, 0)));
        assert_eq!(keys.judge("d", place(12, 0), 120, own(7, 12, 121)), Verdict::Conflict(place(12, 0)));
    }

    #[test]
    fn old_deletions_are_forgotten() {
        let mut keys = KeyGuard::behind(0);
        for n in 0..=DELETED_KEYS as u64 {
            keys.on_stored(&format!("k{n}"), Some(n + 1), true);
        }
        keys.on_stored("k1", Some(u64::MAX), false);
        keys.on_stored("other", Some(1 << 40), true);
        assert_eq!(
            (keys.next("k0", place(1, 0), true), keys.next("k1", place(1, 0), true)),
            (KeyOrder::After(0), KeyOrder::After(u64::MAX))
        );
        assert_eq!((keys.keys.len(), keys.deleted.len()), (DELETED_KEYS + 1, DELETED_KEYS));
        // The bucket has the deletion.
        keys.refute("k0");
        assert_eq!(keys.judge("k0", place(1, 0), 10, own(1, 0, 0)), WRITE);
    }
}

//! The order of messages in a stream: each one names what it must follow.
//!
//! Many messages are under way at a time. When the stream refuses one, because it is full for a moment or chooses another
//! leader, it could take those behind it, and the refused one would come after its successors. So each message names the
//! one before, and what was under way behind a refused one is refused, too.
//!
//! A single server is told the id of the one before (`Nats-Expected-Last-Msg-Id`). In a cluster that is checked only when
//! every replica stores the message, and nats-server 2.15.1 takes a mismatch there for a critical error and stops the
//! stream. So a cluster is told the sequence that the stream must end with (`Nats-Expected-Last-Sequence`), which its leader
//! checks before. That is a count, and a message of another writer can make it fit for the wrong message.
//!
//! So the order holds where nobody else writes into the stream, and with a single server also where others do so seldom.
//! When they come between, a message is sent without a condition; where they come again and again, all are, and the order
//! is that of a stream that never refuses.

use std::borrow::Cow;

/// So many times may another writer come between until that is taken for the rule.
const PATIENCE: u32 = 3;
/// So many messages without that make it forgotten.
const FORGET: u64 = 100_000;

/// What the messages of a run follow.
#[derive(Debug, Default)]
pub(super) struct OrderGuard {
    /// Nothing is to follow anything.
    open: bool,
    /// Messages are known by their sequences instead of their ids.
    counts: bool,
    /// The last message that is stored, where that is known.
    stored: Option<LastMessage>,
    /// The last message that was sent, where that is known.
    sent: Option<LastMessage>,
    /// How many messages are under way.
    under_way: usize,
    /// Something else than the last message that was sent may be the stream's last one.
    forgotten: bool,
    /// How often another writer came between, and how many messages were stored since.
    between: u32,
    since: u64,
}

/// By what a message is known that another one follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LastMessage {
    Id(String),
    Sequence(u64),
}

/// How the next message is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Without a condition.
    Any,
    After(LastMessage),
    /// Not before it is known what the one under way has become.
    Wait,
}

impl LastMessage {
    /// The header that says what a message must follow.
    pub(super) fn condition(&self) -> (&'static str, Cow<'_, str>) {
        match self {
            LastMessage::Id(id) => ("Nats-Expected-Last-Msg-Id", id.into()),
            LastMessage::Sequence(sequence) => ("Nats-Expected-Last-Sequence", sequence.to_string().into()),
        }
    }
}

impl OrderGuard {
    /// Of a stream in which the order does not matter, or is seen to otherwise.
    pub(super) fn open() -> Self {
        OrderGuard { open: true, ..OrderGuard::default() }
    }

    /// The stream is in a cluster, and ends with a sequence.
    pub(super) fn count_from(&mut self, last: u64) {
        self.counts = true;
        self.stored = Some(LastMessage::Sequence(last));
        self.sent.clone_from(&self.stored);
    }

    /// What the next message must follow.
    pub(super) fn next(&self) -> Next {
        match &self.sent {
            _ if self.open => Next::Any,
            Some(mark) => Next::After(mark.clone()),
            None if self.waits() => Next::Wait,
            None => Next::Any,
        }
    }

    /// Whether no message can be sent before it is known what the one under way has become: its sequence.
    pub(super) fn waits(&self) -> bool {
        self.counts && !self.open && self.sent.is_none() && self.under_way > 0
    }

    /// A message was sent.
    pub(super) fn send(&mut self, id: String) {
        self.sent = match self.sent.take() {
            _ if !self.counts => Some(LastMessage::Id(id)),
            Some(LastMessage::Sequence(last)) => Some(LastMessage::Sequence(last + 1)),
            _ => None,
        };
        self.under_way += 1;
        self.forgotten = false;
    }

    /// What the stream's last message is when all that is under way is stored is not known.
    pub(super) fn forget(&mut self) {
        (self.sent, self.forgotten) = (None, true);
    }

    /// A message is stored, and so is all before it.
    pub(super) fn store(&mut self, id: String, sequence: Option<u64>) {
        self.stored = if self.counts { sequence.map(LastMessage::Sequence) } else { Some(LastMessage::Id(id)) };
        self.under_way = self.under_way.saturating_sub(1);
        if self.sent.is_none() && self.under_way == 0 && !self.forgotten {
            self.sent.clone_from(&self.stored);
        }
        self.since += 1;
        if self.since >= FORGET {
            (self.between, self.since) = (0, 0);
        }
    }

    /// Everything behind the last stored message is sent again.
    pub(super) fn rewind(&mut self) {
        self.sent.clone_from(&self.stored);
        (self.under_way, self.forgotten) = (0, false);
    }

    /// Another writer came between the last stored message and the next one; true when that is given up for good.
    pub(super) fn come_between(&mut self) -> bool {
        self.stored = None;
        (self.between, self.since) = (self.between + 1, 0);
        let given_up = !self.open && self.between > PATIENCE;
        self.open |= given_up;
        given_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(id: &str) -> Next {
        Next::After(LastMessage::Id(id.to_owned()))
    }

    #[test]
    fn a_message_follows_the_one_before() {
        let mut chain = OrderGuard::default();
        assert_eq!(chain.next(), Next::Any);
        ["1", "2", "3"].into_iter().for_each(|id| chain.send(id.to_owned()));
        assert_eq!(chain.next(), after("3"));
        chain.store("1".to_owned(), Some(1));
        chain.rewind();
        assert_eq!(chain.next(), after("1"));
        for n in 0..PATIENCE {
            assert!(!chain.come_between(), "{n}");
            chain.rewind();
            assert_eq!(chain.next(), Next::Any);
            chain.send("2".to_owned());
            assert_eq!(chain.next(), after("2"));
        }
        assert!(chain.come_between() && !chain.come_between());
        chain.send("2".to_owned());
        assert_eq!(chain.next(), Next::Any);
    }

    #[test]
    fn in_a_cluster_it_follows_a_sequence() {
        let mut chain = OrderGuard::default();
        let after = |sequence| Next::After(LastMessage::Sequence(sequence));
        let send = |chain: &mut OrderGuard| chain.send("id".to_owned());
        let store = |chain: &mut OrderGuard, sequence| chain.store("id".to_owned(), Some(sequence));
        chain.count_from(7);
        (7..10).for_each(|last| {
            assert_eq!(chain.next(), after(last));
            send(&mut chain);
        });
        store(&mut chain, 8);
        chain.rewind();
        assert_eq!(chain.next(), after(8));
        assert!(!chain.come_between());
        chain.rewind();
        assert_eq!(chain.next(), Next::Any);
        send(&mut chain);
        assert_eq!(chain.next(), Next::Wait);
        store(&mut chain, 20);
        assert_eq!(chain.next(), after(20));
        // Something else comes into the stream behind what is under way.
        send(&mut chain);
        chain.forget();
        assert_eq!(chain.next(), Next::Wait);
        store(&mut chain, 21);
        assert_eq!(chain.next(), Next::Any);
    }

    #[test]
    fn another_writer_who_comes_seldom_is_no_rule() {
        let mut chain = OrderGuard::default();
        for _ in 0..10 {
            assert!(!chain.come_between());
            (0..FORGET).for_each(|_| chain.store("1".to_owned(), None));
        }
    }
}

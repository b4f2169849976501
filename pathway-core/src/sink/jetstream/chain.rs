//! The order of messages in a stream: each one names the one that it must follow.
//!
//! Many messages are under way at a time. When the stream refuses one, because it is full for a moment, it could take
//! those behind it, and the refused one would come after its successors. So each message names the id of the one before
//! (`Nats-Expected-Last-Msg-Id`), and what was under way behind a refused one is refused, too.
//!
//! That holds where nobody else writes into the stream. Others come between, and then a message is sent without that
//! condition; where they come again and again, all are, and the order is that of a stream that never refuses.

/// So many times may another writer come between until that is taken for the rule.
const PATIENCE: u32 = 3;
/// So many messages without that make it forgotten.
const FORGET: u64 = 100_000;

/// What the messages of a run follow.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// Nothing is to follow anything.
    open: bool,
    /// The id of the last message that is stored.
    stored: Option<String>,
    /// The id of the last message that was sent.
    sent: Option<String>,
    /// How often another writer came between, and how many messages were stored since.
    between: u32,
    since: u64,
}

impl Chain {
    /// Of a stream in which the order does not matter, or is seen to otherwise.
    pub(super) fn open() -> Self {
        Chain { open: true, ..Chain::default() }
    }

    /// What the next message must follow.
    pub(super) fn after(&self) -> Option<&str> {
        self.sent.as_deref().filter(|_| !self.open)
    }

    /// A message was sent.
    pub(super) fn send(&mut self, id: String) {
        self.sent = Some(id);
    }

    /// What was sent last is not known: the next message follows anything.
    pub(super) fn forget(&mut self) {
        self.sent = None;
    }

    /// A message is stored, and so is all before it.
    pub(super) fn store(&mut self, id: String) {
        self.stored = Some(id);
        self.since += 1;
        if self.since >= FORGET {
            (self.between, self.since) = (0, 0);
        }
    }

    /// Everything behind the last stored message is sent again.
    pub(super) fn rewind(&mut self) {
        self.sent.clone_from(&self.stored);
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

    #[test]
    fn a_message_follows_the_one_before() {
        let mut chain = Chain::default();
        assert_eq!(chain.after(), None);
        ["1", "2", "3"].into_iter().for_each(|id| chain.send(id.to_owned()));
        assert_eq!(chain.after(), Some("3"));
        chain.store("1".to_owned());
        chain.rewind();
        assert_eq!(chain.after(), Some("1"));
        for n in 0..PATIENCE {
            assert!(!chain.come_between(), "{n}");
            chain.rewind();
            assert_eq!(chain.after(), None);
            chain.send("2".to_owned());
            assert_eq!(chain.after(), Some("2"));
        }
        assert!(chain.come_between() && !chain.come_between());
        chain.send("2".to_owned());
        assert_eq!(chain.after(), None);
    }

    #[test]
    fn another_writer_who_comes_seldom_is_no_rule() {
        let mut chain = Chain::default();
        for _ in 0..10 {
            assert!(!chain.come_between());
            (0..FORGET).for_each(|_| chain.store("1".to_owned()));
        }
    }
}

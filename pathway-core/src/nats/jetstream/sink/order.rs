//! The order of messages in a stream: each message names the one that it must follow.
//!
//! Many messages are in flight at a time. When the stream refuses one, because it is full for a moment or elects another
//! leader, it could store those behind it, and the refused one would come after its successors. So each message names the
//! one before it, and the stream refuses all messages behind a refused one, too.
//!
//! A single server is given the id of the message before (`Nats-Expected-Last-Msg-Id`). In a cluster, that is checked only
//! when every replica stores the message; nats-server 2.15.1 treats a mismatch there as a critical error and stops the
//! stream. So a cluster is given the sequence of the stream's last message (`Nats-Expected-Last-Sequence`), which its leader
//! checks earlier. A sequence is only a count, and a message of another writer can make it match the wrong message.
//!
//! So the order is guaranteed if nobody else writes into the stream, and with a single server also if others do so rarely.
//! A stream that was emptied and whose server was restarted has forgotten the id of its last message, too. That is no other
//! writer: the sequence of its last message tells the two apart.
//!
//! Where rows give messages ids of their own, an earlier run or another writer may have stored any of them. Such a duplicate is
//! not the stream's last message, so the next one cannot name its id. Messages then name sequences, with a single server, too.
//! But a duplicate takes no sequence: the messages in flight behind it have conditions that are wrong, and are refused. So
//! after a duplicate, messages are sent one by one, until many in a row were new.
//!
//! When another writer interferes, one message is sent without a condition. When that happens again and again, all are, and
//! the order is only that of a stream that never refuses a message.

use std::borrow::Cow;

/// How often other writers may interfere before the conditions are given up.
const MAX_INTERFERENCES: u32 = 3;
/// After this many stored messages without interference, earlier ones are forgotten.
const FORGET_AFTER: u64 = 100_000;

/// After a duplicate, as many messages in a row must be new before several are in flight again.
///
/// A duplicate with messages in flight behind it costs a pause of 20 ms, in which about 200 messages can be sent one by one.
const ONE_BY_ONE: usize = 100;

/// What the next message must follow.
#[derive(Debug, Default)]
pub(super) struct OrderGuard {
    /// Messages are sent without conditions.
    is_disabled: bool,
    /// Messages are identified by their sequences instead of their ids.
    by_sequence: bool,
    /// The last message that is stored, if it is known.
    stored: Option<LastMessage>,
    /// The last message that was sent, if it is known.
    sent: Option<LastMessage>,
    /// How many messages are in flight.
    in_flight: usize,
    /// How many new messages were stored since the last duplicate, if there was one.
    since_duplicate: Option<usize>,
    /// A message other than the last one that was sent may be the last one of the stream.
    is_uncertain: bool,
    /// The sequence of the last message that is stored, if any is.
    stored_sequence: Option<u64>,
    /// How many messages may be stored although their answers were lost with the connection.
    in_doubt: u64,
    /// A message could not follow the last stored one. Whether another writer is the reason, the state of the stream tells.
    is_suspicious: bool,
    /// How often other writers have interfered, and how many messages were stored since.
    interferences: u32,
    stored_since: u64,
}

/// Identifies a message that another one must follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LastMessage {
    Id(String),
    Sequence(u64),
}

/// How to send the next message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Without a condition.
    Unconditional,
    After(LastMessage),
    /// Only when the sequence of the message in flight is known.
    Wait,
}

impl LastMessage {
    /// The header that a message must have to follow this one: its name and its value.
    pub(super) fn condition(&self) -> (&'static str, Cow<'_, str>) {
        match self {
            LastMessage::Id(id) => ("Nats-Expected-Last-Msg-Id", id.into()),
            LastMessage::Sequence(sequence) => ("Nats-Expected-Last-Sequence", sequence.to_string().into()),
        }
    }
}

impl OrderGuard {
    /// For a stream in which the order does not matter, or is kept by other means.
    pub(super) fn disabled() -> Self {
        OrderGuard { is_disabled: true, ..OrderGuard::default() }
    }

    /// The stream is in a cluster, or messages have ids of their own; `last` is the stream's last sequence.
    pub(super) fn use_sequences(&mut self, last: u64) {
        (self.by_sequence, self.stored_sequence) = (true, Some(last));
        self.stored = Some(LastMessage::Sequence(last));
        self.sent.clone_from(&self.stored);
    }

    /// Nobody else writes into the stream, which ends with this sequence: the next message must follow that.
    ///
    /// The first one names the sequence, because the stream may have no message whose id it could name.
    pub(super) fn continue_behind(&mut self, last: u64) {
        (self.stored_sequence, self.is_suspicious) = (Some(last), false);
        self.stored = Some(LastMessage::Sequence(last));
        self.sent.clone_from(&self.stored);
    }

    /// How to send the next message.
    pub(super) fn next(&self) -> Next {
        match &self.sent {
            _ if self.is_disabled => Next::Unconditional,
            _ if self.must_wait() => Next::Wait,
            Some(last) => Next::After(last.clone()),
            None => Next::Unconditional,
        }
    }

    /// Whether no message can be sent before one in flight is stored.
    pub(super) fn must_wait(&self) -> bool {
        let needs_sequence = self.by_sequence && self.sent.is_none() && self.in_flight > 0;
        !self.is_disabled && (needs_sequence || self.in_flight >= self.limit())
    }

    /// How many messages may be in flight.
    fn limit(&self) -> usize {
        match self.since_duplicate {
            None => usize::MAX,
            Some(new) if new < ONE_BY_ONE => 1,
            Some(new) => new,
        }
    }

    /// A message was sent.
    pub(super) fn on_sent(&mut self, id: String) {
        self.sent = match self.sent.take() {
            _ if !self.by_sequence => Some(LastMessage::Id(id)),
            Some(LastMessage::Sequence(last)) => Some(LastMessage::Sequence(last + 1)),
            _ => None,
        };
        self.in_flight += 1;
        self.is_uncertain = false;
    }

    /// It is not known which message will be the stream's last one when all messages in flight are stored.
    pub(super) fn forget_last(&mut self) {
        (self.sent, self.is_uncertain) = (None, true);
    }

    /// A message is stored, and so are all before it.
    pub(super) fn on_stored(&mut self, id: String, sequence: Option<u64>) {
        self.stored_sequence = self.stored_sequence.max(sequence);
        self.in_doubt = 0;
        self.stored = if self.by_sequence { sequence.map(LastMessage::Sequence) } else { Some(LastMessage::Id(id)) };
        self.in_flight = self.in_flight.saturating_sub(1);
        if self.sent.is_none() && self.in_flight == 0 && !self.is_uncertain {
            self.sent.clone_from(&self.stored);
        }
        self.since_duplicate = self.since_duplicate.map(|new| new.saturating_add(1));
        self.stored_since += 1;
        if self.stored_since >= FORGET_AFTER {
            (self.interferences, self.stored_since) = (0, 0);
        }
    }

    /// The stream has a message with the id of this one already, and all before it are stored. Only where messages have ids
    /// of their own.
    pub(super) fn on_duplicate(&mut self, sequence: Option<u64>) {
        // It may be an earlier attempt, which is the last message then, or a message from long ago.
        self.stored_sequence = self.stored_sequence.max(sequence);
        if let Some(LastMessage::Sequence(last)) = &mut self.stored {
            *last = sequence.map_or(*last, |sequence| sequence.max(*last));
        }
        self.in_flight = self.in_flight.saturating_sub(1);
        self.since_duplicate = Some(0);
        if self.sent.is_some() && self.in_flight == 0 {
            self.sent.clone_from(&self.stored);
        }
    }

    /// All messages behind the last stored one are sent again.
    pub(super) fn rewind(&mut self) {
        self.sent.clone_from(&self.stored);
        (self.in_flight, self.is_uncertain) = (0, false);
    }

    /// The connection broke: messages in flight may be stored.
    pub(super) fn on_connection_lost(&mut self) {
        self.in_doubt = self.in_flight as u64;
    }

    /// The message behind the last stored one was refused, because the stream's last message is another one.
    pub(super) fn suspect_interference(&mut self) {
        self.is_suspicious = true;
    }

    /// The last sequence of the stream, after a suspicion. Returns true if another writer's message came between the last
    /// stored message and the next one, and that disables the guard for good.
    pub(super) fn check_interference(&mut self, last: u64) -> bool {
        if !std::mem::take(&mut self.is_suspicious) {
            return false;
        }
        // In a stream that is empty for its server, sequences may even begin again.
        if self.stored_sequence.is_some_and(|own| last <= own + self.in_doubt) {
            self.stored = self.by_sequence.then_some(LastMessage::Sequence(last));
            self.stored_sequence = self.stored_sequence.max(Some(last));
            return false;
        }
        self.on_interference()
    }

    fn on_interference(&mut self) -> bool {
        self.stored = None;
        (self.interferences, self.stored_since) = (self.interferences + 1, 0);
        let gives_up = !self.is_disabled && self.interferences > MAX_INTERFERENCES;
        self.is_disabled |= gives_up;
        gives_up
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
        let mut order = OrderGuard::default();
        assert_eq!(order.next(), Next::Unconditional);
        ["1", "2", "3"].into_iter().for_each(|id| order.on_sent(id.to_owned()));
        assert_eq!(order.next(), after("3"));
        order.on_stored("1".to_owned(), Some(1));
        order.rewind();
        assert_eq!(order.next(), after("1"));
        for n in 0..MAX_INTERFERENCES {
            assert!(!order.on_interference(), "{n}");
            order.rewind();
            assert_eq!(order.next(), Next::Unconditional);
            order.on_sent("2".to_owned());
            assert_eq!(order.next(), after("2"));
        }
        assert!(order.on_interference() && !order.on_interference());
        order.on_sent("2".to_owned());
        assert_eq!(order.next(), Next::Unconditional);
    }

    #[test]
    fn in_a_cluster_a_message_follows_a_sequence() {
        let mut order = OrderGuard::default();
        let after = |sequence| Next::After(LastMessage::Sequence(sequence));
        let send = |order: &mut OrderGuard| order.on_sent("id".to_owned());
        let store = |order: &mut OrderGuard, sequence| order.on_stored("id".to_owned(), Some(sequence));
        order.use_sequences(7);
        (7..10).for_each(|last| {
            assert_eq!(order.next(), after(last));
            send(&mut order);
        });
        store(&mut order, 8);
        order.rewind();
        assert_eq!(order.next(), after(8));
        assert!(!order.on_interference());
        order.rewind();
        assert_eq!(order.next(), Next::Unconditional);
        send(&mut order);
        assert_eq!(order.next(), Next::Wait);
        store(&mut order, 20);
        assert_eq!(order.next(), after(20));
        // Something else is stored behind the message in flight.
        send(&mut order);
        order.forget_last();
        assert_eq!(order.next(), Next::Wait);
        store(&mut order, 21);
        assert_eq!(order.next(), Next::Unconditional);
    }

    #[test]
    fn after_a_duplicate_messages_are_sent_one_by_one_for_a_while() {
        let mut order = OrderGuard::default();
        let after = |sequence| Next::After(LastMessage::Sequence(sequence));
        let send = |order: &mut OrderGuard| order.on_sent("id".to_owned());
        order.use_sequences(7);
        (0..3).for_each(|_| send(&mut order));
        order.on_duplicate(Some(3));
        assert_eq!(order.next(), Next::Wait, "those in flight have wrong conditions");
        // The first of them is refused.
        order.suspect_interference();
        assert!(!order.check_interference(7));
        assert_eq!(order.interferences, 0);
        order.rewind();
        for _ in 0..2 {
            assert_eq!(order.next(), after(7));
            send(&mut order);
            assert_eq!(order.next(), Next::Wait);
            order.on_duplicate(Some(4));
        }
        for last in 7..7 + ONE_BY_ONE as u64 {
            assert_eq!(order.next(), after(last));
            send(&mut order);
            assert_eq!(order.next(), Next::Wait);
            order.on_stored("id".to_owned(), Some(last + 1));
        }
        let last = 7 + ONE_BY_ONE as u64;
        for sent in 0..ONE_BY_ONE as u64 {
            assert_eq!(order.next(), after(last + sent));
            send(&mut order);
        }
        assert_eq!(order.next(), Next::Wait);
    }

    #[test]
    fn an_earlier_attempt_that_was_stored_is_the_last_message() {
        let mut order = OrderGuard::default();
        order.use_sequences(7);
        (0..3).for_each(|_| order.on_sent("id".to_owned()));
        // All three are stored, and the answers lost.
        order.on_connection_lost();
        order.rewind();
        order.on_sent("id".to_owned());
        order.suspect_interference();
        assert!(!order.check_interference(10));
        order.rewind();
        for sequence in 8..=10 {
            assert_eq!(order.next(), Next::After(LastMessage::Sequence(10)));
            order.on_sent("id".to_owned());
            order.on_duplicate(Some(sequence));
        }
        assert_eq!((order.next(), order.interferences), (Next::After(LastMessage::Sequence(10)), 0));
    }

    #[test]
    fn a_stream_that_was_emptied_is_no_other_writer() {
        let mut order = OrderGuard::default();
        for sequence in 1..10 {
            order.on_sent("1".to_owned());
            order.on_stored("1".to_owned(), Some(sequence));
            order.suspect_interference();
            assert!(!order.check_interference(sequence));
            order.rewind();
            assert_eq!(order.next(), Next::Unconditional, "the stream knows no id");
        }
        // Two messages were stored, and their answers lost.
        (0..2).for_each(|_| order.on_sent("2".to_owned()));
        order.on_connection_lost();
        order.rewind();
        order.suspect_interference();
        assert!(!order.check_interference(11));
        assert!(!order.check_interference(1000), "there is no suspicion");
        order.on_stored("2".to_owned(), Some(12));
        assert_eq!(order.interferences, 0);
        order.suspect_interference();
        assert!(!order.check_interference(13));
        assert_eq!(order.interferences, 1);
    }

    #[test]
    fn rare_interference_does_not_disable_the_guard() {
        let mut order = OrderGuard::default();
        for _ in 0..10 {
            assert!(!order.on_interference());
            (0..FORGET_AFTER).for_each(|_| order.on_stored("1".to_owned(), None));
        }
    }
}

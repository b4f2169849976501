//! Messages of a stream with acknowledgements: from their delivery until the server has confirmed their acknowledgement.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use async_nats::{Client, Subject};
use bytes::Bytes;

use super::delivery_info::DeliveryInfo;
use crate::connector::source::AckSnapshot;
use crate::data::{EarlierMessages, SequenceSet};
use crate::nats::client::ConnectionClosed;

/// An acknowledgement.
const ACK: &str = "+ACK";
/// Removes a message from its stream because it cannot be read.
const TERM: &str = "+TERM";
/// Asks the server to wait longer before it delivers the message again.
const IN_PROGRESS: &str = "+WPI";
/// If the server does not confirm acknowledgements within this time, they are sent again.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(5);
/// How many ranges of acknowledged sequences are remembered. If only some messages of a stream are read, a range can be a
/// single sequence.
const MAX_RANGES: usize = 64 * 1024;

/// Delivered messages that are not acknowledged yet, in the order in which they were handed over.
///
/// A message is acknowledged when its commit is finished and the servers have everything that was written for it; in a pipeline
/// that persists, when a checkpoint has it. A message
/// that is delivered again is recognised by its sequence, even after the server has confirmed its acknowledgement: a server
/// that crashes, or the leader that replaces it, may not know of that.
#[derive(Default)]
pub(super) struct UnackedMessages {
    waiting: VecDeque<Message>,
    /// The number of the first message in `waiting`, counted from the first that was handed over.
    first: u64,
    /// Acknowledgements that were sent and are not confirmed.
    sent: VecDeque<AckBatch>,
    /// The number of the last of these.
    last_batch: u64,
    /// The sequences of all of these messages.
    sequences: HashSet<u64, foldhash::fast::RandomState>,
    acknowledged: AckedSequences,
}

/// The sequences of acknowledged messages as ranges: the highest ones.
///
/// A server that crashes can lose the end of a stream, and give its sequences to other messages. Those are recognised by
/// their time: they were stored later than every acknowledged message.
#[derive(Default)]
struct AckedSequences {
    /// When the newest of these messages was stored, in unix nanoseconds.
    newest: i64,
    sequences: SequenceSet,
}

struct Message {
    sequence: u64,
    /// When the stream stored it, in unix nanoseconds.
    stored: i64,
    /// Where its acknowledgement is sent.
    reply: Subject,
    /// When the server's wait for the acknowledgement last began: at the delivery, or when we asked it to wait longer.
    extended: Instant,
}

/// Acknowledgements that were sent together. The confirmation of the last one confirms all.
struct AckBatch {
    number: u64,
    messages: Vec<(Message, &'static str)>,
    sent: Instant,
}

impl AckedSequences {
    fn insert(&mut self, sequence: u64, stored: i64) {
        self.newest = self.newest.max(stored);
        self.sequences.insert(sequence, sequence);
        if self.sequences.len() > MAX_RANGES {
            self.sequences.pop_lowest(u64::MAX);
        }
    }

    /// Whether a delivered message was acknowledged before. If its sequence now belongs to a newer message, this sequence and
    /// all later ones are forgotten.
    fn contains_delivery(&mut self, sequence: u64, stored: i64) -> bool {
        let is_known = self.sequences.contains(sequence);
        if is_known && stored > self.newest {
            self.sequences.remove_from(sequence);
            return false;
        }
        is_known
    }
}

impl UnackedMessages {
    /// Adds a delivered message. Returns false if it is known already: not acknowledged yet, or delivered once more.
    pub(super) fn add(&mut self, info: &DeliveryInfo, reply: &Subject, now: Instant) -> bool {
        let (sequence, stored) = (info.stream_sequence, info.stored);
        let is_new = !self.acknowledged.contains_delivery(sequence, stored) && self.sequences.insert(sequence);
        if is_new {
            self.waiting.push_back(Message { sequence, stored, reply: reply.clone(), extended: now });
        }
        is_new
    }

    /// Remembers the messages that the checkpoint of an earlier run has: they are acknowledged, or can be at any time.
    pub(super) fn continue_behind(&mut self, earlier: &EarlierMessages) {
        self.acknowledged.newest = earlier.newest;
        self.acknowledged.sequences.extend(&earlier.checkpointed);
    }

    /// The messages of the checkpoint with these sequences: they can be acknowledged again.
    pub(super) fn checkpointed(&self, first: u64, last: u64) -> Vec<u64> {
        self.acknowledged.sequences.within(first, last).collect()
    }

    /// A message is acknowledged at once, and not handed over.
    pub(super) fn skip(&mut self, info: &DeliveryInfo) {
        self.acknowledged.insert(info.stream_sequence, info.stored);
    }

    /// The answer to a message that was delivered again although its acknowledgement was sent: that was too late, or lost.
    pub(super) fn repeat_ack(&self, sequence: u64, reply: &Subject) -> Option<(Subject, Bytes)> {
        if self.acknowledged.sequences.contains(sequence) {
            return Some((reply.clone(), ACK.into()));
        }
        let mut sent = self.sent.iter().flat_map(|batch| &batch.messages);
        let (_, ack) = sent.find(|(message, _)| message.sequence == sequence)?;
        Some((reply.clone(), Bytes::from_static(ack.as_bytes())))
    }

    /// Whether a message was received before: it is not acknowledged yet, or is remembered as acknowledged.
    pub(super) fn knows(&self, sequence: u64) -> bool {
        self.sequences.contains(&sequence) || self.acknowledged.sequences.contains(sequence)
    }

    /// The first of these sequences that was not received.
    pub(super) fn first_unknown(&self, from: u64) -> u64 {
        (from..).find(|sequence| !self.knows(*sequence)).unwrap_or(from)
    }

    /// How many messages wait for the pipeline, so that they can be acknowledged.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether all messages are acknowledged, and all acknowledgements confirmed.
    pub(super) fn is_empty(&self) -> bool {
        self.sequences.is_empty() && self.sent.is_empty()
    }

    /// Whether all acknowledgements that were sent are confirmed.
    pub(super) fn is_confirmed(&self) -> bool {
        self.sent.is_empty()
    }

    /// The lowest sequence of these messages, and of those whose acknowledgements are not confirmed.
    pub(super) fn lowest(&self) -> Option<u64> {
        let sent = self.sent.iter().flat_map(|batch| batch.messages.iter().map(|(message, _)| message));
        self.waiting.iter().chain(sent).map(|message| message.sequence).min()
    }

    /// Acknowledges the messages that the pipeline has finished.
    pub(super) async fn acknowledge(
        &mut self,
        finished: &AckSnapshot,
        client: &Client,
        inbox: &str,
    ) -> Result<(), ConnectionClosed> {
        let count = finished.durable.saturating_sub(self.first).min(self.waiting.len() as u64);
        if count == 0 {
            return Ok(());
        }
        let mut rejected = finished.rejected.iter().copied().peekable();
        let messages = (self.first..).zip(self.waiting.drain(..count as usize)).map(|(number, message)| {
            let ack = if rejected.next_if_eq(&number).is_some() { TERM } else { ACK };
            (message, ack)
        });
        let messages = messages.collect();
        self.first += count;
        self.send(messages, client, inbox).await
    }

    /// Acknowledges messages that an earlier run has finished: their sequences, and where their acknowledgements are sent.
    pub(super) async fn acknowledge_earlier(
        &mut self,
        messages: impl Iterator<Item = (u64, Subject)>,
        client: &Client,
        inbox: &str,
    ) -> Result<(), ConnectionClosed> {
        // They are not newer than those that are known.
        let (stored, extended) = (i64::MIN, Instant::now());
        let messages = messages.map(|(sequence, reply)| (Message { sequence, stored, reply, extended }, ACK));
        self.send(messages.collect(), client, inbox).await
    }

    async fn send(
        &mut self,
        messages: Vec<(Message, &'static str)>,
        client: &Client,
        inbox: &str,
    ) -> Result<(), ConnectionClosed> {
        if messages.is_empty() {
            return Ok(());
        }
        self.last_batch += 1;
        // Recorded before it is sent: sending may be cancelled at any time, and is then repeated over another connection.
        self.sent.push_back(AckBatch { number: self.last_batch, messages, sent: Instant::now() });
        match self.sent.back() {
            Some(batch) => batch.send(client, inbox).await,
            None => Ok(()),
        }
    }

    /// Sends unconfirmed acknowledgements again: all of them over another connection, or those that have taken too long.
    pub(super) async fn resend(&mut self, all: bool, client: &Client, inbox: &str) -> Result<(), ConnectionClosed> {
        for batch in &mut self.sent {
            if all || batch.sent.elapsed() >= CONFIRM_TIMEOUT {
                batch.sent = Instant::now();
                batch.send(client, inbox).await?;
            }
        }
        Ok(())
    }

    /// The server has confirmed the acknowledgements up to this number.
    pub(super) fn confirm(&mut self, number: u64) {
        while let Some(batch) = self.sent.pop_front_if(|batch| batch.number <= number) {
            batch.messages.iter().for_each(|(message, _)| {
                self.sequences.remove(&message.sequence);
                self.acknowledged.insert(message.sequence, message.stored);
            });
        }
    }

    /// Asks the server to wait longer for messages that it would soon deliver again.
    pub(super) async fn extend(&mut self, after: Duration, client: &Client) -> Result<(), ConnectionClosed> {
        let now = Instant::now();
        for message in self.waiting.iter_mut().filter(|message| now - message.extended >= after) {
            message.extended = now;
            let sent = client.publish(message.reply.clone(), IN_PROGRESS.into()).await;
            sent.map_err(|_| ConnectionClosed)?;
        }
        Ok(())
    }
}

impl AckBatch {
    async fn send(&self, client: &Client, inbox: &str) -> Result<(), ConnectionClosed> {
        let Some(((last, last_ack), others)) = self.messages.split_last() else { return Ok(()) };
        for (message, ack) in others {
            let sent = client.publish(message.reply.clone(), Bytes::from_static(ack.as_bytes())).await;
            sent.map_err(|_| ConnectionClosed)?;
        }
        // The server processes a consumer's acknowledgements in order, and confirms one that has a reply subject.
        let confirmation = format!("{inbox}.{}", self.number);
        let ack = Bytes::from_static(last_ack.as_bytes());
        let sent = client.publish_with_reply(last.reply.clone(), confirmation, ack).await;
        sent.map_err(|_| ConnectionClosed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::SequenceRuns;

    #[test]
    fn a_message_is_recognised_before_and_after_its_acknowledgement() {
        let mut unacked = UnackedMessages::default();
        let now = Instant::now();
        let reply = Subject::from("$JS.ACK.S.c.1.7.1.0.0");
        assert!(unacked.add(&info(7, 70), &reply, now) && unacked.add(&info(8, 80), &reply, now));
        assert!(!unacked.add(&info(7, 70), &reply, now));
        assert!(unacked.repeat_ack(7, &reply).is_none());
        // Like `acknowledge`, without a client.
        let messages = unacked.waiting.drain(..1).map(|message| (message, TERM)).collect();
        unacked.sent.push_back(AckBatch { number: 1, messages, sent: now });
        assert!(!unacked.add(&info(7, 70), &reply, now));
        assert_eq!(unacked.repeat_ack(7, &reply), Some((reply.clone(), TERM.into())));
        unacked.confirm(1);
        assert_eq!((unacked.waiting(), unacked.is_empty()), (1, false));
        // The server has confirmed it, but has forgotten that in a crash.
        assert!(!unacked.add(&info(7, 70), &reply, now));
        assert_eq!(unacked.repeat_ack(7, &reply), Some((reply.clone(), ACK.into())));
        assert!(unacked.add(&info(9, 90), &reply, now));
        // After a crash, another message has its sequence.
        assert!(unacked.add(&info(7, 100), &reply, now));
    }

    fn info(stream_sequence: u64, stored: i64) -> DeliveryInfo {
        DeliveryInfo { delivered: 1, stream_sequence, consumer_sequence: 1, stored, pending: 0 }
    }

    #[test]
    fn the_highest_acknowledged_sequences_are_remembered() {
        let mut acked = AckedSequences::default();
        [1, 5].into_iter().chain((0..MAX_RANGES as u64).map(|n| 20 + 2 * n)).for_each(|n| acked.insert(n, 0));
        let there: Vec<u64> = (0..23).filter(|sequence| acked.sequences.contains(*sequence)).collect();
        assert_eq!((acked.sequences.len(), there), (MAX_RANGES, vec![20, 22]));
    }

    #[test]
    fn messages_of_an_earlier_run_are_recognised() {
        let (mut unacked, now, reply) = (UnackedMessages::default(), Instant::now(), Subject::from("r"));
        let mut checkpointed = SequenceRuns::default();
        [3, 4, 5, 8].into_iter().for_each(|sequence| checkpointed.push(sequence));
        unacked.continue_behind(&EarlierMessages { checkpointed, newest: 80, ..EarlierMessages::default() });
        assert_eq!(unacked.checkpointed(4, 9), [4, 5, 8]);
        assert!(!unacked.add(&info(5, 50), &reply, now) && unacked.repeat_ack(5, &reply).is_some());
        assert!(unacked.add(&info(6, 60), &reply, now));
        assert_eq!((unacked.lowest(), unacked.is_confirmed()), (Some(6), true));
        // Another message has the sequence now.
        assert!(unacked.add(&info(8, 81), &reply, now));
    }

    #[test]
    fn sequences_that_belong_to_newer_messages_are_forgotten() {
        let mut acked = AckedSequences::default();
        (1..=9).for_each(|sequence| acked.insert(sequence, sequence as i64));
        acked.insert(20, 20);
        assert!(acked.contains_delivery(6, 6) && !acked.contains_delivery(6, 21));
        assert_eq!(acked.sequences.to_runs().runs().collect::<Vec<_>>(), [(1, 5)]);
        assert!(acked.contains_delivery(5, 5) && !acked.contains_delivery(7, 15) && !acked.contains_delivery(20, 20));
    }
}

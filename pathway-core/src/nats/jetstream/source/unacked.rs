//! Messages of a stream that waits for acknowledgements: from their delivery until the server has ours.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use async_nats::{Client, Subject};
use bytes::Bytes;

use super::delivery_info::DeliveryInfo;
use crate::connector::source::AckSnapshot;

/// An acknowledgement, and what takes a message out of its stream because it can't be read.
const ACK: &str = "+ACK";
const TERM: &str = "+TERM";
const IN_PROGRESS: &str = "+WPI";
/// How long the server may take to confirm acknowledgements until they are sent once more.
const CONFIRM: Duration = Duration::from_secs(5);
/// So many ranges of sequences are remembered as done with. Where only some of a stream's messages are read, a range can
/// be a single one.
const REMEMBERED: usize = 64 * 1024;

/// What was delivered and is not done with, by the number of its hand-over.
///
/// A message is acknowledged when its commit is through and the servers have all that was written for it. One that comes
/// again is recognised by its sequence: also when the server has confirmed its acknowledgement, because a server that dies,
/// or another one that leads in its place, may not know of that.
#[derive(Default)]
pub(super) struct UnackedMessages {
    waiting: VecDeque<Message>,
    /// The number of the first that waits.
    first: u64,
    /// Acknowledgements that were sent and are not confirmed.
    sent: VecDeque<Acks>,
    /// The number of the last of these.
    last: u64,
    /// The sequences of all of them.
    known: HashSet<u64, foldhash::fast::RandomState>,
    done: Done,
}

/// The sequences of messages that are done with, as ranges: the highest ones.
///
/// A server that crashes can lose the end of a stream, and give its sequences to other messages. Those are known by their
/// age: they were stored later than all that is done with.
#[derive(Default)]
struct Done {
    /// When the newest of them was stored: unix nanoseconds.
    newest: i64,
    /// The first and the last of each range.
    ranges: BTreeMap<u64, u64>,
}

impl Done {
    fn insert(&mut self, sequence: u64, stored: i64) {
        self.newest = self.newest.max(stored);
        let mut first = sequence;
        if let Some((start, end)) = self.ranges.range_mut(..=sequence).next_back() {
            if *end >= sequence {
                return;
            }
            if *end + 1 == sequence {
                (first, *end) = (*start, sequence);
            }
        }
        let last = self.ranges.remove(&(sequence + 1)).unwrap_or(sequence);
        self.ranges.insert(first, last);
        if self.ranges.len() > REMEMBERED {
            self.ranges.pop_first();
        }
    }

    fn contains(&self, sequence: u64) -> bool {
        self.ranges.range(..=sequence).next_back().is_some_and(|(_, end)| *end >= sequence)
    }

    /// Whether a delivery is one of them. Where another message has its sequence, so have others all behind it.
    fn has(&mut self, sequence: u64, stored: i64) -> bool {
        let there = self.contains(sequence);
        if there && stored > self.newest {
            self.ranges.split_off(&sequence);
            if let Some((_, end)) = self.ranges.range_mut(..sequence).next_back() {
                *end = (*end).min(sequence - 1);
            }
            return false;
        }
        there
    }
}

struct Message {
    sequence: u64,
    /// When the stream took it: unix nanoseconds.
    stored: i64,
    /// Where its acknowledgement goes.
    reply: Subject,
    /// When the server was last told, by its delivery or by us, to wait.
    told: Instant,
}

/// Acknowledgements of which the last is confirmed for all.
struct Acks {
    number: u64,
    messages: Vec<(Message, &'static str)>,
    sent: Instant,
}

/// The client of the connection is gone.
pub(super) struct Gone;

impl UnackedMessages {
    /// Takes a message onto the books; false for one that is there already, or is done with.
    pub(super) fn hold(&mut self, receipt: &DeliveryInfo, reply: &Subject, now: Instant) -> bool {
        let (sequence, stored) = (receipt.stream_sequence, receipt.stored);
        let new = !self.done.has(sequence, stored) && self.known.insert(sequence);
        if new {
            self.waiting.push_back(Message { sequence, stored, reply: reply.clone(), told: now });
        }
        new
    }

    /// Answers for a message that was delivered once more although it is done with: the acknowledgement came too late, or
    /// got lost.
    pub(super) fn repeat(&self, sequence: u64, reply: &Subject) -> Option<(Subject, Bytes)> {
        if self.done.contains(sequence) {
            return Some((reply.clone(), ACK.into()));
        }
        let mut sent = self.sent.iter().flat_map(|acks| &acks.messages);
        let (_, word) = sent.find(|(message, _)| message.sequence == sequence)?;
        Some((reply.clone(), Bytes::from_static(word.as_bytes())))
    }

    /// How many messages are not done with.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits, and all acknowledgements are confirmed.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Acknowledges what is done with; returns how many messages that were.
    pub(super) async fn settle(&mut self, standing: &AckSnapshot, client: &Client, inbox: &str) -> Result<(), Gone> {
        let done = standing.messages.saturating_sub(self.first).min(self.waiting.len() as u64);
        if done == 0 {
            return Ok(());
        }
        let mut rejected = standing.rejected.iter().copied().peekable();
        let messages = (self.first..).zip(self.waiting.drain(..done as usize)).map(|(number, message)| {
            let word = if rejected.next_if_eq(&number).is_some() { TERM } else { ACK };
            (message, word)
        });
        self.last += 1;
        let acks = Acks { number: self.last, messages: messages.collect(), sent: Instant::now() };
        self.first += done;
        // On the books before it is said: that may be broken off at any time, and said again over another connection.
        self.sent.push_back(acks);
        match self.sent.back() {
            Some(acks) => acks.send(client, inbox).await,
            None => Ok(()),
        }
    }

    /// Sends once more what is not confirmed: all of it, over another connection, or what has taken too long.
    pub(super) async fn send_again(&mut self, all: bool, client: &Client, inbox: &str) -> Result<(), Gone> {
        for acks in &mut self.sent {
            if all || acks.sent.elapsed() >= CONFIRM {
                acks.sent = Instant::now();
                acks.send(client, inbox).await?;
            }
        }
        Ok(())
    }

    /// The server has the acknowledgements up to a number.
    pub(super) fn confirm(&mut self, number: u64) {
        while let Some(acks) = self.sent.pop_front_if(|acks| acks.number <= number) {
            acks.messages.iter().for_each(|(message, _)| {
                self.known.remove(&message.sequence);
                self.done.insert(message.sequence, message.stored);
            });
        }
    }

    /// Asks the server to wait on for what it would soon deliver again.
    pub(super) async fn extend(&mut self, after: Duration, client: &Client) -> Result<(), Gone> {
        let now = Instant::now();
        for message in self.waiting.iter_mut().filter(|message| now - message.told >= after) {
            message.told = now;
            client.publish(message.reply.clone(), IN_PROGRESS.into()).await.map_err(|_| Gone)?;
        }
        Ok(())
    }
}

impl Acks {
    async fn send(&self, client: &Client, inbox: &str) -> Result<(), Gone> {
        let Some((last, before)) = self.messages.split_last() else { return Ok(()) };
        for (message, word) in before {
            client.publish(message.reply.clone(), Bytes::from_static(word.as_bytes())).await.map_err(|_| Gone)?;
        }
        // The server works off a consumer's acknowledgements in order, and answers where there is a reply.
        let (message, word) = last;
        let answer = format!("{inbox}.{}", self.number);
        client
            .publish_with_reply(message.reply.clone(), answer, Bytes::from_static(word.as_bytes()))
            .await
            .map_err(|_| Gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_until_its_acknowledgement_is_confirmed() {
        let mut held = UnackedMessages::default();
        let now = Instant::now();
        let reply = Subject::from("$JS.ACK.S.c.1.7.1.0.0");
        assert!(held.hold(&receipt(7, 70), &reply, now) && held.hold(&receipt(8, 80), &reply, now));
        assert!(!held.hold(&receipt(7, 70), &reply, now));
        assert!(held.repeat(7, &reply).is_none());
        // As `settle` does, without a client.
        let messages = held.waiting.drain(..1).map(|message| (message, TERM)).collect();
        held.sent.push_back(Acks { number: 1, messages, sent: now });
        assert!(!held.hold(&receipt(7, 70), &reply, now));
        assert_eq!(held.repeat(7, &reply), Some((reply.clone(), TERM.into())));
        held.confirm(1);
        assert_eq!((held.waiting(), held.is_empty()), (1, false));
        // The server confirmed it, and yet does not know of it.
        assert!(!held.hold(&receipt(7, 70), &reply, now));
        assert_eq!(held.repeat(7, &reply), Some((reply.clone(), ACK.into())));
        assert!(held.hold(&receipt(9, 90), &reply, now));
        // Its sequence is another message's, after a crash.
        assert!(held.hold(&receipt(7, 100), &reply, now));
    }

    fn receipt(stream_sequence: u64, stored: i64) -> DeliveryInfo {
        DeliveryInfo { delivered: 1, stream_sequence, consumer_sequence: 1, stored, pending: 0 }
    }

    #[test]
    fn what_is_done_with_is_remembered_in_ranges() {
        let mut done = Done::default();
        [5, 7, 6, 6, 1, 9, 2].into_iter().for_each(|sequence| done.insert(sequence, 0));
        assert_eq!(done.ranges, BTreeMap::from([(1, 2), (5, 7), (9, 9)]));
        let there: Vec<u64> = (0..12).filter(|sequence| done.contains(*sequence)).collect();
        assert_eq!(there, [1, 2, 5, 6, 7, 9]);
        (0..REMEMBERED as u64).for_each(|n| done.insert(20 + 2 * n, 0));
        assert_eq!(done.ranges.len(), REMEMBERED);
        assert!(!done.contains(1) && !done.contains(5) && done.contains(20) && done.contains(20 + 2 * 1000));
    }

    #[test]
    fn sequences_that_other_messages_have_are_forgotten() {
        let mut done = Done::default();
        (1..=9).for_each(|sequence| done.insert(sequence, sequence as i64));
        done.insert(20, 20);
        assert!(done.has(6, 6) && !done.has(6, 21));
        assert_eq!(done.ranges, BTreeMap::from([(1, 5)]));
        assert!(done.has(5, 5) && !done.has(7, 15) && !done.has(20, 20));
    }
}

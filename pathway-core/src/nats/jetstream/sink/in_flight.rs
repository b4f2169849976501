//! Messages in flight: what the stream answers to them, and when they are sent again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ack::PublishAck;
use super::publisher::Publisher;
use super::session::PublishSession;
use crate::data::{ErrorKind, Result};

/// How long an answer may take before all messages without one are sent again.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// A message that was sent and is not done.
pub(super) struct InFlight {
    pub(super) state: AckState,
    /// Its id, if it was sent into the stream.
    pub(super) id: Option<String>,
    /// Its sequence in the stream, once that is known.
    pub(super) sequence: Option<u64>,
    /// Its subject, if no other message may be sent to that.
    pub(super) subject: Option<Arc<str>>,
}

/// What the stream has answered to a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AckState {
    /// Nothing yet.
    Waiting,
    /// It is stored, or cannot be.
    Done,
    /// It must be sent again.
    Refused,
}

/// Messages were refused. Nothing is sent until all messages in flight are answered, and a pause is over.
pub(super) struct RetryState {
    /// No stream takes the subject, so the stream must be asked for first.
    pub(super) check_stream: bool,
    /// The end of the pause. Known when all messages in flight are answered.
    pub(super) resume_at: Option<Instant>,
}

impl PublishSession<'_> {
    /// The stream has answered a message.
    pub(super) fn on_ack(&mut self, number: u64, ack: PublishAck) -> Result<()> {
        let index = number.checked_sub(self.first_in_flight).map(|index| index as usize);
        let Some(message) = index.and_then(|index| self.in_flight.get_mut(index)) else { return Ok(()) };
        self.last_answer = Instant::now();
        let mut check_stream = false;
        if !matches!(ack, PublishAck::Stored(_)) {
            message.state = AckState::Refused;
        }
        match ack {
            PublishAck::Stored(sequence) => {
                message.state = AckState::Done;
                message.sequence = sequence;
                if let Some(subject) = message.subject.take() {
                    self.subjects.remove(&subject);
                }
                return Ok(());
            }
            PublishAck::Refused(reason) => return Err(self.publisher.error(ErrorKind::Stream, reason)),
            PublishAck::Rejected(reason) => self.record_refused(number, reason),
            PublishAck::NoStream => check_stream = true,
            PublishAck::OutOfOrder => self.on_out_of_order(number),
            PublishAck::Retry(reason) => {
                if self.retry.is_none() && self.backoff.is_reset() {
                    let stream = &self.publisher.config.stream;
                    self.publisher.warn(format_args!("stream `{stream}` accepts no messages now: {reason}; retrying"));
                }
            }
        }
        let retry = self.retry.get_or_insert(RetryState { check_stream, resume_at: None });
        retry.check_stream |= check_stream;
        Ok(())
    }

    /// A message could not follow the one before: either that was refused itself, or another writer has interfered.
    fn on_out_of_order(&mut self, number: u64) {
        self.remove_done();
        if number == self.first_in_flight && self.retry.is_none() && self.publisher.order.on_interference() {
            let stream = &self.publisher.config.stream;
            self.publisher.warn(format_args!(
                "others write into stream `{stream}`, too: when it refuses a message for a moment, messages in flight behind \
                 it may be stored before it"
            ));
        }
    }

    /// The stream will never take this message.
    fn record_refused(&mut self, number: u64, reason: String) {
        let mut index = (number - self.first_in_flight) as usize;
        for batch in &mut self.publisher.pending {
            let in_flight = batch.sent - batch.done;
            if index < in_flight {
                batch.refused.push((batch.done + index, reason));
                return;
            }
            index -= in_flight;
        }
    }

    /// Removes the first messages in flight as long as they are done, and confirms their batches.
    pub(super) fn remove_done(&mut self) {
        while let Some(message) = self.in_flight.pop_front_if(|message| message.state == AckState::Done) {
            self.first_in_flight += 1;
            if let Some(subject) = message.subject {
                self.subjects.remove(&subject);
            }
            self.backoff.reset();
            let Publisher { pending, link, order, .. } = &mut *self.publisher;
            if let Some(id) = message.id {
                order.on_stored(id, message.sequence);
            }
            let Some(batch) = pending.front_mut() else { break };
            batch.done += 1;
            if batch.remaining() == 0 {
                link.counters.published.add((batch.outgoing.len() - batch.rejected.len()) as u64);
                link.counters.dead_letters.add(batch.dead_letters);
                link.outbox.confirm(&batch.outgoing.batch);
                pending.pop_front();
                self.sending = self.sending.saturating_sub(1);
            }
        }
    }

    /// Goes back to the first message that is not stored when an answer is overdue or a pause is over.
    pub(super) fn check_timers(&mut self) {
        let now = Instant::now();
        let is_waiting = self.in_flight.iter().any(|message| message.state == AckState::Waiting);
        let is_overdue = is_waiting && now >= self.last_answer + ANSWER_TIMEOUT;
        match &mut self.retry {
            None if is_overdue => {
                let (count, stream) = (self.in_flight.len(), &self.publisher.config.stream);
                self.publisher.warn(format_args!(
                    "stream `{stream}` has answered nothing for {} s; {count} messages are sent again, with the same ids",
                    ANSWER_TIMEOUT.as_secs()
                ));
                self.rewind();
            }
            // First all messages in flight are answered, so that what is sent again is not behind any of them.
            Some(retry) if retry.resume_at.is_none() && (is_overdue || !is_waiting) => {
                retry.resume_at = Some(now + self.backoff.next_pause());
            }
            Some(RetryState { resume_at: Some(at), check_stream: false }) if now >= *at => {
                self.retry = None;
                self.rewind();
            }
            _ => {}
        }
    }

    /// All messages from the first that is not stored are to be sent again, except those that are known to be stored.
    pub(super) fn rewind(&mut self) {
        let mut in_flight = self.in_flight.drain(..);
        for batch in &mut self.publisher.pending {
            for number in batch.done..batch.sent {
                if in_flight.next().is_some_and(|message| message.state == AckState::Done)
                    && !batch.rejected.contains(&number)
                {
                    batch.stored.insert(number);
                }
                // Answers that come late have numbers that are not used any more.
                self.first_in_flight += 1;
            }
            batch.sent = batch.done;
        }
        drop(in_flight);
        self.publisher.order.rewind();
        self.subjects.clear();
        self.sending = 0;
        self.last_answer = Instant::now();
    }
}

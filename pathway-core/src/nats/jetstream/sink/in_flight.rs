//! Messages in flight: what the stream answers to them, and when they are sent again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ack::PublishAck;
use super::key_guard::KeyGuard;
use super::publisher::Publisher;
use super::resume::Resume;
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
    /// Whether the stream had a message with its id already.
    pub(super) is_duplicate: bool,
    /// Its subject, if no other message of that may be in flight.
    pub(super) subject: Option<Arc<str>>,
}

impl InFlight {
    pub(super) fn new(state: AckState, subject: Option<Arc<str>>) -> Self {
        InFlight { state, id: None, sequence: None, is_duplicate: false, subject }
    }
}

/// What the stream has answered to a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AckState {
    /// Nothing yet.
    Waiting,
    /// Nothing yet: the stream was asked for the last message of its subject.
    LookedUp,
    /// It is not sent yet, because another message of its subject is in flight.
    Queued,
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
        if let PublishAck::OtherDomain(other) = &ack {
            self.publisher.report_other_domain(other);
            return Ok(());
        }
        if let (Some(_), PublishAck::OutOfOrder | PublishAck::Duplicate(_)) = (&self.publisher.keys, &ack) {
            self.look_up_again(number, matches!(ack, PublishAck::Duplicate(_)));
            return Ok(());
        }
        let resumes = self.publisher.resume.is_some();
        let Some(message) = self.in_flight_mut(number).filter(|message| message.state == AckState::Waiting) else {
            return Ok(());
        };
        // How much of what was in flight is stored, the stream says.
        let mut check_stream = resumes;
        message.state = match &ack {
            PublishAck::Stored(_) => AckState::Done,
            PublishAck::Duplicate(_) if !resumes => AckState::Done,
            _ => AckState::Refused,
        };
        (message.sequence, message.is_duplicate) = match &ack {
            PublishAck::Stored(sequence) => (*sequence, false),
            PublishAck::Duplicate(sequence) => (Some(*sequence), true),
            _ => (None, false),
        };
        let (subject, sequence) = (message.subject.clone(), message.sequence);
        self.waiting -= 1;
        self.last_answer = Instant::now();
        match ack {
            // Perhaps another process has written it, with a copy of the directory.
            PublishAck::Duplicate(sequence) if resumes => self.publisher.check_duplicate(sequence)?,
            PublishAck::Stored(_) | PublishAck::Duplicate(_) => {
                if let Some(subject) = subject {
                    self.on_key_stored(number, &subject, sequence);
                    self.on_subject_done(number, &subject);
                }
                return Ok(());
            }
            PublishAck::SubjectFull(reason) => match subject {
                Some(subject) => {
                    self.on_subject_full(number, &subject, reason)?;
                    return Ok(());
                }
                None => {
                    self.report_refusal(number, &reason);
                    check_stream = true;
                }
            },
            PublishAck::Refused(reason) => return Err(self.publisher.error(ErrorKind::Stream, reason)),
            PublishAck::Rejected(reason) => self.record_refused(number, reason)?,
            PublishAck::NoStream => check_stream = true,
            // It was not the awaited answer.
            PublishAck::OtherDomain(_) => {}
            PublishAck::OutOfOrder => check_stream |= self.on_out_of_order(number),
            PublishAck::Retry(reason) => self.report_refusal(number, &reason),
        }
        let retry = self.retry.get_or_insert(RetryState { check_stream, resume_at: None });
        retry.check_stream |= check_stream;
        Ok(())
    }

    /// A message could not follow the one before: either that was refused itself, or the stream's last message is another
    /// one. Returns whether the stream must be asked for that.
    fn on_out_of_order(&mut self, number: u64) -> bool {
        self.remove_done();
        let is_first = number == self.first_in_flight && self.retry.is_none();
        if is_first {
            self.publisher.order.suspect_interference();
        }
        is_first
    }

    /// The stream was asked for after a message was out of order.
    pub(super) fn check_interference(&mut self) {
        let last = self.publisher.stream.as_ref().map_or(0, |stream| stream.last);
        if self.publisher.order.check_interference(last) {
            let stream = &self.publisher.config.stream;
            self.publisher.warn(format_args!(
                "others write into stream `{stream}`, too: when it refuses a message for a moment, messages in flight behind \
                 it may be stored before it"
            ));
        }
    }

    /// A message is stored or rejected, and its subject is free for the next one.
    pub(super) fn on_subject_done(&mut self, number: u64, subject: &Arc<str>) {
        if number != self.first_in_flight
            && let Some((batch, place)) = self.place_of(number)
            && let Some(batch) = self.publisher.pending.get_mut(batch)
            && !batch.rejected.contains(&place)
        {
            // Perhaps the messages before it are not stored for long.
            batch.stored.insert(place);
        }
        self.queues.on_done(subject);
        if !self.queues.has_refused() {
            self.publisher.refusals.over();
        }
    }

    /// The stream takes no message of this subject now. It becomes a dead letter, or waits.
    fn on_subject_full(&mut self, number: u64, subject: &Arc<str>, reason: String) -> Result<()> {
        if self.publisher.config.dead_letters.is_some() {
            self.record_refused(number, reason)?;
            self.queues.retry_now(subject);
        } else {
            self.publisher.report_refusal(subject, &reason, true);
            self.queues.on_refused(subject, Instant::now());
        }
        Ok(())
    }

    /// The stream takes no message now.
    fn report_refusal(&mut self, number: u64, reason: &str) {
        let Some((batch, place)) = self.place_of(number) else { return };
        let batch = Arc::clone(&self.publisher.pending[batch].outgoing.batch);
        self.publisher.report_refusal(batch.subject_of(&batch.messages[place]), reason, false);
    }

    /// The stream will never take this message.
    fn record_refused(&mut self, number: u64, reason: String) -> Result<()> {
        self.place_of(number).map_or(Ok(()), |place| self.publisher.record_refused(place, reason))
    }

    /// A message or a request was sent, or a message cannot be.
    pub(super) fn on_sent(&mut self, number: u64, state: AckState, id: Option<String>) {
        if matches!(state, AckState::Waiting | AckState::LookedUp) {
            if self.waiting == 0 {
                self.last_answer = Instant::now();
            }
            self.waiting += 1;
        }
        let subject = self.in_flight_mut(number).and_then(|message| {
            (message.state, message.id) = (state, id);
            message.subject.clone()
        });
        if let Some(subject) = subject.filter(|_| state == AckState::Done) {
            self.on_subject_done(number, &subject);
        }
    }

    pub(super) fn in_flight_mut(&mut self, number: u64) -> Option<&mut InFlight> {
        let index = number.checked_sub(self.first_in_flight)?;
        self.in_flight.get_mut(index as usize)
    }

    /// The pending batch of a message in flight, and its place in that.
    pub(super) fn place_of(&self, number: u64) -> Option<(usize, usize)> {
        let mut index = number.checked_sub(self.first_in_flight)? as usize;
        for (number, batch) in self.publisher.pending.iter().enumerate() {
            let in_flight = batch.sent - batch.done;
            if index < in_flight {
                return Some((number, batch.done + index));
            }
            index -= in_flight;
        }
        None
    }

    /// Removes the first messages in flight as long as they are done, and confirms their batches.
    pub(super) fn remove_done(&mut self) {
        while let Some(message) = self.in_flight.pop_front_if(|message| message.state == AckState::Done) {
            self.first_in_flight += 1;
            self.backoff.reset();
            let Publisher { pending, link, config, order, refusals, by_subject, resume, keys, .. } =
                &mut *self.publisher;
            if !*by_subject {
                refusals.over();
            }
            match message.id {
                Some(_) if message.is_duplicate && config.own_ids => order.on_duplicate(message.sequence),
                Some(id) => order.on_stored(id, message.sequence),
                None => {}
            }
            resume.iter_mut().for_each(|resume| resume.stored(message.sequence));
            let Some(batch) = pending.front_mut() else { break };
            batch.done += 1;
            if batch.remaining() == 0 {
                link.counters.published.add((batch.outgoing.len() - batch.rejected.len()) as u64);
                link.counters.dead_letters.add(batch.dead_letters);
                let last = resume.as_ref().and_then(Resume::last);
                let last = last.or_else(|| keys.as_ref().and_then(KeyGuard::highest));
                if let (Some(state), Some(last)) = (link.control.persistent(), last) {
                    state.set_position(&link.name, batch.outgoing.batch.commit, last);
                }
                link.outbox.confirm(&batch.outgoing.batch);
                pending.pop_front();
                self.sending = self.sending.saturating_sub(1);
            }
        }
    }

    /// Goes back to the first message that is not stored when an answer is overdue or a pause is over.
    pub(super) fn check_timers(&mut self) {
        let now = Instant::now();
        let is_waiting = self.waiting > 0;
        let is_overdue = is_waiting && now >= self.last_answer + ANSWER_TIMEOUT;
        match &mut self.retry {
            None if is_overdue => {
                let (count, stream) = (self.in_flight.len(), &self.publisher.config.stream);
                self.publisher.warn(format_args!(
                    "stream `{stream}` has answered nothing for {} s; {count} messages are sent again, with the same ids",
                    ANSWER_TIMEOUT.as_secs()
                ));
                // Perhaps it was edited, and acknowledges nothing any more.
                self.retry = Some(RetryState { check_stream: true, resume_at: None });
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
                    // A pipeline that persists counts what the stream has.
                    && self.publisher.resume.is_none()
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
        self.queues.clear();
        self.waiting = 0;
        self.sending = 0;
        self.last_answer = Instant::now();
    }
}

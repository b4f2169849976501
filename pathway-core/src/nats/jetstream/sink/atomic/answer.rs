//! What a stream answers to an atomic batch, and what follows from it.

use std::sync::Arc;
use std::time::Instant;

use async_nats::Message;

use super::batch::{Batch, Progress};
use super::{AtomicSession, Publisher};
use crate::data::Result;
use crate::nats::jetstream::sink::ack::{PublishAck, refusal};

/// The stream takes no batches, or no longer.
const DISABLED: u64 = 10174;
/// The server does not have all messages of the batch.
const INCOMPLETE: u64 = 10176;
/// The batch has more messages than the server takes. It says how many these are.
const TOO_MANY: u64 = 10199;
/// The stream has a message with the id of one of the batch already.
const DUPLICATE: u64 = 10201;

/// How often in a row a batch may follow another message than the last one before that is reported.
const MOST_OUT_OF_ORDER: u32 = 3;

/// What a stream answers to a message of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BatchAck {
    /// What it answers to any message. [`PublishAck::Stored`] says only of the last message that the batch is stored.
    Ack(PublishAck),
    /// It does not have all messages before the last one, and has stored none.
    Incomplete,
    /// The batch has more messages than this.
    TooMany(usize),
    /// A message with the same id as one of the batch was stored before, and nothing of the batch.
    Duplicate,
    /// The stream takes no batches.
    Disabled,
}

impl BatchAck {
    /// Parses an answer, which should come from this stream of this domain.
    pub(super) fn parse(message: &Message, stream: &str, domain: &str) -> Self {
        match refusal(message) {
            Some((INCOMPLETE, _)) => BatchAck::Incomplete,
            Some((DISABLED, _)) => BatchAck::Disabled,
            Some((DUPLICATE, _)) => BatchAck::Duplicate,
            Some((TOO_MANY, description)) => {
                let most = description.rsplit(' ').next().and_then(|most| most.parse().ok());
                BatchAck::TooMany(most.filter(|most| *most > 0).unwrap_or(1))
            }
            _ => BatchAck::Ack(PublishAck::parse(message, stream, domain)),
        }
    }
}

impl AtomicSession<'_> {
    /// An answer has arrived, with its number.
    pub(super) fn on_answer(&mut self, number: u64, ack: BatchAck) -> Result<()> {
        if let BatchAck::Ack(PublishAck::OtherDomain(other)) = &ack {
            self.publisher.report_other_domain(other);
            return Ok(());
        }
        let is_retrying = self.retry.is_some();
        let Some(batch) = self.batch_mut() else { return Ok(()) };
        let Some(number) = number.checked_sub(batch.first_answer).map(|number| number as usize) else {
            // To an earlier attempt. If that has stored it, the stream says so to this one.
            return Ok(());
        };
        let messages = batch.messages.len();
        let is_positive = matches!(ack, BatchAck::Ack(PublishAck::Stored(_)));
        if number >= messages {
            // The server has processed a dead letter.
            batch.rejects.get_mut(number - messages).into_iter().for_each(|reject| reject.is_done = true);
        } else if batch.progress != Progress::Sent || (is_retrying && !is_positive) {
            return Ok(());
        } else if number + 1 < messages {
            if !is_positive && batch.refusal.is_none() {
                batch.refusal = Some((number, ack));
            }
        } else {
            let (number, ack) = match (ack, batch.refusal.take()) {
                (BatchAck::Incomplete, Some(reason)) => reason,
                (ack, _) => (number, ack),
            };
            self.on_outcome(number, ack)?;
        }
        self.last_answer = Instant::now();
        Ok(())
    }

    /// The stream has stored the batch, or has not. `number` is the message that it speaks of.
    fn on_outcome(&mut self, number: usize, ack: BatchAck) -> Result<()> {
        let persists = self.publisher.persists();
        let Some(batch) = self.batch_mut() else { return Ok(()) };
        match ack {
            BatchAck::Ack(PublishAck::Stored(sequence)) => self.on_stored(sequence),
            // The stream says whether it still has it.
            BatchAck::Ack(PublishAck::Duplicate(_)) | BatchAck::Duplicate if persists => {
                batch.has_duplicate = true;
                self.retry_after_pause(true);
            }
            BatchAck::Ack(PublishAck::Duplicate(sequence)) => self.on_stored(Some(sequence)),
            BatchAck::Duplicate if batch.attempts > 1 => self.on_stored(None),
            BatchAck::Duplicate => {
                return Err(
                    self.refused("it has a message with the id of one of the pipeline, which nobody else can have")
                );
            }
            BatchAck::Ack(PublishAck::Rejected(reason)) => {
                self.reject(number, &reason)?;
                self.retry_now();
            }
            BatchAck::Ack(PublishAck::Refused(reason)) => return Err(self.refused(&reason)),
            BatchAck::Ack(PublishAck::Retry(reason) | PublishAck::SubjectFull(reason)) => {
                // A server that fails to store a batch completely does so when it is restarted.
                batch.is_unclear = true;
                self.report_refusal(number, &reason);
                self.retry_after_pause(false);
            }
            BatchAck::Ack(PublishAck::OutOfOrder) => {
                // The last message says whether others write to the same subjects. It may also have been removed by a limit.
                self.out_of_order += 1;
                if self.out_of_order > MOST_OUT_OF_ORDER {
                    self.report_refusal(
                        number,
                        "its last message changes, or an earlier attempt is still being processed",
                    );
                }
                self.retry_after_pause(true);
            }
            BatchAck::Incomplete => {
                // The next attempt asks for the reason.
                let atomic = self.publisher.atomic.as_mut();
                if atomic.is_some_and(|atomic| std::mem::replace(&mut atomic.is_careful, true)) {
                    self.report_refusal(number, "the server did not receive all of an atomic batch in time");
                }
                self.retry_after_pause(false);
            }
            BatchAck::TooMany(most) => {
                batch.is_unclear = false;
                if let Some(atomic) = &mut self.publisher.atomic {
                    atomic.limit = atomic.limit.min(most);
                }
                self.retry_after_pause(true);
            }
            // The stream is asked for first: it says what it takes.
            BatchAck::Disabled | BatchAck::Ack(PublishAck::NoStream | PublishAck::OtherDomain(_)) => {
                self.retry_after_pause(true);
            }
        }
        Ok(())
    }

    /// The batch is stored. The sequence of its last message, if that is known.
    pub(super) fn on_stored(&mut self, sequence: Option<u64>) {
        let Some(batch) = self.batch_mut() else { return };
        batch.progress = Progress::Stored(sequence);
        let position = self.publisher.atomic.as_mut().and_then(|atomic| atomic.position.as_mut());
        if let (Some(position), Some(sequence)) = (position, sequence) {
            position.stored(sequence);
        }
        self.retry = None;
    }

    /// The stream takes the batch not now, because of this message.
    fn report_refusal(&mut self, number: usize, reason: &str) {
        let Some(&(batch, number)) = self.batch_mut().and_then(|batch| batch.messages.get(number)) else { return };
        let Some(batch) = self.publisher.pending.get(batch).map(|pending| Arc::clone(&pending.outgoing.batch)) else {
            return;
        };
        self.publisher.report_refusal(batch.subject_of(&batch.messages[number]), reason, false);
    }
}

impl Publisher {
    /// A batch is stored, and its dead letters are, too: confirms the commits that are complete now.
    pub(super) fn finish_batch(&mut self, batch: &Batch) {
        let persistent = self.link.control.persistent().filter(|_| self.persists()).cloned();
        let known =
            self.atomic.as_ref().and_then(|atomic| atomic.position.as_ref()).map(|position| position.sequence());
        let last = match batch.progress {
            Progress::Stored(Some(sequence)) => Some(sequence),
            _ => known,
        };
        let (last_index, last_end) = batch.end;
        for index in 0..=last_index {
            let Some(pending) = self.pending.front_mut() else { break };
            pending.done = if index < last_index { pending.outgoing.len() } else { last_end };
            if pending.remaining() > 0 {
                break;
            }
            let commit = &pending.outgoing.batch;
            self.link.counters.published.add((pending.outgoing.len() - pending.rejected.len()) as u64);
            self.link.counters.dead_letters.add(pending.dead_letters);
            // The messages of a batch have consecutive sequences.
            let behind = batch.messages.len() - batch.messages.partition_point(|(of, _)| *of <= index);
            if let (Some(state), Some(last)) = (&persistent, last) {
                state.set_position(&self.link.name, commit.commit, last.saturating_sub(behind as u64));
            }
            self.link.outbox.confirm(commit);
            self.pending.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(payload: &str) -> BatchAck {
        let message = Message {
            subject: "_INBOX.a.1".into(),
            reply: None,
            payload: payload.to_owned().into(),
            headers: None,
            status: None,
            description: None,
            length: 0,
        };
        BatchAck::parse(&message, "OUT", "")
    }

    #[test]
    fn answers_to_batches_are_parsed() {
        let stored = |sequence| BatchAck::Ack(PublishAck::Stored(sequence));
        assert_eq!(parse(""), stored(None));
        assert_eq!(parse(r#"{"stream":"OUT","seq":7,"batch":"x-1","count":2}"#), stored(Some(7)));
        let error = |code: u64, err_code: u64, description: &str| {
            let error = format!(r#"{{"code":{code},"err_code":{err_code},"description":"{description}"}}"#);
            parse(&format!(r#"{{"error":{error},"stream":"OUT","seq":0}}"#))
        };
        assert_eq!(error(400, 10176, "atomic publish batch is incomplete"), BatchAck::Incomplete);
        assert_eq!(error(400, 10199, "atomic publish batch is too large: 50"), BatchAck::TooMany(50));
        assert_eq!(error(400, 10199, "a new text"), BatchAck::TooMany(1));
        assert_eq!(error(400, 10201, "duplicate"), BatchAck::Duplicate);
        assert_eq!(error(400, 10174, "atomic publish is disabled"), BatchAck::Disabled);
        let too_many = "atomic publish too many inflight".to_owned();
        assert_eq!(error(429, 10210, &too_many), BatchAck::Ack(PublishAck::Retry(too_many)));
        for code in [10071, 10164] {
            assert_eq!(error(400, code, "wrong last sequence"), BatchAck::Ack(PublishAck::OutOfOrder));
        }
    }
}

//! Asks a bucket for the last message of a key, before another one of that key is written.

use std::sync::Arc;
use std::time::Instant;

use async_nats::Message;

use super::in_flight::{AckState, RetryState};
use super::key_guard::{LastOfKey, OutputPlace, Verdict};
use super::publisher::Publisher;
use super::resume::StreamMessage;
use super::session::PublishSession;
use crate::data::{Error, ErrorKind, Result, excerpt};
use crate::nats::client::{ApiError, Connection, ConnectionClosed, MessageRequest, SessionEnd, StoredMessage, parse};
use crate::nats::kv::bucket::Bucket;
use crate::telemetry::Level;

impl PublishSession<'_> {
    /// Asks for the last message of the key of a message in flight.
    pub(super) async fn look_up(&mut self, slot: u64, (in_batch, number): (usize, usize)) -> Result<(), SessionEnd> {
        let Publisher { pending, config, .. } = &*self.publisher;
        let batch = &pending[in_batch].outgoing.batch;
        let last_by_subj = config.api.stored_subject(batch.subject_of(&batch.messages[number]));
        let body = serde_json::to_vec(&MessageRequest::Last { last_by_subj });
        let body = body.map_err(|error| self.publisher.error(ErrorKind::Stream, error))?;
        let subject = config.api.subject(&format!("STREAM.MSG.GET.{}", config.stream));
        let reply = format!("{}.{slot}", self.inbox);
        let asked = self.connection.client.publish_with_reply(subject, reply, body.into()).await;
        asked.map_err(|_| ConnectionClosed)?;
        self.on_sent(slot, AckState::LookedUp, None);
        Ok(())
    }

    /// A message of a key is stored.
    pub(super) fn on_key_stored(&mut self, number: u64, subject: &str, sequence: Option<u64>) {
        let Some((batch, place)) = self.place_of(number) else { return };
        let Publisher { pending, keys: Some(keys), .. } = &mut *self.publisher else { return };
        let is_deletion = !pending[batch].outgoing.batch.messages[place].inserted;
        keys.on_stored(subject, sequence, is_deletion);
    }

    /// An answer has arrived: the message waits for its turn again. Returns its subject.
    fn take_answered(&mut self, number: u64, is_duplicate: bool) -> Option<Arc<str>> {
        let is_awaited = |state| matches!(state, AckState::Waiting | AckState::LookedUp);
        let message = self.in_flight_mut(number).filter(|message| is_awaited(message.state))?;
        (message.state, message.is_duplicate) = (AckState::Queued, is_duplicate);
        let subject = message.subject.clone();
        self.waiting -= 1;
        self.last_answer = Instant::now();
        subject
    }

    /// The stream has a message in flight.
    fn set_done(&mut self, number: u64, subject: &Arc<str>) {
        self.in_flight_mut(number).into_iter().for_each(|message| message.state = AckState::Done);
        self.on_subject_done(number, subject);
    }

    /// The stream has another message behind the one that a message of its key should follow, or has had the message already.
    pub(super) fn look_up_again(&mut self, number: u64, is_duplicate: bool) {
        let Some(subject) = self.take_answered(number, is_duplicate) else { return };
        self.publisher.keys.iter_mut().for_each(|keys| keys.refute(&subject));
        self.queues.retry_now(&subject);
    }

    /// Whether the answer to a message in flight is that about its key.
    pub(super) fn is_looked_up(&mut self, number: u64) -> bool {
        self.in_flight_mut(number).is_some_and(|message| message.state == AckState::LookedUp)
    }

    /// The stream has answered which message is the last one of a key.
    pub(super) fn on_look_up(&mut self, number: u64, answer: &Message) -> Result<()> {
        let place = self.place_of(number);
        let was_stored = self.in_flight_mut(number).is_some_and(|message| message.is_duplicate);
        let Some(((in_batch, index), subject)) = place.zip(self.take_answered(number, was_stored)) else {
            return Ok(());
        };
        let found = match parse::<StoredMessage>(answer) {
            Ok(message) => Some(message),
            Err(error) if error.has_code(ApiError::NO_MESSAGE) => None,
            // The server is busy, or elects a leader.
            Err(ApiError::Temporary(reason)) => {
                self.publisher.report_refusal(&subject, &reason, false);
                self.in_flight_mut(number).into_iter().for_each(|message| message.state = AckState::Refused);
                self.retry.get_or_insert(RetryState { check_stream: false, resume_at: None });
                return Ok(());
            }
            Err(error) => return Err(self.publisher.error(ErrorKind::Stream, error)),
        };
        let last = found.map(|message| self.publisher.last_of_key(&message));
        let Publisher { pending, keys: Some(keys), .. } = &mut *self.publisher else { return Ok(()) };
        let batch = &pending[in_batch].outgoing.batch;
        let output = OutputPlace { commit: batch.commit, index: index as u64 };
        match keys.judge(&subject, output, batch.time, last) {
            Verdict::Conflict(found) => return Err(self.publisher.conflict(&subject, found)),
            // The server remembers its id: it was stored, and removed since.
            Verdict::Write { .. } if was_stored => self.set_done(number, &subject),
            Verdict::Write { is_overwritten } => {
                if is_overwritten {
                    self.publisher.report_overwritten(&subject);
                }
                self.queues.retry_now(&subject);
            }
            Verdict::Stored => self.set_done(number, &subject),
        }
        Ok(())
    }
}

impl Publisher {
    /// Checks, if the pipeline persists, that the bucket is the one that earlier runs have written, and has no message of a run that
    /// the log does not know.
    pub(super) async fn check_bucket(&self, connection: &mut Connection) -> Result<(), SessionEnd> {
        let (Some(keys), Some(stream), Some(state)) = (&self.keys, &self.stream, self.link.control.persistent()) else {
            return Ok(());
        };
        const CURE: &str =
            "it lacks values that are not written again: restore it from a copy, or begin anew with another directory";
        if let Some(before) = state.base(&self.link.name) {
            if !before.is_in_stream_of(&self.output_position(&stream.created, 0)) {
                let [before, created] = [&before.created, &stream.created];
                let message = format!("it was created {created}, and the one that was written before {before}: {CURE}");
                return Err(self.error(ErrorKind::Persistence, message).into());
            }
            if before.last > stream.last {
                let (last, before) = (stream.last, before.last);
                let message = format!("it ends at sequence {last}, and was written up to {before}: {CURE}");
                return Err(self.error(ErrorKind::Persistence, message).into());
            }
        }
        if stream.last == 0 || keys.highest() >= Some(stream.last) {
            return Ok(());
        }
        let api = connection.api(&self.config.api);
        let request = api.stored_message(&self.config.stream, MessageRequest::At { seq: stream.last });
        let message = match connection.until_lost(request).await? {
            Ok(message) => StreamMessage::from(&message),
            Err(error) if error.has_code(ApiError::NO_MESSAGE) => return Ok(()),
            // Each key is checked when it is written.
            Err(ApiError::Temporary(_)) if keys.is_recorded => return Ok(()),
            Err(error) => return Err(self.error(ErrorKind::Stream, error).into()),
        };
        // Its answer may have been lost with the connection.
        let is_pending = |found: OutputPlace| {
            let mut batches = self.pending.iter().map(|pending| &pending.outgoing.batch);
            batches.any(|batch| batch.commit == found.commit && message.time.is_none_or(|time| time == batch.time))
        };
        match self.output_place(&message) {
            Some(found) if keys.is_unknown(found.commit) && !is_pending(found) => {
                let subject = format!("message {}", stream.last);
                Err(self.conflict(&subject, found).into())
            }
            _ => Ok(()),
        }
    }

    /// Reports, at the start, that what earlier runs have written was purged from the bucket.
    pub(super) fn report_purged(&self) {
        let (Some(_), Some(stream), Some(state)) = (&self.keys, &self.stream, self.link.control.persistent()) else {
            return;
        };
        let was_written = state.base(&self.link.name).is_some() && stream.last > 0;
        if was_written && stream.num_subjects == 0 && !stream.removal.expires() {
            self.warn(format_args!(
                "the bucket `{}` has no values any more, and earlier runs have written some (it ends at sequence {}): it was \
                 purged; only keys whose rows change from now on get values again: to have all of them, restore it from a copy, or \
                 begin anew with another directory",
                Bucket::name_of(&self.config.stream),
                stream.last
            ));
        }
    }

    /// Notes which bucket it is, before the first message.
    pub(super) fn record_bucket(&mut self) -> Result<()> {
        if let (Some(keys), Some(stream), Some(state)) = (&mut self.keys, &self.stream, self.link.control.persistent())
            && !std::mem::replace(&mut keys.is_recorded, true)
            && state.base(&self.link.name).is_none()
        {
            state.set_base(&self.link.name, self.output_position(&stream.created, 0))?;
        }
        Ok(())
    }

    fn last_of_key(&self, message: &StoredMessage) -> LastOfKey {
        let found = StreamMessage::from(message);
        LastOfKey { sequence: message.sequence, place: self.output_place(&found), time: found.time }
    }

    /// The place of a message in the output of this sink, if it is of this sink.
    fn output_place(&self, message: &StreamMessage) -> Option<OutputPlace> {
        let (commit, index) = message.id.strip_prefix(&*self.id_prefix)?.strip_prefix('-')?.split_once('-')?;
        Some(OutputPlace { commit: commit.parse().ok()?, index: index.parse().ok()? })
    }

    /// Somebody writes the output of this pipeline who is not this run.
    fn conflict(&self, what: &str, OutputPlace { commit, index }: OutputPlace) -> Error {
        self.error(
            ErrorKind::Persistence,
            format!(
                "`{}` has message {index} of commit {commit} of this sink, and not of this run: another process writes into the \
                 bucket with a copy of the directory, or the directory is an older copy, or the end of its log was lost, perhaps \
                 with the machine's power; end the other process, or restore the newest directory, or begin anew with another one",
                excerpt(what).escape_debug()
            ),
        )
    }

    /// Reports that somebody else writes a key of this sink.
    fn report_overwritten(&mut self, subject: &str) {
        let subject = excerpt(subject);
        let message = format_args!(
            "others write `{}`, too: their value is replaced by that of the table, which may be older",
            subject.escape_debug()
        );
        self.overwritten.report(Level::Warn, 1, message);
    }
}

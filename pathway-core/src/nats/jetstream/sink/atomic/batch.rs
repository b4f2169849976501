//! An atomic batch: which messages of which commits it has.

use std::sync::Arc;

use async_nats::HeaderMap;

use super::answer::BatchAck;
use super::position::SharedPosition;
use super::{MAX_BATCH, Publisher};
use crate::connector::sink::{OutgoingMessage, OutputBatch};
use crate::data::{EncodeError, Result, excerpt};
use crate::nats::client::{HeaderTemplate, matches, wire_length};
use crate::nats::jetstream::sink::reject::{not_taken, refused_before};

/// The pending batch of a message, and its number in that.
pub(super) type Place = (usize, usize);

/// How many bytes of commits one batch has at most, if it has several. A larger batch would bring little, and the server keeps
/// batches in memory.
const MAX_WEIGHT: usize = 4 << 20;
/// An id of a batch, and a sequence, as long as any that are likely.
const LONG_ID: &str = "0123456789abcdef-0123456789";
const LONG_SEQUENCE: &str = "0123456789";
/// The headers of a message have at most this many bytes beside its own ones, its id and the subjects of the fence.
const HEADERS: usize = 400;

/// An atomic batch that is being written: all pending messages up to a place.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Its messages, in order.
    pub(super) messages: Vec<Place>,
    /// Messages that cannot be published.
    pub(super) rejects: Vec<Reject>,
    /// When the batch is stored, all pending messages before this place are done.
    pub(super) end: Place,
    /// How often all of it was sent.
    pub(super) attempts: usize,
    /// An earlier attempt may have stored it.
    pub(super) is_unclear: bool,
    /// The stream has had a message with the id of one of these.
    pub(super) has_duplicate: bool,
    pub(super) progress: Progress,
    /// The number of the answer to the first message, in this attempt; the dead letters have those behind the last message.
    pub(super) first_answer: u64,
    /// A message was refused before the last one, and why.
    pub(super) refusal: Option<(usize, BatchAck)>,
    /// How many of the messages that cannot be published were reported in this attempt.
    pub(super) rejected: usize,
}

/// A message that cannot be published.
#[derive(Clone, Debug)]
pub(super) struct Reject {
    pub(super) place: Place,
    pub(super) error: EncodeError,
    /// The server has its dead letter, if there is a subject for these.
    pub(super) is_done: bool,
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// So many of its messages were sent in this attempt.
    Sending(usize),
    /// All of them were sent, and the last one is not answered.
    Sent,
    /// It is stored. The sequence of its last message, if that is known.
    Stored(Option<u64>),
}

impl Default for Progress {
    fn default() -> Self {
        Progress::Sending(0)
    }
}

/// What a batch takes of one commit.
#[derive(Default)]
struct Part {
    messages: Vec<usize>,
    /// Messages that cannot be published, why, and whether the log says so.
    rejects: Vec<(usize, EncodeError, bool)>,
}

impl Batch {
    /// Whether nothing is left to be done for it.
    pub(super) fn is_done(&self) -> bool {
        let is_stored = self.messages.is_empty() || matches!(self.progress, Progress::Stored(_));
        is_stored && self.rejects.iter().all(|reject| reject.is_done)
    }

    /// Whether an answer is missing.
    pub(super) fn is_waiting(&self) -> bool {
        self.progress == Progress::Sent || self.rejects[..self.rejected].iter().any(|reject| !reject.is_done)
    }

    /// Everything that is not known to be stored is to be sent, perhaps again. `next_answer` is the number of the next answer.
    pub(super) fn begin_attempt(&mut self, next_answer: &mut u64) {
        if !matches!(self.progress, Progress::Stored(_)) {
            self.progress = Progress::Sending(0);
        }
        (self.rejected, self.refusal) = (0, None);
        self.first_answer = *next_answer;
        *next_answer += (self.messages.len() + self.rejects.len()) as u64;
    }

    /// A message will never be taken.
    pub(super) fn reject(&mut self, number: usize, reason: &str) -> Option<Place> {
        let place = (number < self.messages.len()).then(|| self.messages.remove(number))?;
        self.rejects.push(Reject { place, error: EncodeError::new(reason), is_done: false });
        // No answer has a number that still holds.
        self.first_answer = u64::MAX;
        Some(place)
    }
}

impl Publisher {
    /// The next batch: as many whole commits as it has room for, or a part of one that is larger. `None` if there is nothing to
    /// write.
    pub(super) fn plan_batch(&mut self, max_payload: usize) -> Result<Option<Batch>> {
        let limit = self.atomic.as_ref().map_or(MAX_BATCH, |atomic| atomic.limit);
        let (mut batch, mut weight) = (Batch::default(), 0);
        for index in 0..self.pending.len() {
            let mut part = self.plan_part(index, limit, max_payload)?;
            weight += self.pending[index].outgoing.batch.weight();
            let is_full = batch.messages.len() + part.messages.len() > limit || weight > MAX_WEIGHT;
            if is_full && !batch.messages.is_empty() {
                break;
            }
            let whole = self.pending[index].outgoing.len();
            self.check_whole(index, part.messages.len(), limit);
            let mut end = whole;
            if part.messages.len() > limit {
                self.report_large_commit(whole, limit);
                end = part.messages[limit];
                part.messages.truncate(limit);
                part.rejects.retain(|(number, ..)| *number < end);
            }
            batch.messages.extend(part.messages.into_iter().map(|number| (index, number)));
            for (number, error, is_known) in part.rejects {
                if !is_known && self.persists() {
                    // Before any message behind it is sent.
                    self.record_refused((index, number), error.to_string())?;
                }
                batch.rejects.push(Reject { place: (index, number), error, is_done: false });
            }
            batch.end = (index, end);
            if end < whole || is_full {
                break;
            }
        }
        let position = self.atomic.as_mut().and_then(|atomic| atomic.position.as_mut());
        if position.is_some_and(SharedPosition::report_removed) {
            self.warn(format_args!(
                "messages of earlier runs were removed from stream `{}`, or it was created again; what the log says was stored \
                 is not written again",
                self.config.stream
            ));
        }
        Ok((!self.pending.is_empty()).then_some(batch))
    }

    /// What is to be done for a commit: those of its messages that the stream does not have; if they do not fit into a batch,
    /// one more than that.
    fn plan_part(&mut self, index: usize, limit: usize, max_payload: usize) -> Result<Part> {
        let batch = Arc::clone(&self.pending[index].outgoing.batch);
        let mut part = Part::default();
        for (number, message) in batch.messages.iter().enumerate().skip(self.pending[index].done) {
            let was_refused = self.was_refused(batch.commit, number);
            let own = || self.own_refusal(index, number, max_payload);
            let refused = || was_refused.then(|| own().unwrap_or_else(refused_before));
            if let Some(error) = self.pending[index].validate(number, message).or_else(refused) {
                let is_known = was_refused || self.pending[index].is_refused(number);
                part.rejects.push((number, error, is_known));
                continue;
            }
            if let Some(position) = self.atomic.as_mut().and_then(|atomic| atomic.position.as_mut())
                && position.has(batch.commit, number, batch.time).map_err(|reason| self.cannot_continue(&reason))?
            {
                continue;
            }
            match self.own_refusal(index, number, max_payload) {
                Some(error) => part.rejects.push((number, error, false)),
                None => part.messages.push(number),
            }
            if part.messages.len() > limit {
                break;
            }
        }
        Ok(part)
    }

    /// Why a message cannot be written, as far as the sink itself can tell.
    fn own_refusal(&self, index: usize, number: usize, max_payload: usize) -> Option<EncodeError> {
        let batch = &self.pending[index].outgoing.batch;
        let message = &batch.messages[number];
        let subject = batch.subject_of(message);
        let invalid = self.not_own(subject);
        let invalid = invalid.or_else(|| not_taken(self.stream.as_ref(), &self.config, message, subject));
        invalid.or_else(|| self.too_large(index, number, message, max_payload))
    }

    /// Why a message cannot have a subject that is not one of the sink's own, if so.
    fn not_own(&self, subject: &str) -> Option<EncodeError> {
        let filter = self.atomic.as_ref()?.filter.as_deref()?;
        let error = || {
            format!(
                "the subject `{}` does not match `{filter}`, the sink's own subjects",
                excerpt(subject).escape_debug()
            )
        };
        (!matches(filter, subject)).then(|| EncodeError::new(error()))
    }

    /// Why a message is too large for the server or the stream, if so.
    ///
    /// The server would notice it in the middle of a batch, which is refused then. Any message may be the first or the last one of
    /// its batch, which have the most headers: whether it fits does not depend on its place.
    fn too_large(
        &self,
        index: usize,
        number: usize,
        message: &OutgoingMessage,
        max_payload: usize,
    ) -> Option<EncodeError> {
        let for_stream = self.stream.as_ref().and_then(|stream| stream.writing.max_message_size());
        let (limit, name) = match for_stream.filter(|limit| *limit < max_payload) {
            Some(limit) => (limit, "the stream's max_msg_size"),
            None => (max_payload, "the server's max_payload"),
        };
        let own: usize =
            message.meta.iter().flat_map(|meta| &meta.headers).map(|(name, value)| name.len() + value.len() + 4).sum();
        let payload = message.payload.len();
        let position = self.atomic.as_ref().and_then(|atomic| atomic.position.as_ref());
        let filter = position.map_or("", |position| position.filter());
        if payload + own + filter.len() + self.id_prefix.len() + HEADERS <= limit {
            return None;
        }
        let batch = &self.pending[index].outgoing.batch;
        let id = self.id_of(index, number);
        let mut extra = batch_headers(LONG_ID, "1000").to_vec();
        if !filter.is_empty() {
            extra.extend(fence(LONG_SEQUENCE, filter));
        }
        let size = payload + wire_length(&HeaderTemplate::with_id(batch.time, message, &id, &extra));
        let error = || {
            format!(
                "a message of {payload} bytes is too large: with its headers, {size} bytes, it exceeds {name} of {limit}"
            )
        };
        (size > limit).then(|| EncodeError::new(error()))
    }

    /// The id of a message.
    pub(super) fn id_of(&self, index: usize, number: usize) -> String {
        format!("{}-{}-{number}", self.id_prefix, self.pending[index].outgoing.batch.commit)
    }

    /// The headers of a message of a batch: its number in that, and that of all messages. A batch of one message is none.
    pub(super) fn batch_headers(
        &self,
        (index, number): Place,
        batch_id: &str,
        in_batch: usize,
        count: usize,
    ) -> HeaderMap {
        let batch = &self.pending[index].outgoing.batch;
        let atomic = self.atomic.as_ref();
        let position = atomic.and_then(|atomic| atomic.position.as_ref()).filter(|_| in_batch == 0);
        let sequence = position.map(|position| position.sequence().to_string()).unwrap_or_default();
        let in_batch_text = (in_batch + 1).to_string();
        let mut extra = Vec::with_capacity(5);
        if let Some(position) = position {
            extra.extend(fence(&sequence, position.filter()));
        }
        if count > 1 {
            let is_last = in_batch + 1 == count;
            extra.extend(&batch_headers(batch_id, &in_batch_text)[..if is_last { 3 } else { 2 }]);
        }
        HeaderTemplate::with_id(batch.time, &batch.messages[number], &self.id_of(index, number), &extra)
    }

    /// A batch has whole commits: what the stream has of one is all of it, unless that does not fit into a batch.
    fn check_whole(&self, index: usize, missing: usize, limit: usize) {
        let batch = &self.pending[index].outgoing.batch;
        let position = self.atomic.as_ref().and_then(|atomic| atomic.position.as_ref());
        let is_partly_stored = position.is_some_and(|position| position.ends_in(batch.commit));
        if is_partly_stored && missing > 0 && batch.messages.len() <= limit {
            let stream = &self.config.stream;
            self.warn(format_args!(
                "stream `{stream}` has only a part of commit {}: the rest was removed, or the server allowed smaller batches \
                 then; the other {missing} messages are written now",
                batch.commit
            ));
        }
    }

    fn report_large_commit(&mut self, messages: usize, limit: usize) {
        let Some(atomic) = self.atomic.as_mut() else { return };
        if std::mem::replace(&mut atomic.knows_large_commits, true) {
            return;
        }
        let stream = &self.config.stream;
        self.warn(format_args!(
            "a commit has {messages} messages, and an atomic batch into stream `{stream}` at most {limit}: such commits are \
             written in several batches, and do not become visible at once"
        ));
    }
}

/// The headers that make a message part of a batch; the last one ends the batch.
fn batch_headers<'a>(id: &'a str, number: &'a str) -> [(&'static str, &'a str); 3] {
    [("Nats-Batch-Id", id), ("Nats-Batch-Sequence", number), ("Nats-Batch-Commit", "1")]
}

/// The headers by which the server refuses a batch unless the last message of these subjects has this sequence.
fn fence<'a>(sequence: &'a str, filter: &'a str) -> [(&'static str, &'a str); 2] {
    [("Nats-Expected-Last-Subject-Sequence", sequence), ("Nats-Expected-Last-Subject-Sequence-Subject", filter)]
}

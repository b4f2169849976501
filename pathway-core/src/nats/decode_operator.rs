//! Messages become rows of the dataflow: the pump of a source that has to be decoded.

use std::collections::VecDeque;
use std::sync::Arc;

use super::OnDecodeError;
use super::dead_letters::DeadLetterBox;
use super::kv::Rows;
use crate::connector::sink::EncodedBatch;
use crate::connector::source::{Batch, CommitBuffer, Queue, SourceLink};
use crate::data::{Change, Commit, DecodeError, Error, ErrorKind, Message, Schema};
use crate::dataflow::Inlet;
use crate::plan::{CommitTrigger, SourceOperator};
use crate::telemetry::{Level, LogLimiter};

/// Where the messages wait.
#[derive(Clone)]
pub(super) enum InputQueue {
    /// A source's thread fills it.
    Queue(Arc<Queue>),
    /// A broker in memory fills it, commit by commit.
    CommitBuffer(Arc<CommitBuffer<Batch>>),
}

/// Makes changes of messages.
pub(super) type Decoder<R> = Arc<dyn Fn(&Message<'_>) -> Result<Change<R>, DecodeError> + Send + Sync>;

/// Decodes what waits and feeds it to the dataflow.
pub(super) struct DecodeOperator<R: Schema> {
    supply: InputQueue,
    pace: CommitTrigger,
    decode: Decoder<R>,
    on_decode_error: OnDecodeError,
    link: SourceLink,
    rejects: LogLimiter,
    dead_letters: Option<DeadLetterBox>,
    /// The open commit.
    commit: Commit,
    rows: Inlet<Change<R>>,
    /// The rows of the batch that is being decoded.
    decoded: Vec<Change<R>>,
    /// The rows by key, where they come from a bucket.
    bucket: Option<Rows<R>>,
    /// How many messages were taken.
    taken: u64,
    /// How many of them were taken by the end of the last commit.
    sealed: u64,
    /// For a source that acknowledges: how many were taken by the end of each commit that is not settled.
    unsettled: VecDeque<(Commit, u64)>,
}

impl<R: Schema> DecodeOperator<R> {
    /// How many messages are moved at a time, before the conductor looks whether to seal.
    const AT_ONCE: usize = 64 * 1024;

    pub(super) fn new(
        supply: InputQueue,
        pace: CommitTrigger,
        decode: Decoder<R>,
        on_decode_error: OnDecodeError,
        link: &SourceLink,
        bucket: Option<&str>,
        rows: Inlet<Change<R>>,
    ) -> Self {
        DecodeOperator {
            supply,
            pace,
            decode,
            on_decode_error,
            link: link.clone(),
            rejects: LogLimiter::new(&link.name),
            dead_letters: None,
            commit: 0,
            rows,
            decoded: Vec::new(),
            bucket: bucket.map(Rows::new),
            taken: 0,
            sealed: 0,
            unsettled: VecDeque::new(),
        }
    }

    /// The same with a place for what can't be read.
    pub(super) fn with_dead_letters(self, dead_letters: Option<DeadLetterBox>) -> Self {
        DecodeOperator { dead_letters, ..self }
    }

    /// Decodes a batch and sends its rows on.
    fn receive(&mut self, batch: &Batch) {
        self.decoded.reserve(batch.len());
        let (mut rows, mut dead) = (0, None);
        for (number, message) in (self.taken..).zip(batch.iter()) {
            let outcome = match &mut self.bucket {
                Some(bucket) => {
                    let decode = |message: Message<'_>| (self.decode)(&message).map(|change| change.row);
                    bucket.take(message, decode, &mut self.decoded)
                }
                None => (self.decode)(&message).map(|change| self.decoded.push(change)),
            };
            match outcome {
                Ok(()) => rows += 1,
                Err(reject) => {
                    self.reject(&message, &reject, &mut dead);
                    self.link.queue.settled().reject(number);
                }
            }
        }
        if let (Some(parcel), Some(dead_letters)) = (dead, &self.dead_letters) {
            dead_letters.send(parcel);
        }
        self.taken += batch.len() as u64;
        self.link.counters.rows.add(rows);
        self.rows.send(&mut self.decoded);
    }

    /// Passes on what a bucket held at the start, once all of it has come; says how many rows that were.
    fn complete(&mut self) -> usize {
        let complete = match &self.supply {
            InputQueue::Queue(queue) => queue.is_past_snapshot(self.taken),
            InputQueue::CommitBuffer(_) => true,
        };
        if let Some(bucket) = self.bucket.as_mut().filter(|_| complete) {
            bucket.complete(&mut self.decoded);
        }
        let rows = self.decoded.len();
        self.rows.send(&mut self.decoded);
        rows
    }

    fn reject(&mut self, message: &Message<'_>, reject: &DecodeError, dead: &mut Option<EncodedBatch>) {
        let subject = message.subject;
        self.link.counters.rejected.add(1);
        if let Some(dead_letters) = &self.dead_letters {
            let parcel = dead.get_or_insert_with(|| dead_letters.parcel(self.commit));
            dead_letters.add(parcel, message, reject);
            self.link.counters.dead_letters.add(1);
        }
        match self.on_decode_error {
            OnDecodeError::Skip => {
                let what = format_args!("a message on subject `{subject}` is skipped: {reject}");
                self.rejects.report(Level::Error, 1, what);
            }
            OnDecodeError::Stop => {
                let message = format!(
                    "source `{}`: a message on subject `{subject}` cannot be read, and the source is to stop at that: {reject}",
                    self.link.name
                );
                self.link.control.fail(Error::new(ErrorKind::Decode, message));
            }
        }
    }
}

impl<R: Schema> SourceOperator for DecodeOperator<R> {
    fn pace(&self) -> CommitTrigger {
        self.pace.clone()
    }

    fn pump(&mut self) -> usize {
        match self.supply.clone() {
            InputQueue::CommitBuffer(mailbox) => {
                let batch = mailbox.take().unwrap_or_default();
                self.link.counters.received.add(batch.len() as u64);
                self.link.counters.bytes.add(batch.bytes() as u64);
                self.receive(&batch);
                self.complete();
                batch.len()
            }
            InputQueue::Queue(queue) => {
                let mut taken = 0;
                while taken < Self::AT_ONCE
                    && let Some(batch) = queue.take()
                {
                    taken += batch.len();
                    self.receive(&batch);
                    queue.give_back(batch);
                }
                taken + self.complete()
            }
        }
    }

    fn advance(&mut self, next: Commit) {
        self.commit = next;
        self.rows.advance(next);
        if self.taken > self.sealed && self.link.queue.settled().is_wanted() {
            self.sealed = self.taken;
            self.unsettled.push_back((next - 1, self.taken));
        }
    }

    fn settle(&mut self, before: Commit) {
        let mut done = None;
        while let Some((_, taken)) = self.unsettled.pop_front_if(|(commit, _)| *commit < before) {
            done = Some(taken);
        }
        if let Some(taken) = done {
            self.link.queue.settled().advance(taken);
        }
    }

    fn is_finished(&self) -> bool {
        match &self.supply {
            InputQueue::Queue(queue) => queue.is_finished(),
            InputQueue::CommitBuffer(mailbox) => mailbox.is_finished(),
        }
    }

    fn close(&mut self) {
        match &self.supply {
            InputQueue::Queue(queue) => queue.close(),
            InputQueue::CommitBuffer(mailbox) => mailbox.end(),
        }
    }
}

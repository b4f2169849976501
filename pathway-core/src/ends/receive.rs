//! Messages become rows of the dataflow: the pump of a source that has to be decoded.

use std::collections::VecDeque;
use std::sync::Arc;

use super::OnBadRow;
use super::bucket::Rows;
use crate::data::{Change, Commit, Error, ErrorKind, Level, Message, Reject, Schema, Throttle};
use crate::flow::{Changes, Graph, Inlet};
use crate::plan::{Pace, Pump};
use crate::source::{Batch, Mailbox, Queue, SourceLink};

/// Where the messages wait.
#[derive(Clone)]
pub(super) enum Supply {
    /// A source's thread fills it.
    Queue(Arc<Queue>),
    /// A broker in memory fills it, commit by commit.
    Mailbox(Arc<Mailbox<Batch>>),
}

/// Decodes what waits and feeds it to the dataflow.
pub(super) struct Reception<R: Schema> {
    supply: Supply,
    pace: Pace,
    decode: fn(&[u8]) -> Result<R, Reject>,
    on_bad_row: OnBadRow,
    link: SourceLink,
    rejects: Throttle,
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

impl<R: Schema> Reception<R> {
    /// How many messages are moved at a time, before the conductor looks whether to seal.
    const AT_ONCE: usize = 64 * 1024;

    pub(super) fn new<'scope>(
        graph: &Graph<'scope>,
        supply: &Supply,
        pace: &Pace,
        decode: fn(&[u8]) -> Result<R, Reject>,
        on_bad_row: OnBadRow,
        link: &SourceLink,
        bucket: Option<&str>,
    ) -> (Self, Changes<'scope, R>) {
        let (rows, arrivals) = graph.input();
        let reception = Reception {
            supply: supply.clone(),
            pace: pace.clone(),
            decode,
            on_bad_row,
            link: link.clone(),
            rejects: Throttle::new(&link.name),
            rows,
            decoded: Vec::new(),
            bucket: bucket.map(Rows::new),
            taken: 0,
            sealed: 0,
            unsettled: VecDeque::new(),
        };
        (reception, arrivals)
    }

    /// Decodes a batch and sends its rows on.
    fn receive(&mut self, batch: &Batch) {
        self.decoded.reserve(batch.len());
        let mut rows = 0;
        for (number, message) in (self.taken..).zip(batch.iter()) {
            let decode = |message: Message<'_>| (self.decode)(message.payload);
            let outcome = match &mut self.bucket {
                Some(bucket) => bucket.take(message, decode, &mut self.decoded),
                None => decode(message).map(|row| self.decoded.push(Change::insert(row))),
            };
            match outcome {
                Ok(()) => rows += 1,
                Err(reject) => {
                    self.reject(message, &reject);
                    self.link.queue.settled().reject(number);
                }
            }
        }
        self.taken += batch.len() as u64;
        self.link.counters.rows.add(rows);
        self.rows.send(&mut self.decoded);
    }

    /// Passes on what a bucket held at the start, once all of it has come; says how many rows that were.
    fn complete(&mut self) -> usize {
        let complete = match &self.supply {
            Supply::Queue(queue) => queue.is_past_snapshot(self.taken),
            Supply::Mailbox(_) => true,
        };
        if let Some(bucket) = self.bucket.as_mut().filter(|_| complete) {
            bucket.complete(&mut self.decoded);
        }
        let rows = self.decoded.len();
        self.rows.send(&mut self.decoded);
        rows
    }

    fn reject(&mut self, Message { subject, .. }: Message<'_>, reject: &Reject) {
        self.link.counters.rejected.add(1);
        match self.on_bad_row {
            OnBadRow::Skip => {
                let what = format_args!("a message on subject `{subject}` is skipped: {reject}");
                self.rejects.report(Level::Error, what);
            }
            OnBadRow::Stop => {
                let message = format!(
                    "source `{}`: a message on subject `{subject}` cannot be read, and the source is to stop at that: {reject}",
                    self.link.name
                );
                self.link.control.fail(Error::new(ErrorKind::BadRow, message));
            }
        }
    }
}

impl<R: Schema> Pump for Reception<R> {
    fn pace(&self) -> Pace {
        self.pace.clone()
    }

    fn pump(&mut self) -> usize {
        match self.supply.clone() {
            Supply::Mailbox(mailbox) => {
                let batch = mailbox.take().unwrap_or_default();
                self.link.counters.received.add(batch.len() as u64);
                self.link.counters.bytes.add(batch.bytes() as u64);
                self.receive(&batch);
                self.complete();
                batch.len()
            }
            Supply::Queue(queue) => {
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
            Supply::Queue(queue) => queue.is_finished(),
            Supply::Mailbox(mailbox) => mailbox.is_finished(),
        }
    }

    fn close(&mut self) {
        match &self.supply {
            Supply::Queue(queue) => queue.close(),
            Supply::Mailbox(mailbox) => mailbox.end(),
        }
    }
}

//! Encodes each commit of a table into one parcel, and sends it off.

use std::sync::Arc;

use super::broker;
use super::envelope::Envelope;
use crate::connector::sink::{DeadLetters, EncodedBatch, SinkLink, Writer};
use crate::data::{Change, Commit, Schema};
use crate::format::json::encode;
use crate::format::{ChangeInfo, Encode};
use crate::telemetry::{Level, report};
use crate::testing::Broker;

/// Where parcels go.
#[derive(Clone)]
pub(super) enum Outgoing {
    /// To the sink's thread.
    Outbox,
    /// Onto a broker in memory, at once.
    Broker(Broker, Option<DeadLetters>),
}

/// A table's end: what its rows become.
pub(super) struct TableWriter<R> {
    link: SinkLink,
    subject: Arc<str>,
    encode: Arc<dyn Encode<R>>,
    envelope: Arc<Envelope<R>>,
    outgoing: Outgoing,
    /// Whether the preamble is still to be sent.
    first: bool,
    /// The bytes of the last commit: the next one may be about as large.
    last_size: usize,
}

impl<R: Schema> TableWriter<R> {
    pub(super) fn new(
        link: SinkLink,
        subject: Arc<str>,
        encode: Arc<dyn Encode<R>>,
        envelope: Arc<Envelope<R>>,
        outgoing: Outgoing,
    ) -> Self {
        TableWriter { link, subject, encode, envelope, outgoing, first: true, last_size: 0 }
    }

    /// The same, before its first commit.
    pub(super) fn another(&self) -> Self {
        let (encode, envelope) = (Arc::clone(&self.encode), Arc::clone(&self.envelope));
        TableWriter::new(self.link.clone(), Arc::clone(&self.subject), encode, envelope, self.outgoing.clone())
    }

    /// Adds the messages of a change: one for each copy of the row, whose `diff` on the wire is 1 or -1.
    fn add(&self, parcel: &mut EncodedBatch, change: &Change<R>) {
        let stamp = ChangeInfo::new(change.diff.signum(), parcel.time);
        for _ in 0..change.diff.unsigned_abs() {
            let mut label = self.envelope.label(&change.row);
            let begin = parcel.payloads.len();
            if let Err(reject) = self.encode.encode(&change.row, stamp, &mut parcel.payloads) {
                // What its dead letter says.
                parcel.payloads.truncate(begin);
                encode::encode(&change.row, stamp.diff, stamp.time, &mut parcel.payloads);
                label.get_or_insert_default().reject = Some(reject);
            }
            parcel.push(stamp.diff > 0, label);
        }
    }

    /// Adds the message that comes before all others, to where the first of them goes.
    fn add_preamble(&self, parcel: &mut EncodedBatch, first: &Change<R>) {
        if let Some(preamble) = self.encode.preamble() {
            parcel.payloads.extend_from_slice(&preamble);
            parcel.push(first.diff > 0, self.envelope.label(&first.row));
        }
    }
}

impl<R: Schema> Writer<R> for TableWriter<R> {
    fn write(&mut self, commit: Commit, time: u64, changes: &mut Vec<Change<R>>) {
        self.envelope.sort(changes);
        let mut parcel = EncodedBatch::new(commit, time, Arc::clone(&self.subject));
        parcel.payloads.reserve(self.last_size.min(1 << 20));
        parcel.letters.reserve(changes.len());
        if std::mem::take(&mut self.first)
            && let Some(first) = changes.first()
        {
            self.add_preamble(&mut parcel, first);
        }
        for change in changes.drain(..) {
            self.add(&mut parcel, &change);
        }
        self.last_size = parcel.payloads.len();
        self.outgoing.send(parcel, &self.link);
    }
}

impl Outgoing {
    /// Sends a parcel off, and counts its messages.
    pub(super) fn send(&self, parcel: EncodedBatch, link: &SinkLink) {
        link.counters.queued.add(parcel.letters.len() as u64);
        match self {
            Outgoing::Outbox => link.outbox.push(parcel),
            Outgoing::Broker(broker, dead_letters) => {
                let before = link.counters.rejected.get();
                broker::publish(broker, &parcel, dead_letters.as_ref(), &link.counters);
                let new = link.counters.rejected.get() - before;
                if new > 0 {
                    report(Level::Error, &link.name, format_args!("{new} messages can't be published"));
                }
            }
        }
    }
}

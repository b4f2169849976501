//! The writing end of a broker in memory.

use std::sync::Arc;

use super::write::{Encode, ones};
use crate::data::{Change, Commit, Schema, SinkCounters};
use crate::sink::{Parcel, Writer};
use crate::testing::{Broker, Published};

/// Publishes each commit on a broker in memory.
pub(super) struct BrokerWriter<R> {
    pub(super) broker: Broker,
    pub(super) subject: Arc<str>,
    pub(super) encode: Encode<R>,
    pub(super) counters: Arc<SinkCounters>,
}

impl<R> Clone for BrokerWriter<R> {
    fn clone(&self) -> Self {
        let BrokerWriter { broker, subject, encode, counters } = self;
        BrokerWriter {
            broker: broker.clone(),
            subject: Arc::clone(subject),
            encode: *encode,
            counters: Arc::clone(counters),
        }
    }
}

impl<R: Schema> Writer<R> for BrokerWriter<R> {
    fn write(&mut self, _commit: Commit, time: u64, changes: &mut Vec<Change<R>>) {
        for change in changes.drain(..) {
            for diff in ones(change.diff) {
                let mut payload = Vec::new();
                (self.encode)(&change.row, diff, time, &mut payload);
                let headers =
                    vec![("pathway_time".to_owned(), time.to_string()), ("pathway_diff".to_owned(), diff.to_string())];
                self.counters.queued.add(1);
                self.counters.published.add(1);
                self.broker.deliver(Published { subject: self.subject.to_string(), headers, payload });
            }
        }
    }
}

/// Publishes the letters of a parcel, each as it would be on the wire.
pub(super) fn publish(broker: &Broker, parcel: &Parcel, counters: &SinkCounters) {
    for letter in &parcel.letters {
        counters.queued.add(1);
        if parcel.complaint(letter).is_some() {
            counters.rejected.add(1);
            continue;
        }
        let label = letter.label.as_deref();
        let stamp = [
            ("pathway_time", parcel.time.to_string()),
            ("pathway_diff", if letter.come { "1" } else { "-1" }.to_owned()),
        ];
        let stamp = stamp.into_iter().filter(|_| !label.is_some_and(|label| label.bare));
        let own = label.into_iter().flat_map(|label| &label.headers).map(|(name, value)| (&**name, value.clone()));
        let headers = stamp.chain(own).map(|(name, value)| (name.to_owned(), value)).collect();
        let (subject, payload) = (parcel.subject_of(letter).to_owned(), parcel.payload_of(letter).to_vec());
        counters.published.add(1);
        broker.deliver(Published { subject, headers, payload });
    }
}

//! The writing end of a broker in memory.

use crate::connector::sink::{DeadLetters, EncodedBatch, OutgoingMessage};
use crate::telemetry::SinkCounters;
use crate::testing::{Broker, Published};

/// Publishes a commit's messages on a broker in memory: what can't be published as dead letters, if there is a
/// subject for them.
pub(super) fn publish(
    broker: &Broker,
    parcel: &EncodedBatch,
    dead_letters: Option<&DeadLetters>,
    counters: &SinkCounters,
) {
    for letter in &parcel.letters {
        let Some(reject) = parcel.complaint(letter) else {
            counters.published.add(1);
            broker.deliver(Published::of(parcel, letter));
            continue;
        };
        counters.rejected.add(1);
        if let Some(dead_letters) = dead_letters {
            counters.dead_letters.add(1);
            broker.deliver(Published::of(parcel, &dead_letters.of_letter(parcel, letter, &reject)));
        }
    }
}

impl Published {
    /// A letter as it is on the wire.
    pub(super) fn of(parcel: &EncodedBatch, letter: &OutgoingMessage) -> Self {
        let label = letter.label.as_deref();
        let mut headers = Vec::new();
        if !label.is_some_and(|label| label.bare) {
            let diff = if letter.come { "1" } else { "-1" };
            headers.push(("pathway_time".to_owned(), parcel.time.to_string()));
            headers.push(("pathway_diff".to_owned(), diff.to_owned()));
        }
        if let Some(label) = label {
            headers.extend(label.headers.iter().map(|(name, value)| (name.to_string(), value.clone())));
            headers.extend(label.message_id.iter().map(|id| ("Nats-Msg-Id".to_owned(), id.clone())));
        }
        let subject = parcel.subject_of(letter).to_owned();
        Published { subject, headers, payload: parcel.payload_of(letter).to_vec() }
    }
}

//! Where encoded batches go: to a sink's thread, or to a broker in memory at once.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::{DeadLetters, EncodedBatch, EncodedMessage, OutgoingMessage, SinkLink};
use crate::connector::replay::ReplaySinks;
use crate::connector::{MemoryBroker, TooLarge};
use crate::data::EncodeError;
use crate::plan::Plan;
use crate::telemetry::{Level, LogLimiter};

/// Where encoded batches go.
#[derive(Clone)]
pub(crate) struct BatchOutput {
    link: SinkLink,
    memory: Option<Arc<dyn MemoryBroker>>,
    /// Where it writes while a recording is replayed.
    replay: Arc<ReplaySinks>,
    /// Of messages that a broker in memory does not publish.
    dead_letters: Option<DeadLetters>,
    /// Whether its messages are values of a bucket.
    is_bucket: bool,
    /// Reports messages that a broker in memory does not publish.
    log: Arc<Mutex<LogLimiter>>,
}

impl BatchOutput {
    /// To the thread of a sink. In a replay, what cannot be published becomes a dead letter, if there is a subject for them; the
    /// thread does that otherwise.
    pub(crate) fn new(plan: &Plan, link: SinkLink, dead_letters: Option<DeadLetters>) -> Self {
        let (replay, log) = (plan.shared(), Arc::new(Mutex::new(LogLimiter::new(&link.name))));
        BatchOutput { link, memory: None, replay, dead_letters, is_bucket: false, log }
    }

    /// To a broker in memory. What cannot be published becomes a dead letter, if there is a subject for them.
    pub(crate) fn in_memory(
        plan: &Plan,
        link: SinkLink,
        broker: Arc<dyn MemoryBroker>,
        dead_letters: Option<DeadLetters>,
    ) -> Self {
        BatchOutput { memory: Some(broker), ..BatchOutput::new(plan, link, dead_letters) }
    }

    /// Its messages are values of a bucket.
    pub(crate) fn of_bucket(self) -> Self {
        BatchOutput { is_bucket: true, ..self }
    }

    pub(crate) fn link(&self) -> &SinkLink {
        &self.link
    }

    /// Sends what a commit of a table writes, and counts its messages.
    pub(crate) fn write(&self, batch: EncodedBatch) {
        if self.link.is_as_before(batch.commit, |digest| batch.hash_into(digest)) {
            self.send(batch);
        }
    }

    /// Sends a batch, and counts its messages.
    pub(crate) fn send(&self, batch: EncodedBatch) {
        self.link.counters.queued.add(batch.messages.len() as u64);
        match self.replay.get().or(self.memory.as_ref()) {
            None => self.link.outbox.push(batch),
            Some(broker) => self.publish(&batch, &**broker),
        }
    }

    /// Publishes a commit's messages on a broker in memory.
    fn publish(&self, batch: &EncodedBatch, broker: &dyn MemoryBroker) {
        let counters = &self.link.counters;
        for (number, message) in batch.messages.iter().enumerate() {
            let published = match batch.error_of(message) {
                Some(error) => Err(error),
                None => self.publish_message(batch, number, broker).map_err(|limit| too_large(message, limit)),
            };
            let Err(error) = published else {
                counters.published.add(1);
                continue;
            };
            counters.rejected.add(1);
            self.report(format_args!("a message cannot be published: {error}"));
            let Some(dead_letters) = &self.dead_letters else { continue };
            let mut dead_letter = dead_letters.of_outgoing(batch, message, &error);
            let letter = broker.publish(EncodedMessage::new(batch, &dead_letter)).or_else(|TooLarge(limit)| {
                // Cut, as for a server.
                dead_letter.cut_to(limit);
                broker.publish(EncodedMessage::new(batch, &dead_letter))
            });
            match letter {
                Ok(()) => counters.dead_letters.add(1),
                Err(TooLarge(limit)) => {
                    self.report(format_args!("a dead letter is lost: its headers alone exceed max_payload of {limit}"));
                }
            }
        }
    }

    /// Publishes a message of a batch, with its number in that.
    fn publish_message(&self, batch: &EncodedBatch, number: usize, broker: &dyn MemoryBroker) -> Result<(), TooLarge> {
        let message = EncodedMessage::new(batch, &batch.messages[number]);
        match self.link.control.persistent().filter(|_| self.is_bucket) {
            // Commits that are computed again must not put older values over newer ones.
            Some(state) => broker.publish_value(message, &state.id_prefix(&self.link.name), (batch.commit, number)),
            None => broker.publish(message),
        }
    }

    fn report(&self, message: fmt::Arguments<'_>) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).report(Level::Error, 1, message);
    }
}

fn too_large(message: &OutgoingMessage, TooLarge(limit): TooLarge) -> EncodeError {
    EncodeError::new(format!(
        "a message of {} bytes is too large: with its headers it exceeds the broker's max_payload of {limit}",
        message.payload.len()
    ))
}

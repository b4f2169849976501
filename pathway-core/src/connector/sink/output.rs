//! Where encoded batches go: to a sink's thread, or to a broker in memory at once.

use std::sync::Arc;

use super::{DeadLetters, EncodedBatch, EncodedMessage, SinkLink};
use crate::connector::MemoryBroker;
use crate::telemetry::{Level, report};

/// Where encoded batches go.
#[derive(Clone)]
pub(crate) struct BatchOutput {
    link: SinkLink,
    memory: Option<Memory>,
}

/// A broker in memory, and what it does with messages that cannot be published.
#[derive(Clone)]
struct Memory {
    broker: Arc<dyn MemoryBroker>,
    dead_letters: Option<DeadLetters>,
}

impl BatchOutput {
    /// To the thread of a sink.
    pub(crate) fn new(link: SinkLink) -> Self {
        BatchOutput { link, memory: None }
    }

    /// To a broker in memory. What cannot be published becomes a dead letter, if there is a subject for them.
    pub(crate) fn in_memory(link: SinkLink, broker: Arc<dyn MemoryBroker>, dead_letters: Option<DeadLetters>) -> Self {
        BatchOutput { link, memory: Some(Memory { broker, dead_letters }) }
    }

    pub(crate) fn link(&self) -> &SinkLink {
        &self.link
    }

    /// Sends a batch, and counts its messages.
    pub(crate) fn send(&self, batch: EncodedBatch) {
        self.link.counters.queued.add(batch.messages.len() as u64);
        match &self.memory {
            None => self.link.outbox.push(batch),
            Some(memory) => self.publish(&batch, memory),
        }
    }

    /// Publishes a commit's messages on a broker in memory.
    fn publish(&self, batch: &EncodedBatch, Memory { broker, dead_letters }: &Memory) {
        let counters = &self.link.counters;
        let mut rejected = 0;
        for message in &batch.messages {
            let Some(error) = batch.error_of(message) else {
                counters.published.add(1);
                broker.publish(EncodedMessage::new(batch, message));
                continue;
            };
            rejected += 1;
            if let Some(dead_letters) = dead_letters {
                counters.dead_letters.add(1);
                let dead_letter = dead_letters.of_outgoing(batch, message, &error);
                broker.publish(EncodedMessage::new(batch, &dead_letter));
            }
        }
        if rejected > 0 {
            counters.rejected.add(rejected);
            report(Level::Error, &self.link.name, format_args!("{rejected} messages cannot be published"));
        }
    }
}

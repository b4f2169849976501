//! The dead letters of a source: messages that could not be decoded, on their way to a sink of their own.

use std::sync::Arc;

use crate::connector::sink::{BatchOutput, DeadLetters, EncodedBatch};
use crate::data::{Commit, DecodeError, Message};

/// Where a source sends messages that it could not decode.
#[derive(Clone)]
pub(crate) struct DeadLetterOutput {
    dead_letters: DeadLetters,
    output: BatchOutput,
}

impl DeadLetterOutput {
    pub(crate) fn new(dead_letters: DeadLetters, output: BatchOutput) -> Self {
        DeadLetterOutput { dead_letters, output }
    }

    /// A batch for the dead letters of one batch of messages.
    pub(super) fn batch(&self, commit: Commit) -> EncodedBatch {
        EncodedBatch::new(commit, 0, Arc::clone(&self.dead_letters.subject))
    }

    /// Whether a message is a dead letter of this pipeline already: another one would come back as it did.
    pub(super) fn is_own(&self, message: &Message<'_>) -> bool {
        self.dead_letters.is_own(message)
    }

    /// Adds a message that could not be decoded.
    pub(super) fn add(&self, batch: &mut EncodedBatch, message: &Message<'_>, error: &DecodeError) {
        batch.payloads.extend_from_slice(message.payload);
        batch.push(true, Some(Box::new(self.dead_letters.of_message(message, error))));
    }

    pub(super) fn send(&self, batch: EncodedBatch) {
        self.output.send(batch);
    }
}

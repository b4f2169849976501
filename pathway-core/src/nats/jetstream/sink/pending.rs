//! A batch that is not completely stored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::connector::sink::{EncodedBatch, OutgoingMessage};
use crate::data::EncodeError;
use crate::nats::client::OutgoingBatch;

/// A batch that is not completely stored. Its messages are sent in order, and become done in order.
pub(super) struct PendingBatch {
    pub(super) outgoing: OutgoingBatch,
    /// How many of the first messages were sent over this connection.
    pub(super) sent: usize,
    /// How many of the first messages were sent over any connection.
    pub(super) tried: usize,
    /// How many of the first messages are done: stored or rejected.
    pub(super) done: usize,
    /// Messages that are stored although one before them is not.
    pub(super) stored: BTreeSet<usize>,
    /// Messages that cannot be published, and how many of these became dead letters.
    pub(super) rejected: BTreeSet<usize>,
    pub(super) dead_letters: u64,
    /// Messages that the stream will never take, with the reason.
    pub(super) refused: Vec<(usize, String)>,
}

impl PendingBatch {
    pub(super) fn new(batch: Arc<EncodedBatch>) -> Self {
        PendingBatch {
            outgoing: OutgoingBatch::new(batch),
            sent: 0,
            tried: 0,
            done: 0,
            stored: BTreeSet::new(),
            rejected: BTreeSet::new(),
            dead_letters: 0,
            refused: Vec::new(),
        }
    }

    /// How many of its messages are not done.
    pub(super) fn remaining(&self) -> usize {
        self.outgoing.len() - self.done
    }

    /// Adds its messages that are neither stored nor rejected, by subject.
    pub(super) fn count_missing(&self, missing: &mut BTreeMap<String, usize>) {
        let batch = &self.outgoing.batch;
        for (number, message) in batch.messages.iter().enumerate().skip(self.done) {
            if !self.stored.contains(&number) && !self.rejected.contains(&number) {
                *missing.entry(batch.subject_of(message).to_owned()).or_default() += 1;
            }
        }
    }

    /// Whether the stream will never take a message, as it has said.
    pub(super) fn is_refused(&self, number: usize) -> bool {
        self.refused.iter().any(|(refused, _)| *refused == number)
    }

    /// Why a message cannot be published, if that is known.
    pub(super) fn validate(&self, number: usize, message: &OutgoingMessage) -> Option<EncodeError> {
        match self.refused.iter().find(|(refused, _)| *refused == number) {
            Some((_, reason)) => Some(EncodeError::new(reason.as_str())),
            None => self.outgoing.validate(message),
        }
    }
}

/// Whether the table did not have the key of a message before.
pub(super) fn has_new_key(message: &OutgoingMessage) -> bool {
    message.meta.as_ref().is_some_and(|meta| meta.new_key)
}

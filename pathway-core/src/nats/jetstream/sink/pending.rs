//! A parcel on its way into a stream.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use crate::connector::sink::{EncodedBatch, OutgoingMessage};
use crate::data::EncodeError;
use crate::nats::client::check_publish_subject;

/// A parcel of which not everything is stored. Its letters are sent in order, and are done in order.
pub(super) struct PendingBatch {
    pub(super) parcel: Arc<EncodedBatch>,
    /// So many of the first letters were handed to this connection.
    pub(super) sent: usize,
    /// So many of the first letters were handed to any connection.
    pub(super) tried: usize,
    /// So many of the first letters are done with: stored, or can't be.
    pub(super) done: usize,
    /// Letters that are stored, though one before them is not.
    pub(super) stored: BTreeSet<usize>,
    /// Letters that can't be published, and how many of these are dead letters.
    pub(super) rejected: BTreeSet<usize>,
    pub(super) dead: u64,
    /// Letters that the stream will never take, with the reason.
    pub(super) unfit: Vec<(usize, String)>,
    /// Why nothing can be published on the parcel's own subject, if so.
    invalid: Option<String>,
}

impl PendingBatch {
    pub(super) fn new(parcel: Arc<EncodedBatch>) -> Self {
        let invalid = check_publish_subject(&parcel.subject).err().map(|error| error.to_string());
        PendingBatch {
            parcel,
            sent: 0,
            tried: 0,
            done: 0,
            stored: BTreeSet::new(),
            rejected: BTreeSet::new(),
            dead: 0,
            unfit: Vec::new(),
            invalid,
        }
    }

    /// How many of its letters are not done with.
    pub(super) fn left(&self) -> u64 {
        (self.parcel.letters.len() - self.done) as u64
    }

    /// Why a letter can't be published, where that is known.
    pub(super) fn complaint_about(&self, number: usize, letter: &OutgoingMessage) -> Option<EncodeError> {
        if let Some((_, reason)) = self.unfit.iter().find(|(unfit, _)| *unfit == number) {
            return Some(EncodeError::new(reason.as_str()));
        }
        let own = letter.label.as_ref().is_some_and(|label| label.subject.is_some());
        let invalid = self.invalid.as_ref().filter(|_| !own);
        invalid.map(|invalid| EncodeError::new(invalid.as_str())).or_else(|| self.parcel.complaint(letter))
    }

    /// The payload of a letter, which shares the parcel's memory.
    pub(super) fn payloads(&self) -> Bytes {
        Bytes::from_owner(Payloads(Arc::clone(&self.parcel)))
    }
}

/// A parcel, as the owner of its payloads.
struct Payloads(Arc<EncodedBatch>);

impl AsRef<[u8]> for Payloads {
    fn as_ref(&self) -> &[u8] {
        &self.0.payloads
    }
}

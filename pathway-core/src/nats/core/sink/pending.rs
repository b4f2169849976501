//! A parcel on its way.

use std::fmt;
use std::sync::Arc;

use async_nats::{Client, PublishErrorKind, Subject};
use bytes::Bytes;

use super::headers::HeaderTemplate;
use crate::connector::sink::{DeadLetters, EncodedBatch, OutgoingMessage};
use crate::data::{EncodeError, excerpt};
use crate::nats::client::check_publish_subject;

/// A parcel that the server has not confirmed.
pub(super) struct PendingBatch {
    pub(super) parcel: Arc<EncodedBatch>,
    /// Whether it was handed to a connection, perhaps in part.
    pub(super) tried: bool,
    /// The fence that says that the server has taken it.
    pub(super) fence: u64,
    /// Why nothing can be published on the parcel's own subject, if so.
    invalid: Option<String>,
    /// How many of its messages this connection can't publish.
    pub(super) rejected: u64,
    /// How many of these were counted.
    pub(super) counted: u64,
    /// How many of these went out as dead letters.
    pub(super) dead: u64,
    /// Why the last of them can't.
    pub(super) complaint: Option<Complaint>,
}

/// Why a message was not published.
pub(super) struct Complaint {
    pub(super) subject: String,
    pub(super) reject: EncodeError,
    /// Why it did not even become a dead letter, where it should have.
    pub(super) dead: Option<String>,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = excerpt(&self.subject);
        write!(f, "a message for `{}` can't be published: {}", subject.escape_debug(), self.reject)?;
        match &self.dead {
            Some(why) => write!(f, "; it could not become a dead letter either: {why}"),
            None => Ok(()),
        }
    }
}

/// The client of the connection is gone.
pub(super) struct Gone;

impl PendingBatch {
    pub(super) fn new(parcel: Arc<EncodedBatch>) -> Self {
        let invalid = check_publish_subject(&parcel.subject).err().map(|error| error.to_string());
        PendingBatch { parcel, tried: false, fence: 0, invalid, rejected: 0, counted: 0, dead: 0, complaint: None }
    }

    /// How many of its messages can be published.
    pub(super) fn publishable(&self) -> u64 {
        self.parcel.letters.len() as u64 - self.rejected
    }

    /// Queues all its messages to the connection, those that can't be published as dead letters.
    pub(super) async fn publish(
        &mut self,
        client: &Client,
        template: &mut HeaderTemplate,
        dead_letters: Option<&DeadLetters>,
    ) -> Result<(), Gone> {
        (self.tried, self.rejected, self.dead, self.complaint) = (true, 0, 0, None);
        let parcel = Arc::clone(&self.parcel);
        let post = PublishRequest {
            client,
            subject: Subject::from(&*parcel.subject),
            // All payloads share the parcel's memory.
            payloads: Bytes::from_owner(Payloads(Arc::clone(&parcel))),
            parcel: &parcel,
        };
        for letter in &parcel.letters {
            let complaint = match self.complaint_about(letter) {
                None => post.send(template, letter).await?,
                complaint => complaint,
            };
            let Some(reject) = complaint else { continue };
            self.rejected += 1;
            let mut dead = None;
            if let Some(dead_letters) = dead_letters {
                dead = post.send_dead(template, dead_letters.of_letter(&parcel, letter, &reject)).await?;
                self.dead += u64::from(dead.is_none());
            }
            self.complaint = Some(Complaint { subject: parcel.subject_of(letter).to_owned(), reject, dead });
        }
        Ok(())
    }

    fn complaint_about(&self, letter: &OutgoingMessage) -> Option<EncodeError> {
        let own = letter.label.as_ref().is_some_and(|label| label.subject.is_some());
        let invalid = self.invalid.as_ref().filter(|_| !own);
        invalid.map(|invalid| EncodeError::new(invalid.as_str())).or_else(|| self.parcel.complaint(letter))
    }
}

/// What the messages of a parcel have in common on their way.
struct PublishRequest<'a> {
    client: &'a Client,
    parcel: &'a EncodedBatch,
    subject: Subject,
    payloads: Bytes,
}

impl PublishRequest<'_> {
    /// Queues a message to the connection; says why that can't be.
    async fn send(&self, template: &mut HeaderTemplate, letter: &OutgoingMessage) -> Result<Option<EncodeError>, Gone> {
        let subject = match letter.label.as_ref().and_then(|label| label.subject.as_deref()) {
            Some(own) => Subject::from(own),
            None => self.subject.clone(),
        };
        let headers = template.headers(self.parcel.time, letter);
        let payload = self.payloads.slice(letter.payload.clone());
        match self.client.publish_with_headers(subject, headers, payload).await {
            Ok(()) => Ok(None),
            Err(error) if error.kind() == PublishErrorKind::Send => Err(Gone),
            Err(_) => Ok(Some(EncodeError::new(format!(
                "a message of {} bytes is too large: with its headers it exceeds the server's max_payload of {}",
                letter.payload.len(),
                self.client.max_payload()
            )))),
        }
    }

    /// The same for a dead letter, which is shortened where it is too large.
    async fn send_dead(
        &self,
        template: &mut HeaderTemplate,
        mut letter: OutgoingMessage,
    ) -> Result<Option<String>, Gone> {
        if self.send(template, &letter).await?.is_none() {
            return Ok(None);
        }
        if letter.cut_to(self.client.max_payload()) && self.send(template, &letter).await?.is_none() {
            return Ok(None);
        }
        Ok(Some("not even its headers fit into a message".to_owned()))
    }
}

/// A parcel, as the owner of its payloads.
struct Payloads(Arc<EncodedBatch>);

impl AsRef<[u8]> for Payloads {
    fn as_ref(&self) -> &[u8] {
        &self.0.payloads
    }
}

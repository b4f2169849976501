//! A parcel on its way.

use std::sync::Arc;

use async_nats::{Client, PublishErrorKind, Subject};
use bytes::Bytes;

use super::headers::Template;
use crate::nats::check_publish_subject;
use crate::sink::Parcel;

/// A parcel that the server has not confirmed.
pub(super) struct Item {
    pub(super) parcel: Arc<Parcel>,
    /// Whether it was handed to a connection, perhaps in part.
    pub(super) tried: bool,
    /// The fence that says that the server has taken it.
    pub(super) fence: u64,
    /// Why its messages can't be published, if none can.
    invalid: Option<String>,
    /// How many of its messages this connection can't publish.
    pub(super) rejected: u64,
    /// How many of these were counted.
    pub(super) counted: u64,
    /// Why the last of them can't.
    pub(super) complaint: Option<String>,
}

/// The client of the connection is gone.
pub(super) struct Gone;

impl Item {
    pub(super) fn new(parcel: Arc<Parcel>) -> Self {
        let invalid = check_publish_subject(&parcel.subject).err().map(|error| error.to_string());
        Item { parcel, tried: false, fence: 0, invalid, rejected: 0, counted: 0, complaint: None }
    }

    /// How many of its messages can be published.
    pub(super) fn publishable(&self) -> u64 {
        self.parcel.letters.len() as u64 - self.rejected
    }

    /// Queues all its messages to the connection.
    pub(super) async fn publish(&mut self, client: &Client, template: &mut Template) -> Result<(), Gone> {
        self.tried = true;
        self.rejected = 0;
        self.complaint.clone_from(&self.invalid);
        if self.invalid.is_some() {
            self.rejected = self.parcel.letters.len() as u64;
            return Ok(());
        }
        let subject = Subject::from(&*self.parcel.subject);
        // All payloads share the parcel's memory.
        let payloads = Bytes::from_owner(Payloads(self.parcel.clone()));
        for letter in &self.parcel.letters {
            let headers = template.headers(self.parcel.time, letter.come);
            let payload = payloads.slice(letter.payload.clone());
            if let Err(error) = client.publish_with_headers(subject.clone(), headers, payload).await {
                if error.kind() == PublishErrorKind::Send {
                    return Err(Gone);
                }
                self.rejected += 1;
                self.complaint = Some(format!(
                    "a message of {} bytes is too large: with its headers it exceeds the server's max_payload of {}",
                    letter.payload.len(),
                    client.max_payload()
                ));
            }
        }
        Ok(())
    }
}

/// A parcel, as the owner of its payloads.
struct Payloads(Arc<Parcel>);

impl AsRef<[u8]> for Payloads {
    fn as_ref(&self) -> &[u8] {
        &self.0.payloads
    }
}

//! One message on its way into a stream, or beside it as a dead letter.

use async_nats::{Client, PublishErrorKind};
use bytes::Bytes;

use super::order::LastMessage;
use crate::connector::sink::{EncodedBatch, OutgoingMessage};
use crate::data::EncodeError;
use crate::nats::core::sink::headers::HeaderTemplate;

/// The client of the connection is gone.
pub(super) struct Gone;

/// What the messages of a parcel have in common on their way.
pub(super) struct PublishRequest<'a> {
    pub(super) client: &'a Client,
    pub(super) parcel: &'a EncodedBatch,
    pub(super) payloads: Bytes,
}

impl PublishRequest<'_> {
    /// Queues a message to the connection; says why that can't be.
    pub(super) async fn send(
        &self,
        letter: &OutgoingMessage,
        subject: &str,
        reply: &str,
        id: &str,
        after: Option<&LastMessage>,
    ) -> Result<Option<EncodeError>, Gone> {
        let after = after.map(LastMessage::condition);
        let condition = after.as_ref().map(|(name, value)| (*name, &**value));
        let headers = HeaderTemplate::identified(self.parcel.time, letter, id, condition);
        let payload = self.payloads.slice(letter.payload.clone());
        let client = self.client;
        let sent = client.publish_with_reply_and_headers(subject.to_owned(), reply.to_owned(), headers, payload).await;
        match sent {
            Ok(()) => Ok(None),
            Err(error) if error.kind() == PublishErrorKind::Send => Err(Gone),
            Err(_) => Ok(Some(EncodeError::new(format!(
                "a message of {} bytes is too large: with its headers it exceeds the server's max_payload of {}",
                letter.payload.len(),
                client.max_payload()
            )))),
        }
    }

    /// Sends a dead letter, shortened where it is too large, and a message to ourselves behind it, which says when it
    /// comes back that the server has taken it. Says why that can't be.
    pub(super) async fn send_dead(&self, mut letter: OutgoingMessage, reply: &str) -> Result<Option<String>, Gone> {
        let client = self.client;
        let publish = async |letter: &OutgoingMessage| {
            let headers = HeaderTemplate::new().headers(self.parcel.time, letter);
            let payload = self.payloads.slice(letter.payload.clone());
            let subject = self.parcel.subject_of(letter).to_owned();
            match client.publish_with_headers(subject, headers, payload).await {
                Err(error) if error.kind() == PublishErrorKind::Send => Err(Gone),
                outcome => Ok(outcome.is_ok()),
            }
        };
        let mut sent = publish(&letter).await?;
        if !sent && letter.cut_to(client.max_payload()) {
            sent = publish(&letter).await?;
        }
        if !sent {
            return Ok(Some("not even its headers fit into a message".to_owned()));
        }
        client.publish(reply.to_owned(), Bytes::new()).await.map_err(|_| Gone)?;
        Ok(None)
    }
}

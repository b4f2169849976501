//! What becomes of messages that cannot be published: they are counted, reported, and published as dead letters.

use std::sync::Arc;

use async_nats::Client;
use bytes::Bytes;

use super::publisher::{Publisher, PublisherConfig};
use crate::connector::sink::OutgoingMessage;
use crate::data::{EncodeError, excerpt};
use crate::nats::client::{ConnectionClosed, StreamInfo, has_own_subject};
use crate::telemetry::Level;

impl Publisher {
    /// Counts a message that cannot be published, and publishes it as a dead letter if there is a subject for these. `place`
    /// is its batch and its number in that.
    ///
    /// Returns whether a dead letter was sent. Then a message to `reply` follows it: when that returns, the server has
    /// processed the dead letter.
    pub(super) async fn reject(
        &mut self,
        client: &Client,
        (in_batch, number): (usize, usize),
        error: &EncodeError,
        reply: String,
    ) -> Result<bool, ConnectionClosed> {
        let was_confirmed = self.was_confirmed(self.pending[in_batch].outgoing.batch.commit);
        let Publisher { pending, link, config, stream, rejects, order, template, .. } = self;
        let pending = &mut pending[in_batch];
        let batch = Arc::clone(&pending.outgoing.batch);
        let message = &batch.messages[number];
        let (mut is_sent, mut dead_letter_error) = (false, None);
        if let Some(dead_letters) = config.dead_letters.as_ref().filter(|_| !was_confirmed) {
            let dead_letter = pending.outgoing.dead_letter(dead_letters, message, error);
            if stream.as_ref().is_none_or(|stream| stream.takes(batch.subject_of(&dead_letter))) {
                // It is stored in the same stream, and gets a sequence there.
                order.forget_last();
            }
            dead_letter_error = pending.outgoing.publish_dead_letter(client, dead_letter, template).await?;
            if dead_letter_error.is_none() {
                client.publish(reply, Bytes::new()).await.map_err(|_| ConnectionClosed)?;
                is_sent = true;
            }
        }
        let subject = excerpt(batch.subject_of(message));
        // Counted once, even if its dead letter is sent again.
        if pending.rejected.insert(number) {
            pending.dead_letters += u64::from(is_sent);
            link.counters.rejected.add(1);
            let dead_letter = dead_letter_error.map(|error| format!("; neither can its dead letter: {error}"));
            let message = format_args!(
                "a message for `{}` cannot be published: {error}{}",
                subject.escape_debug(),
                dead_letter.unwrap_or_default()
            );
            rejects.report(Level::Error, 1, message);
        }
        Ok(is_sent)
    }
}

/// Why a message is not written that an earlier run has not written: the stream, or the sink, has refused it.
pub(super) fn refused_before() -> EncodeError {
    EncodeError::new(
        "an earlier run could not write it, and has reported why; it is not written later, whatever the stream takes by then",
    )
}

/// Why the stream does not take the subject of a message, if it does not. The subject of the batch was checked at the start.
pub(super) fn not_taken(
    stream: Option<&StreamInfo>,
    config: &PublisherConfig,
    message: &OutgoingMessage,
    subject: &str,
) -> Option<EncodeError> {
    let PublisherConfig { api, stream: name, .. } = config;
    let subject = api.stored_subject(subject);
    let is_taken = !has_own_subject(message) || stream.is_none_or(|stream| stream.takes(subject));
    let error = || format!("the stream `{name}` does not take the subject `{}`", excerpt(subject).escape_debug());
    (!is_taken).then(|| EncodeError::new(error()))
}

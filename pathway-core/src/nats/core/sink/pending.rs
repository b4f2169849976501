//! A batch that the server has not confirmed.

use std::fmt;
use std::sync::Arc;

use async_nats::Client;

use crate::connector::sink::{DeadLetters, EncodedBatch};
use crate::data::{EncodeError, excerpt};
use crate::nats::client::{ConnectionClosed, HeaderTemplate, OutgoingBatch};

/// A batch that the server has not confirmed.
pub(super) struct PendingBatch {
    pub(super) outgoing: OutgoingBatch,
    /// Whether it was published over any connection, perhaps in part.
    pub(super) is_tried: bool,
    /// The flush barrier that confirms it.
    pub(super) barrier: u64,
    /// How many of its messages this connection rejected.
    pub(super) rejected: u64,
    /// How many of these were counted.
    pub(super) counted: u64,
    /// How many of these were published as dead letters.
    pub(super) dead_letters: u64,
    /// Why the last of them was rejected.
    pub(super) last_reject: Option<Reject>,
}

/// Why a message was not published.
pub(super) struct Reject {
    subject: String,
    error: EncodeError,
    /// Why it was not even published as a dead letter, if it should have been.
    dead_letter_error: Option<&'static str>,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = excerpt(&self.subject);
        write!(f, "a message for `{}` cannot be published: {}", subject.escape_debug(), self.error)?;
        match &self.dead_letter_error {
            Some(error) => write!(f, "; neither can its dead letter: {error}"),
            None => Ok(()),
        }
    }
}

impl PendingBatch {
    pub(super) fn new(batch: Arc<EncodedBatch>) -> Self {
        PendingBatch {
            outgoing: OutgoingBatch::new(batch),
            is_tried: false,
            barrier: 0,
            rejected: 0,
            counted: 0,
            dead_letters: 0,
            last_reject: None,
        }
    }

    /// How many of its messages can be published.
    pub(super) fn publishable(&self) -> u64 {
        self.outgoing.len() as u64 - self.rejected
    }

    /// Queues all messages to the connection. Those that cannot be published become dead letters.
    pub(super) async fn publish(
        &mut self,
        client: &Client,
        template: &mut HeaderTemplate,
        dead_letters: Option<&DeadLetters>,
        commit_prefix: Option<&str>,
    ) -> Result<(), ConnectionClosed> {
        (self.is_tried, self.rejected, self.dead_letters, self.last_reject) = (true, 0, 0, None);
        let PendingBatch { outgoing, .. } = self;
        let batch = &outgoing.batch;
        for (number, message) in batch.messages.iter().enumerate() {
            let error = match outgoing.validate(message) {
                None => {
                    let headers = match commit_prefix {
                        Some(prefix) => {
                            let commit = format!("{prefix}-{}-{number}", batch.commit);
                            HeaderTemplate::with_commit(batch.time, message, &commit)
                        }
                        None => template.headers(batch.time, message),
                    };
                    outgoing.publish(client, message, headers, None).await?
                }
                error => error,
            };
            let Some(error) = error else { continue };
            self.rejected += 1;
            let mut dead_letter_error = None;
            if let Some(dead_letters) = dead_letters {
                let dead_letter = outgoing.dead_letter(dead_letters, message, &error);
                dead_letter_error = outgoing.publish_dead_letter(client, dead_letter, template).await?;
                self.dead_letters += u64::from(dead_letter_error.is_none());
            }
            let subject = batch.subject_of(message).to_owned();
            self.last_reject = Some(Reject { subject, error, dead_letter_error });
        }
        Ok(())
    }
}

//! What both sinks share: taking batches from the outbox, and publishing their messages.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::{Client, HeaderMap, PublishErrorKind, Subject};
use bytes::Bytes;
use futures_util::future;
use tokio::sync::watch;

use super::headers::HeaderTemplate;
use super::{ConnectionClosed, check_publish_subject};
use crate::connector::sink::{DeadLetters, EncodedBatch, OutgoingMessage, SinkLink};
use crate::data::EncodeError;

/// The batches that a sink receives from its outbox, and the deadline for the last ones.
pub(crate) struct BatchReceiver {
    link: SinkLink,
    /// How long the last messages may take once the outbox is finished.
    drain_timeout: Duration,
    is_finished: bool,
    /// When `drain_timeout` ends. A watch, because the supervisor waits for it while the session sets it.
    deadline: watch::Sender<Option<Instant>>,
}

impl BatchReceiver {
    pub(crate) fn new(link: SinkLink, drain_timeout: Duration) -> Self {
        BatchReceiver { link, drain_timeout, is_finished: false, deadline: watch::Sender::new(None) }
    }

    /// Waits for the next batch. The first time that it returns `None`, the caller must call
    /// [`finish`](BatchReceiver::finish); after that it waits forever.
    pub(crate) fn next(&self) -> impl Future<Output = Option<Arc<EncodedBatch>>> + use<> {
        let outbox = (!self.is_finished).then(|| Arc::clone(&self.link.outbox));
        async move {
            match outbox {
                Some(outbox) => outbox.next().await,
                None => future::pending().await,
            }
        }
    }

    /// Records that there will be no more batches. From now on the last messages have a deadline.
    pub(crate) fn finish(&mut self) {
        self.is_finished = true;
        self.deadline.send_replace(Some(Instant::now() + self.drain_timeout));
    }

    /// Whether there will be no more batches.
    pub(crate) fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Takes batches as long as there is no connection. Returns when none is needed, because everything is published, or
    /// because the pipeline stops before the sink is ready.
    pub(crate) async fn collect<T>(
        &mut self,
        is_ready: bool,
        pending: &mut VecDeque<T>,
        new: impl Fn(Arc<EncodedBatch>) -> T,
    ) {
        if !is_ready {
            // A sink that is not ready has received nothing.
            return self.link.control.stopped().await;
        }
        while !(self.is_finished && pending.is_empty()) {
            match self.next().await {
                Some(batch) => pending.push_back(new(batch)),
                None => self.finish(),
            }
        }
    }

    /// Completes when the last messages have taken too long.
    pub(crate) fn expired(&self) -> impl Future<Output = ()> + use<> {
        let mut deadline = self.deadline.subscribe();
        async move {
            // There is none only if the sink is gone.
            let at = deadline.wait_for(Option::is_some).await.ok().and_then(|at| *at);
            sleep_until(at).await;
        }
    }

    /// How long the last messages may take, in seconds.
    pub(crate) fn drain_timeout_seconds(&self) -> f32 {
        self.drain_timeout.as_secs_f32()
    }
}

/// A batch with what publishing its messages needs.
pub(crate) struct OutgoingBatch {
    pub(crate) batch: Arc<EncodedBatch>,
    subject: Subject,
    /// All payloads share the memory of the batch.
    payloads: Bytes,
    /// Why the subject of the batch is invalid, if it is.
    subject_error: Option<String>,
}

/// Keeps a batch alive as long as its payloads are in use.
struct PayloadOwner(Arc<EncodedBatch>);

impl AsRef<[u8]> for PayloadOwner {
    fn as_ref(&self) -> &[u8] {
        &self.0.payloads
    }
}

impl OutgoingBatch {
    pub(crate) fn new(batch: Arc<EncodedBatch>) -> Self {
        OutgoingBatch {
            subject: Subject::from(&*batch.subject),
            payloads: Bytes::from_owner(PayloadOwner(Arc::clone(&batch))),
            subject_error: check_publish_subject(&batch.subject).err().map(|error| error.to_string()),
            batch,
        }
    }

    /// How many messages it has.
    pub(crate) fn len(&self) -> usize {
        self.batch.messages.len()
    }

    /// Why a message cannot be published, if it cannot.
    pub(crate) fn validate(&self, message: &OutgoingMessage) -> Option<EncodeError> {
        match &self.subject_error {
            Some(error) if !has_own_subject(message) => Some(EncodeError::new(error.as_str())),
            _ => self.batch.error_of(message),
        }
    }

    /// Queues a message to the connection. Returns why it was not accepted, if it was not.
    pub(crate) async fn publish(
        &self,
        client: &Client,
        message: &OutgoingMessage,
        headers: HeaderMap,
        reply: Option<String>,
    ) -> Result<Option<EncodeError>, ConnectionClosed> {
        let subject = match message.meta.as_ref().and_then(|meta| meta.subject.as_deref()) {
            Some(own) => Subject::from(own),
            None => self.subject.clone(),
        };
        let payload = self.payloads.slice(message.payload.clone());
        let published = match reply {
            None => client.publish_with_headers(subject, headers, payload).await,
            Some(reply) => client.publish_with_reply_and_headers(subject, reply, headers, payload).await,
        };
        match published {
            Ok(()) => Ok(None),
            Err(error) if error.kind() == PublishErrorKind::Send => Err(ConnectionClosed),
            Err(_) => Ok(Some(EncodeError::new(format!(
                "a message of {} bytes is too large: with its headers it exceeds the server's max_payload of {}",
                message.payload.len(),
                client.max_payload()
            )))),
        }
    }

    /// Queues a rejected message as a dead letter, which is cut if it is too large. Returns why it was not accepted, if it
    /// was not.
    pub(crate) async fn publish_dead_letter(
        &self,
        client: &Client,
        mut dead_letter: OutgoingMessage,
        template: &mut HeaderTemplate,
    ) -> Result<Option<&'static str>, ConnectionClosed> {
        let headers = template.headers(self.batch.time, &dead_letter);
        if self.publish(client, &dead_letter, headers, None).await?.is_none() {
            return Ok(None);
        }
        if dead_letter.cut_to(client.max_payload()) {
            let headers = template.headers(self.batch.time, &dead_letter);
            if self.publish(client, &dead_letter, headers, None).await?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some("its headers alone exceed the server's max_payload"))
    }

    /// The dead letter of a message that was rejected for `error`.
    pub(crate) fn dead_letter(
        &self,
        dead_letters: &DeadLetters,
        message: &OutgoingMessage,
        error: &EncodeError,
    ) -> OutgoingMessage {
        dead_letters.of_outgoing(&self.batch, message, error)
    }
}

/// Waits until an instant; without one, forever.
pub(crate) async fn sleep_until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant.into()).await,
        None => future::pending().await,
    }
}

/// Whether a message has a subject of its own.
pub(crate) fn has_own_subject(message: &OutgoingMessage) -> bool {
    message.meta.as_ref().is_some_and(|meta| meta.subject.is_some())
}

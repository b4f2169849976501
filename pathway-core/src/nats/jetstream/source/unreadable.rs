//! Messages over which the client breaks its connection: finds them behind a break, and rejects them.
//!
//! The server stores any bytes, and a client that cannot parse a message can only close the connection. The message would be
//! the next one again. So after each break the next message is fetched through JetStream's API, in JSON.

use std::time::Instant;

use async_nats::Subject;

use super::Start;
use super::consumer::Consumer;
use super::delivery_info::DeliveryInfo;
use super::reader::Reader;
use crate::data::Result;
use crate::nats::client::{ApiError, Connection, ConnectionClosed, MessageRequest, SessionEnd, StoredMessage};
use crate::telemetry::{Level, report};

/// Delivers a message again.
const NAK: &str = "-NAK";
/// How many sequences may have to be given back. More than that are in requests only if most have other subjects.
pub(super) const MAX_LOST: u64 = 256 * 1024;

impl Reader {
    /// After a break, rejects the next messages as long as the client cannot read them. Returns whether there were any.
    pub(super) async fn skip_unreadable(&mut self, connection: &mut Connection) -> Result<bool, SessionEnd> {
        if self.position.next == 0 || !self.suspicion.take() {
            return Ok(false);
        }
        if self.spec.start == Start::LastPerSubject && !self.position.snapshot.is_complete() {
            // The next message of the consumer is not the next one of the stream.
            if self.suspicion.is_repeated() {
                self.spec.start = Start::Sequence(self.position.next);
                self.warn(format_args!(
                    "stream `{}`: the connection breaks at the same message again; reading continues in the order of the \
                     sequences, with older messages of a subject too",
                    self.spec.stream
                ));
            } else {
                return Ok(false);
            }
        }
        let mut has_rejected = false;
        while let Some(message) = self.look_up_next(connection, self.position.next).await?
            && let Some(reason) = self.why_unreadable(&message)
        {
            has_rejected = true;
            self.reject(&message, reason);
            self.until_room(connection).await?;
        }
        Ok(has_rejected)
    }

    /// After a break, rejects messages that the consumer has delivered and the client could not read. They are terminated
    /// when the pipeline has processed that. Returns whether there were any.
    ///
    /// The one that broke the connection is the first behind the last that arrived, or behind the newest that arrived, or
    /// the oldest that is not acknowledged: redelivered messages come first, in the order of their sequences.
    pub(super) async fn terminate_unreadable(
        &mut self,
        connection: &mut Connection,
        consumer: &Consumer,
    ) -> Result<bool, SessionEnd> {
        if !self.suspicion.take() {
            return Ok(false);
        }
        let mut has_rejected = false;
        for mut from in [consumer.ack_floor + 1, self.last_received + 1, self.position.next] {
            loop {
                from = self.unacked.as_ref().map_or(from, |unacked| unacked.first_unknown(from));
                if from >= consumer.next {
                    break;
                }
                let Some(message) = self.look_up_next(connection, from).await? else { break };
                let is_known = self.unacked.as_ref().is_some_and(|unacked| unacked.knows(message.sequence));
                from = message.sequence + 1;
                if is_known {
                    continue;
                }
                if message.sequence >= consumer.next {
                    break;
                }
                let Some(reason) = self.why_unreadable(&message) else { break };
                let info = DeliveryInfo::of_lost(message.sequence, message.stored, consumer.last_delivery);
                let reply = info.reply(&self.spec.stream, &consumer.name);
                if let Some(unacked) = &mut self.unacked
                    && unacked.add(&info, &Subject::from(reply), Instant::now())
                {
                    has_rejected = true;
                    self.reject(&message, reason);
                    self.until_room(connection).await?;
                }
            }
        }
        // Also if none is found: it can be behind a message that the client can read, and that the break has lost.
        self.redeliver_lost(connection, consumer).await?;
        Ok(has_rejected)
    }

    /// Why the client cannot read a message, if it cannot.
    fn why_unreadable(&mut self, message: &StoredMessage) -> Option<&'static str> {
        // In JSON, a subject that is not UTF-8 cannot be told from one with a U+FFFD, which is read without a break.
        let is_guilty = message.has_replaced_subject() && self.suspicion.is_repeated_for(message.sequence);
        message.unreadable().or_else(|| is_guilty.then_some("its subject is not UTF-8"))
    }

    /// Gives back what the consumer has delivered into the connection that broke: it would come again much later, and with it
    /// a message that the client cannot read.
    pub(super) async fn redeliver_lost(
        &self,
        connection: &mut Connection,
        consumer: &Consumer,
    ) -> Result<(), SessionEnd> {
        let Some(unacked) = &self.unacked else { return Ok(()) };
        let delivered = consumer.ack_floor + 1..consumer.next;
        // Other programs may read with a consumer that the user has created.
        if self.spec.durable.is_some() || delivered.end.saturating_sub(delivered.start) > MAX_LOST {
            return Ok(());
        }
        let client = connection.client.clone();
        let given_back = connection.until_lost(async {
            for sequence in delivered.filter(|sequence| !unacked.knows(*sequence)) {
                let lost = DeliveryInfo::of_lost(sequence, 0, consumer.last_delivery);
                let reply = lost.reply(&self.spec.stream, &consumer.name);
                client.publish(reply, NAK.into()).await.map_err(|_| ConnectionClosed)?;
            }
            Ok::<_, ConnectionClosed>(())
        });
        Ok(given_back.await??)
    }

    async fn until_room(&self, connection: &mut Connection) -> Result<(), SessionEnd> {
        let queue = self.link.queue.clone();
        self.until_stopped(connection, queue.until_half_free()).await
    }

    /// Fetches the first message from a sequence on that is read.
    pub(super) async fn look_up_next(
        &mut self,
        connection: &mut Connection,
        from: u64,
    ) -> Result<Option<StoredMessage>, SessionEnd> {
        let subject = self.spec.subject.clone();
        self.look_up(connection, MessageRequest::Next { seq: from, next_by_subj: &subject }).await
    }

    /// Fetches a message. `None` if there is none, or it cannot be fetched.
    pub(super) async fn look_up(
        &mut self,
        connection: &mut Connection,
        request: MessageRequest<'_>,
    ) -> Result<Option<StoredMessage>, SessionEnd> {
        if self.suspicion.is_denied || self.suspicion.is_unanswered {
            return Ok(None);
        }
        let api = connection.api(&self.spec.api);
        let request = api.stored_message(&self.spec.stream, request);
        match self.until_stopped_or_denied(connection, request).await? {
            Ok(Ok(message)) => Ok(Some(message)),
            Ok(Err(error)) => {
                if !error.has_code(ApiError::NO_MESSAGE) {
                    self.suspicion.is_unanswered = true;
                    let stream = &self.spec.stream;
                    self.warn(format_args!("stream `{stream}`: a message cannot be looked at: {error}"));
                }
                Ok(None)
            }
            Err(denied) if denied.subject().contains(".STREAM.MSG.GET.") => {
                self.suspicion.is_denied = true;
                let message = format_args!(
                    "stream `{}`: without permission to publish on `{}`, the source cannot notice that the stream was \
                     replaced by an older copy, and cannot pass a message that the client cannot parse{}",
                    self.spec.stream,
                    denied.subject(),
                    if self.keys.is_some() { "; it finds expired keys only by listing all keys" } else { "" }
                );
                report(Level::Warn, &self.link.name, message);
                Ok(None)
            }
            Err(denied) => Err(self.permission_denied(connection, &denied).into()),
        }
    }
}

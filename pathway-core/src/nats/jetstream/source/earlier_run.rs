//! What an earlier run of a pipeline that persists has left of a stream that is read with acknowledgements.
//!
//! None of the messages that its log names is acknowledged, so the stream still has them: they are fetched by their sequences,
//! in the order of the log, and handed over once more.

use std::collections::VecDeque;
use std::pin::pin;
use std::time::{Duration, Instant};

use async_nats::Subject;
use futures_util::StreamExt;
use futures_util::future::{self, Either};
use futures_util::stream;

use super::Start;
use super::consumer::Consumer;
use super::delivery_info::DeliveryInfo;
use super::reader::{BATCH_BYTES, BATCH_MESSAGES, PAUSE, Reader};
use super::session::ConsumerSession;
use super::unacked::UnackedMessages;
use super::unreadable::MAX_LOST;
use crate::data::{DateTimeUtc, Error, ErrorKind, Metadata, Result};
use crate::nats::client::{ApiError, Connection, MessageRequest, SessionEnd, StoredMessage, StreamInfo};

/// How many messages are fetched at a time: enough to hide the way to the server, and few enough for large messages.
const IN_FLIGHT: usize = 128;

/// What an earlier run has left, until this one has continued it.
#[derive(Debug, Default)]
pub(super) struct EarlierRun {
    /// The sequences that are in the log behind the checkpoint, and were not handed over yet.
    logged: VecDeque<u64>,
}

impl Reader {
    /// The stream is read by its sequences: continues with `next`, behind the message that was stored at this time, if that is
    /// known.
    pub(super) async fn continue_behind(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
        next: u64,
        stored: i64,
    ) -> Result<(), SessionEnd> {
        self.spec.start = Start::Sequence(next);
        if stored == 0 {
            return Ok(());
        }
        let last = next - 1;
        let what = if last > stream.last {
            format!("it ends at sequence {}, but an earlier run has read its message {last}", stream.last)
        } else {
            let message = self.look_up(connection, MessageRequest::At { seq: last }).await?;
            if message.is_none_or(|message| message.stored == stored) {
                return Ok(());
            }
            format!("its message {last} is another one than the one that an earlier run has read")
        };
        let message = format!(
            "{what}: the server has lost the end of the stream, or it was restored from an older copy; restore it, or begin anew \
             with another directory and other output streams"
        );
        Err(self.spec.error(ErrorKind::Persistence, message).into())
    }

    /// The stream is read with acknowledgements: continues what an earlier run of a pipeline that persists has read.
    pub(super) fn acknowledge_messages(&mut self, stream: &StreamInfo) -> Result<()> {
        let (mut unacked, link) = (UnackedMessages::default(), &self.link);
        link.queue.acks().request();
        if link.control.persistent().is_some() {
            if link.metadata.deliveries {
                let message = "a pipeline that persists cannot have a column `#[schema(delivered)]` of it: a message that is \
                               read again after a restart has another number of deliveries; remove the column, or leave \
                               `persist` out";
                return Err(self.spec.error(ErrorKind::Config, message));
            }
            link.queue.acks().wait_for_checkpoints();
            link.beginning.acknowledging.set(true);
            let earlier = link.beginning.acknowledging.take_earlier();
            let highest = earlier.checkpointed.highest().max(earlier.logged.highest());
            if let Some(highest) = highest.filter(|highest| *highest > stream.last) {
                let message = format!(
                    "it ends at sequence {}, but an earlier run has read its message {highest}: the stream has lost messages \
                     that the log needs: restore it, or begin anew with another directory and other output streams",
                    stream.last
                );
                return Err(self.spec.error(ErrorKind::Persistence, message));
            }
            unacked.continue_behind(&earlier);
            self.earlier = Some(EarlierRun { logged: earlier.logged.iter().collect() });
        }
        self.unacked = Some(unacked);
        Ok(())
    }

    /// Hands over a message that an earlier run has read. It is acknowledged as if the consumer had delivered it to this one.
    fn replay(&mut self, message: &StoredMessage, consumer: &Consumer) {
        let info = DeliveryInfo::of_lost(message.sequence, message.stored, consumer.last_delivery);
        let reply = info.reply(&self.spec.stream, &consumer.name);
        if !self.unacked.as_mut().is_some_and(|unacked| unacked.add(&info, &Subject::from(reply), Instant::now())) {
            return;
        }
        match message.unreadable() {
            Some(reason) => self.add_rejected(message, reason),
            None => self.add_stored(message, &info),
        }
    }

    fn add_stored(&mut self, message: &StoredMessage, info: &DeliveryInfo) {
        let Metadata { headers, received_at, delivery, .. } = self.link.kept_metadata();
        let subject = message.subject.strip_prefix(&*self.prefix).unwrap_or(&message.subject);
        if !headers && !received_at && !delivery {
            self.batch.push(subject, &message.payload);
        } else {
            let pairs = if headers { message.headers() } else { Vec::new() };
            let pairs = pairs.iter().map(|(name, value)| (*name, value.as_str()));
            let received_at = received_at.then(DateTimeUtc::now);
            let delivery = delivery.then(|| info.delivery());
            self.batch.push_with(subject, &message.payload, pairs, received_at, delivery);
        }
        self.backlog.record(&mut self.batch, message.stored);
        self.set_position(message.sequence, message.stored);
    }

    /// The error if a message of the log cannot be fetched.
    fn cannot_replay(&self, sequence: u64, error: &ApiError) -> Error {
        let what = match error.has_code(ApiError::NO_MESSAGE) {
            true => "is gone: the stream has lost messages that the log needs: restore it, or begin anew with another \
                     directory and other output streams"
                .to_owned(),
            false => format!("cannot be fetched: {error}"),
        };
        let message = format!("the log cannot be computed again: message {sequence} {what}");
        self.spec.error(ErrorKind::Persistence, message)
    }
}

impl ConsumerSession<'_> {
    /// Continues what an earlier run has left.
    pub(super) async fn continue_earlier_run(&mut self) -> Result<(), SessionEnd> {
        let Some(mut earlier) = self.reader.earlier.take() else { return Ok(()) };
        let outcome = self.replay(&mut earlier).await;
        self.reader.hand_over();
        match outcome {
            Ok(()) if earlier.logged.is_empty() => self.settle_deliveries().await,
            // Also if the pipeline stops meanwhile.
            Ok(()) => Ok(()),
            Err(end) => {
                self.reader.earlier = Some(earlier);
                Err(end)
            }
        }
    }

    /// Hands over the messages of the log, until the pipeline stops.
    async fn replay(&mut self, earlier: &mut EarlierRun) -> Result<(), SessionEnd> {
        let ConsumerSession { reader, connection, consumer, .. } = self;
        let (control, queue) = (reader.link.control.clone(), reader.link.queue.clone());
        while !earlier.logged.is_empty() {
            let (api, stream) = (connection.api(&reader.spec.api), reader.spec.stream.clone());
            let fetch = |seq| {
                let message = api.stored_message(&stream, MessageRequest::At { seq });
                async move { (seq, message.await) }
            };
            let sequences: Vec<u64> = earlier.logged.iter().copied().collect();
            let fetched = async {
                let mut messages = stream::iter(sequences).map(fetch).buffered(IN_FLIGHT);
                while let Some((sequence, fetched)) = messages.next().await {
                    match fetched {
                        Ok(message) => reader.replay(&message, consumer),
                        // The server is busy, or elects a leader.
                        Err(ApiError::Temporary(_)) => {
                            tokio::time::sleep(PAUSE).await;
                            return Ok(());
                        }
                        Err(error) => return Err(reader.cannot_replay(sequence, &error)),
                    }
                    earlier.logged.pop_front();
                    if reader.batch.len() >= BATCH_MESSAGES || reader.batch.weight() >= BATCH_BYTES {
                        reader.hand_over();
                        queue.until_half_free().await;
                    }
                }
                Ok(())
            };
            let outcome = match future::select(pin!(control.stopped()), pin!(connection.until_denied(fetched))).await {
                Either::Left(_) => return Ok(()),
                Either::Right((outcome, _)) => outcome?,
            };
            outcome.map_err(|denied| reader.permission_denied(connection, &denied))??;
            reader.hand_over();
        }
        Ok(())
    }

    /// Tells the server about what it has delivered to an earlier run: acknowledges what the checkpoint has, asks it to wait for
    /// what the log has, and gives everything else back, which it would deliver again much later.
    async fn settle_deliveries(&mut self) -> Result<(), SessionEnd> {
        let ConsumerSession { reader, connection, consumer, inbox, .. } = self;
        if let Some(unacked) = &mut reader.unacked {
            let (first, last) = (consumer.ack_floor + 1, consumer.next.saturating_sub(1));
            // What is left of more than that is acknowledged when it is delivered again.
            let first = first.max(last.saturating_sub(MAX_LOST));
            let reply = |sequence| {
                let info = DeliveryInfo::of_lost(sequence, 0, consumer.last_delivery);
                (sequence, Subject::from(info.reply(&reader.spec.stream, &consumer.name)))
            };
            let checkpointed = unacked.checkpointed(first, last).into_iter().map(reply);
            let client = connection.client.clone();
            let settled = connection.until_lost(async {
                unacked.acknowledge_earlier(checkpointed, &client, inbox).await?;
                unacked.extend(Duration::ZERO, &client).await
            });
            settled.await??;
        }
        reader.redeliver_lost(connection, consumer).await
    }
}

//! How a session acknowledges messages, and keeps those that wait for it.
//!
//! In a pipeline that persists, messages wait for a checkpoint: a restart computes later commits again, and needs their messages.

use std::time::{Duration, Instant};

use super::consumer::MAX_ACK_PENDING;
use super::reader::Reader;
use super::session::ConsumerSession;
use super::unacked::UnackedMessages;
use crate::nats::client::{ConnectionClosed, SessionEnd};

/// A stopping pipeline waits until nothing has arrived for this long.
const QUIET: Duration = Duration::from_millis(50);
/// How often unacknowledged messages are checked.
const ACK_CHECK_INTERVAL: Duration = Duration::from_secs(1);

impl ConsumerSession<'_> {
    /// Whether the pipeline stops, and nothing is left to wait for.
    pub(super) fn is_done(&self) -> bool {
        let has_failed = |unacked: &UnackedMessages| unacked.waiting() > 0 && self.reader.link.control.has_failed();
        // Requested messages may still arrive, and are given back.
        let is_quiet = || !self.pulls.is_outstanding() || self.last_received.elapsed() >= QUIET;
        let is_done = |unacked: &UnackedMessages| {
            // What no checkpoint has is for the next run.
            let is_for_next_run = self.reader.link.queue.acks().is_over_before_checkpoint();
            let is_acknowledged = if is_for_next_run { unacked.is_confirmed() } else { unacked.is_empty() };
            has_failed(unacked) || (is_acknowledged && is_quiet())
        };
        self.is_stopping() && self.reader.unacked.as_ref().is_none_or(is_done)
    }

    /// Acknowledges what the pipeline has finished.
    pub(super) async fn acknowledge(&mut self) -> Result<(), SessionEnd> {
        let ConsumerSession { reader, connection, inbox, replies, .. } = self;
        let Some(unacked) = &mut reader.unacked else { return Ok(()) };
        if replies.is_empty() && unacked.waiting() == 0 {
            return Ok(());
        }
        let client = connection.client.clone();
        let acknowledged = connection.until_lost(async {
            for (subject, reply) in replies.drain(..) {
                client.publish(subject, reply).await.map_err(|_| ConnectionClosed)?;
            }
            match unacked.waiting() {
                0 => Ok(()),
                _ => unacked.acknowledge(&reader.link.queue.acks().take(), &client, inbox).await,
            }
        });
        acknowledged.await??;
        self.want_checkpoint();
        Ok(())
    }

    /// Asks for a checkpoint when half of the messages that may be unacknowledged wait for it, so that the other half can flow
    /// while it is written.
    fn want_checkpoint(&self) {
        let Reader { unacked, link, .. } = &*self.reader;
        let most = self.consumer.max_ack_pending.unwrap_or(MAX_ACK_PENDING).min(MAX_ACK_PENDING);
        let is_half_full = unacked.as_ref().is_some_and(|unacked| unacked.waiting() as u64 >= (most / 2).max(1));
        if is_half_full
            && let Some(state) = link.control.persistent()
            && state.want_checkpoint()
        {
            link.control.wake();
        }
    }

    /// Whether so many messages wait for a checkpoint that no more are requested. Our own consumer delivers no more of them.
    pub(super) fn awaits_checkpoint(&self) -> bool {
        let is_full = |unacked: &UnackedMessages| unacked.waiting() as u64 >= MAX_ACK_PENDING;
        self.reader.waits_for_checkpoints() && self.reader.unacked.as_ref().is_some_and(is_full)
    }

    pub(super) fn ack_check_interval(&self) -> Duration {
        if self.is_stopping() {
            return QUIET;
        }
        ACK_CHECK_INTERVAL.min(self.consumer.ack_wait / 4).max(Duration::from_millis(10))
    }

    /// If it is time for it, asks the server to wait for acknowledgements, and sends unconfirmed ones again.
    pub(super) async fn extend_acks(&mut self) -> Result<(), SessionEnd> {
        if self.last_ack_check.elapsed() < self.ack_check_interval() {
            return Ok(());
        }
        self.last_ack_check = Instant::now();
        let ConsumerSession { reader, connection, consumer, inbox, .. } = self;
        let Some(unacked) = &mut reader.unacked else { return Ok(()) };
        let acknowledging = &reader.link.beginning.acknowledging;
        if acknowledging.is_on() {
            acknowledging.set_lowest_unacknowledged(unacked.lowest());
        }
        let client = connection.client.clone();
        let extended = connection.until_lost(async {
            unacked.extend(consumer.ack_wait / 2, &client).await?;
            unacked.resend(false, &client, inbox).await
        });
        Ok(extended.await??)
    }
}

impl Reader {
    /// Whether messages are acknowledged when a checkpoint has them.
    pub(super) fn waits_for_checkpoints(&self) -> bool {
        self.link.beginning.acknowledging.is_on()
    }

    /// The last message of the batch has this sequence, and was stored at this time, in unix nanoseconds.
    pub(super) fn set_position(&mut self, sequence: u64, stored: i64) {
        if self.waits_for_checkpoints() {
            self.link.beginning.acknowledging.hand_over(sequence, stored);
        } else if self.unacked.is_some() {
            // The server knows what was read; redeliveries have old sequences.
            return;
        }
        self.batch.set_position(sequence.into());
    }

    /// Reports messages that are still unacknowledged at the end. If the pipeline persists, its next run has them already.
    pub(super) fn report_unacked(&self) {
        let count = self.unacked.as_ref().map_or(0, UnackedMessages::waiting);
        if count > 0 && !self.waits_for_checkpoints() {
            let stream = &self.spec.stream;
            self.warn(format_args!(
                "{count} messages of stream `{stream}` are not acknowledged and will be delivered again"
            ));
        }
    }
}

//! One connection of a reader: subscribes, hands messages over, and leaves in an orderly way.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_nats::Subscriber;
use futures_util::StreamExt;
use futures_util::future::poll_fn;

use super::reader::Reader;
use crate::connector::source::Closed;
use crate::data::Result;
use crate::nats::client::{Connection, ConnectionClosed, FlushBarrier, SessionEnd, Supervisor};

/// How long the server may take to confirm the subscription. It does so within a round trip, or denies us the inbox.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(2);
/// How long messages that were in transit when the pipeline stopped may take.
const LAST_MESSAGES_TIMEOUT: Duration = Duration::from_secs(1);
/// How many more messages a reader that leaves its queue group accepts: this many, plus a multiple of what was in transit. A
/// thread that waited to be scheduled can have many times more.
const MIN_LEAVE_MESSAGES: u64 = 4096;
const LEAVE_FACTOR: u64 = 16;
/// How long these may take.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(3);

/// A connection with its subscription.
pub(super) struct SubscriptionSession<'a> {
    reader: &'a mut Reader,
    connection: &'a mut Connection,
    subscriber: Subscriber,
    /// How many messages were taken from it.
    received: u64,
    barrier: FlushBarrier,
    is_barrier_denied: bool,
    /// async-nats has ended the subscription. It does so only when its own task has died, for example because of headers
    /// that it cannot read, and nothing else reports that.
    has_ended: bool,
}

/// Why reading was interrupted.
#[derive(PartialEq, Eq)]
enum Interrupt {
    /// What was waited for has happened.
    Event,
    /// The barrier has returned, or never will because the inbox is denied.
    Barrier,
}

impl<'a> SubscriptionSession<'a> {
    pub(super) async fn open(reader: &'a mut Reader, connection: &'a mut Connection) -> Result<Self, ConnectionClosed> {
        let client = connection.client.clone();
        let subject = reader.subject.to_string();
        let subscriber = match &reader.group {
            None => client.subscribe(subject).await,
            Some(group) => client.queue_subscribe(subject, group.to_string()).await,
        };
        let subscriber = subscriber.map_err(|_| ConnectionClosed)?;
        let barrier = FlushBarrier::open(client).await?;
        Ok(SubscriptionSession {
            reader,
            connection,
            subscriber,
            received: 0,
            barrier,
            is_barrier_denied: false,
            has_ended: false,
        })
    }

    pub(super) async fn run(mut self, supervisor: &mut Supervisor<'_>) -> Result<(), SessionEnd> {
        // `subscribe` only queues the command. If the inbox is denied, that is a confirmation, too.
        self.barrier.send().await?;
        if self.read_until(pin!(tokio::time::sleep(CONFIRM_TIMEOUT)), true).await? == Interrupt::Event {
            self.reader.warn(format_args!(
                "{} has not confirmed the subscription to `{}` within {} s; reading anyway",
                self.connection.server,
                self.reader.subject,
                CONFIRM_TIMEOUT.as_secs()
            ));
        }
        self.reader.established(self.connection, supervisor);

        let control = self.reader.link.control.clone();
        self.read_until(pin!(control.stopped()), false).await?;
        match self.read_last_messages().await {
            // The pipeline stops in any case.
            Err(SessionEnd::ConnectionLost) => Ok(()),
            end => end,
        }
    }

    /// Reads until `event` completes or, if asked for, the barrier returns.
    async fn read_until(
        &mut self,
        mut event: Pin<&mut impl Future<Output = ()>>,
        until_barrier: bool,
    ) -> Result<Interrupt, SessionEnd> {
        let mut lost = pin!(self.connection.lost());
        poll_fn(|cx| {
            // The queue is closed: the worker takes no more.
            let Ok(has_returned) = self.drain(cx) else { return Poll::Ready(Err(SessionEnd::Finished)) };
            while let Poll::Ready(denied) = self.connection.poll_permission_error(cx) {
                if !self.barrier.is_denied_by(&denied) {
                    return Poll::Ready(Err(self.connection.permission_denied(&denied).into()));
                }
                self.is_barrier_denied = true;
            }
            if until_barrier && (has_returned || self.is_barrier_denied) {
                Poll::Ready(Ok(Interrupt::Barrier))
            } else if self.has_ended || lost.as_mut().poll(cx).is_ready() {
                Poll::Ready(Err(SessionEnd::ConnectionLost))
            } else {
                event.as_mut().poll(cx).map(|()| Ok(Interrupt::Event))
            }
        })
        .await
    }

    /// Reads the messages that the server had received before the stop. Later ones are for other members of the queue group.
    async fn read_last_messages(&mut self) -> Result<(), SessionEnd> {
        let before = self.received;
        self.read_to_barrier().await?;
        if self.reader.group.is_none() {
            return Ok(());
        }
        // async-nats forgets a drained subscription before the server has processed the command, and drops the messages in
        // transit (which is counted). So the server is asked to end the subscription after some more messages, many more than
        // were in transit a moment ago. Then both sides count to the same message, and none is lost unless still more were
        // in transit.
        let last = self.received + LEAVE_FACTOR * (self.received - before) + MIN_LEAVE_MESSAGES;
        let _ = self.subscriber.unsubscribe_after(last).await;
        let begin = Instant::now();
        loop {
            let before = self.received;
            self.read_to_barrier().await?;
            // If none has arrived for a whole round trip, the subject is quiet and none is in transit.
            if self.received == before || self.received >= last || begin.elapsed() >= LEAVE_TIMEOUT {
                break;
            }
        }
        let _ = self.subscriber.drain().await;
        self.read_to_barrier().await
    }

    async fn read_to_barrier(&mut self) -> Result<(), SessionEnd> {
        if !self.is_barrier_denied {
            self.barrier.send().await?;
            self.read_until(pin!(tokio::time::sleep(LAST_MESSAGES_TIMEOUT)), true).await?;
        }
        Ok(())
    }

    /// Hands over all messages that have arrived, and returns whether the last barrier was among them.
    fn drain(&mut self, cx: &mut Context<'_>) -> Result<bool, Closed> {
        let reader = &mut *self.reader;
        while let Poll::Ready(message) = self.subscriber.poll_next_unpin(cx) {
            let Some(message) = message else {
                self.has_ended = true;
                break;
            };
            self.received += 1;
            reader.read(&message)?;
        }
        reader.hand_over()?;
        let mut has_returned = false;
        while let Poll::Ready(number) = self.barrier.poll_returned(cx) {
            reader.drops.count_received();
            has_returned |= number == self.barrier.sent();
        }
        // Nothing has arrived since then: async-nats runs on this thread, too.
        reader.drops.count_dropped(self.connection.messages_in(), &reader.subject, &reader.link.counters);
        Ok(has_returned)
    }
}

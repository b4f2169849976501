//! One connection of a publisher: publishes, finds out what the server has received, and confirms that.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::future::{self, Either, poll_fn};

use super::pending::PendingBatch;
use super::publisher::Publisher;
use crate::connector::sink::{EncodedBatch, OutputBatch};
use crate::nats::client::{
    Connection, ConnectionClosed, FlushBarrier, SessionEnd, Supervisor, is_own_inbox, sleep_until,
};
use crate::telemetry::Level;

/// How long a published batch waits for others before a flush barrier is sent behind it.
///
/// Only the end of the pipeline and a full outbox wait for a confirmation, so at low load a barrier for each batch
/// would only cost: a message, and two threads that wake up.
const BARRIER_DELAY: Duration = Duration::from_millis(20);
/// This many bytes get a barrier immediately: a fraction of what the outbox holds, so that it never fills up because a
/// barrier is missing.
const BARRIER_BYTES: usize = 512 << 10;
/// A barrier that takes longer is reported.
const SLOW_BARRIER: Duration = Duration::from_secs(10);

pub(super) struct PublishSession<'a> {
    publisher: &'a mut Publisher,
    connection: &'a mut Connection,
    /// `None` if we may not have an inbox.
    barrier: Option<FlushBarrier>,
    /// When the barrier in transit was sent, or last reported as slow.
    barrier_sent: Option<Instant>,
    /// How many of the pending batches were published over this connection.
    published: usize,
    /// How many bytes of these have no barrier behind them, and since when.
    unflushed: usize,
    unflushed_since: Option<Instant>,
}

/// What a session waits for.
enum Event {
    Batch(Arc<EncodedBatch>),
    /// There will be no more batches.
    LastBatch,
    BarrierReturned(u64),
    /// The server denies us the inbox.
    BarrierDenied,
    /// It is time for a barrier, or to report a slow one.
    Timer,
}

impl<'a> PublishSession<'a> {
    pub(super) async fn open(
        publisher: &'a mut Publisher,
        connection: &'a mut Connection,
    ) -> Result<Self, ConnectionClosed> {
        let barrier = FlushBarrier::open(connection.client.clone()).await?;
        Ok(PublishSession {
            publisher,
            connection,
            barrier: Some(barrier),
            barrier_sent: None,
            published: 0,
            unflushed: 0,
            unflushed_since: None,
        })
    }

    pub(super) fn established(&self, supervisor: &mut Supervisor<'_>) {
        let Some(outage) = supervisor.established(self.connection) else { return };
        let Publisher { pending, link, .. } = &*self.publisher;
        let unconfirmed: u64 = pending.iter().filter(|batch| batch.is_tried).map(PendingBatch::publishable).sum();
        link.counters.reconnects.add(1);
        link.counters.republished.add(unconfirmed);
        supervisor.report_return(format_args!(
            "{outage}; {unconfirmed} messages that were not confirmed are published again"
        ));
    }

    /// Publishes until everything is confirmed and there will be no more batches.
    pub(super) async fn run(&mut self) -> Result<(), SessionEnd> {
        let mut lost = pin!(self.connection.lost());
        loop {
            // Publishing can wait for the socket, and so forever.
            match future::select(pin!(self.publish_pending()), lost.as_mut()).await {
                Either::Left((outcome, _)) => outcome?,
                Either::Right(_) => return Err(SessionEnd::ConnectionLost),
            }
            if self.publisher.batches.is_finished() && self.publisher.pending.is_empty() {
                return self.check_permissions().await;
            }
            match self.next_event(lost.as_mut()).await? {
                Event::Batch(batch) => self.publisher.pending.push_back(PendingBatch::new(batch)),
                Event::LastBatch => self.publisher.batches.finish(),
                Event::BarrierReturned(number) => {
                    self.check_permissions().await?;
                    self.confirm(number);
                }
                Event::BarrierDenied => self.continue_without_barrier(),
                Event::Timer => self.report_slow_barrier(),
            }
        }
    }

    /// Publishes what is pending, and sends a barrier behind it when it is time.
    async fn publish_pending(&mut self) -> Result<(), ConnectionClosed> {
        while self.published < self.publisher.pending.len() {
            self.publish_next().await?;
        }
        let since = match self.unflushed_since {
            Some(since) if self.barrier_sent.is_none() => since,
            _ => return Ok(()),
        };
        let Some(barrier) = &mut self.barrier else {
            // The socket has taken it. Nothing more can be known.
            self.connection.client.flush().await.map_err(|_| ConnectionClosed)?;
            self.flushed();
            self.confirm(u64::MAX);
            return Ok(());
        };
        let is_last = self.publisher.batches.is_finished();
        if is_last || self.unflushed >= BARRIER_BYTES || since.elapsed() >= BARRIER_DELAY {
            barrier.send().await?;
            self.barrier_sent = Some(Instant::now());
            self.flushed();
        }
        Ok(())
    }

    async fn publish_next(&mut self) -> Result<(), ConnectionClosed> {
        let Publisher { pending, template, dead_letters, link, rejects, commit_prefix, .. } = &mut *self.publisher;
        let batch = &mut pending[self.published];
        // No `flush`: the connection's task writes as soon as this one waits.
        batch.publish(&self.connection.client, template, dead_letters.as_ref(), commit_prefix.as_deref()).await?;
        batch.barrier = self.barrier.as_ref().map_or(0, FlushBarrier::sent) + 1;
        self.published += 1;
        self.unflushed += batch.outgoing.batch.weight();
        self.unflushed_since.get_or_insert_with(Instant::now);
        let new = batch.rejected.saturating_sub(batch.counted);
        if new > 0 {
            batch.counted = batch.rejected;
            link.counters.rejected.add(new);
            if let Some(reject) = &batch.last_reject {
                rejects.report(Level::Error, new, format_args!("{reject}"));
            }
        }
        Ok(())
    }

    /// What was published has a barrier behind it.
    fn flushed(&mut self) {
        self.unflushed = 0;
        self.unflushed_since = None;
    }

    /// The server has received all batches up to a barrier.
    fn confirm(&mut self, barrier: u64) {
        if self.barrier.as_ref().is_some_and(|current| current.sent() == barrier) {
            self.barrier_sent = None;
        }
        let Publisher { pending, link, .. } = &mut *self.publisher;
        while self.published > 0 {
            let Some(batch) = pending.pop_front_if(|batch| batch.barrier <= barrier) else { break };
            self.published -= 1;
            link.counters.published.add(batch.publishable());
            link.counters.dead_letters.add(batch.dead_letters);
            link.outbox.confirm(&batch.outgoing.batch);
        }
    }

    async fn next_event(&mut self, mut lost: Pin<&mut impl Future<Output = ()>>) -> Result<Event, SessionEnd> {
        let mut batch = pin!(self.publisher.batches.next());
        let next_barrier = self.unflushed_since.filter(|_| self.barrier_sent.is_none()).map(|at| at + BARRIER_DELAY);
        let timer = next_barrier.into_iter().chain(self.barrier_sent.map(|at| at + SLOW_BARRIER)).min();
        let mut timer = pin!(sleep_until(timer));
        poll_fn(|cx| {
            if let Poll::Ready(denied) = self.poll_permissions(cx) {
                return Poll::Ready(denied.map(|()| Event::BarrierDenied));
            }
            if let Some(Poll::Ready(number)) = self.barrier.as_mut().map(|barrier| barrier.poll_returned(cx)) {
                return Poll::Ready(Ok(Event::BarrierReturned(number)));
            }
            if lost.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(SessionEnd::ConnectionLost));
            }
            if let Poll::Ready(batch) = batch.as_mut().poll(cx) {
                return Poll::Ready(Ok(batch.map_or(Event::LastBatch, Event::Batch)));
            }
            timer.as_mut().poll(cx).map(|()| Ok(Event::Timer))
        })
        .await
    }

    /// Ready when our inbox is denied. An error when a subject of the pipeline is.
    fn poll_permissions(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SessionEnd>> {
        while let Poll::Ready(denied) = self.connection.poll_permission_error(cx) {
            match &self.barrier {
                Some(barrier) if barrier.is_denied_by(&denied) => return Poll::Ready(Ok(())),
                // An inbox is denied twice: for its subscription, and for the barrier that is sent to it.
                None if is_own_inbox(denied.subject()) => {}
                _ => return Poll::Ready(Err(self.connection.permission_denied(&denied).into())),
            }
        }
        Poll::Pending
    }

    /// A permission error arrives before the barrier that was sent behind the denied message, but by another way.
    async fn check_permissions(&mut self) -> Result<(), SessionEnd> {
        tokio::task::yield_now().await;
        match poll_fn(|cx| Poll::Ready(self.poll_permissions(cx))).await {
            Poll::Ready(denied) => {
                denied?;
                self.continue_without_barrier();
            }
            Poll::Pending => {}
        }
        Ok(())
    }

    fn continue_without_barrier(&mut self) {
        if self.barrier.take().is_none() {
            return;
        }
        self.barrier_sent = None;
        if self.published > 0 {
            self.unflushed_since.get_or_insert_with(Instant::now);
        }
        self.publisher.warn(format_args!(
            "{} does not allow {} to have an inbox (`_INBOX.>`), so it cannot confirm messages: a message counts as published \
             when the socket has taken it, and messages in transit are lost when the connection breaks",
            self.connection.server,
            self.connection.identity()
        ));
    }

    fn report_slow_barrier(&mut self) {
        let now = Instant::now();
        if self.barrier_sent.is_some_and(|since| now >= since + SLOW_BARRIER) {
            self.barrier_sent = Some(now);
            let (server, seconds) = (&self.connection.server, SLOW_BARRIER.as_secs());
            self.publisher.warn(format_args!("{server} has confirmed nothing for {seconds} s"));
        }
    }
}

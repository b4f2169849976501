//! One connection's life as a publisher: publish, find out how far the server has come, confirm.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::future::{self, Either};

use super::pending::{Gone, PendingBatch};
use super::publisher::{End, Publisher, next, until};
use crate::connector::sink::{EncodedBatch, OutputBatch};
use crate::data::{Error, ErrorKind, Result};
use crate::nats::client::{Connection, FlushBarrier, PermissionError};
use crate::telemetry::Level;

/// How long a published parcel waits for others before a fence is sent behind it.
///
/// Nobody waits for a confirmation but the end of the pipeline and a full outbox, so that a fence for each parcel of a
/// steady trickle would only cost: a message, and two threads woken.
const FENCE_AFTER: Duration = Duration::from_millis(20);
/// So many bytes get a fence at once: a fraction of what the outbox holds, so that it never runs full for lack of one.
const FENCE_WEIGHT: usize = 512 << 10;
/// How long a fence may take until it is reported.
const SLOW_FENCE: Duration = Duration::from_secs(10);

pub(super) struct PublishSession<'a> {
    pub(super) courier: &'a mut Publisher,
    connection: Connection,
    /// `None` where we may not have an inbox.
    fence: Option<FlushBarrier>,
    /// When the fence that is under way was sent, or last reported as slow.
    under_way: Option<Instant>,
    /// How many of the pending parcels were handed to this connection.
    published: usize,
    /// The weight of those without a fence behind them, and since when.
    uncovered: usize,
    uncovered_since: Option<Instant>,
}

/// What a line waits for.
enum News {
    EncodedBatch(Arc<EncodedBatch>),
    /// There will be no more parcels.
    Finished,
    /// A fence has come back.
    Back(u64),
    /// The inbox is denied.
    Denied,
    /// It is time for a look at the clock.
    Time,
    Lost,
}

/// How a step went.
enum Step {
    Taken,
    Lost,
    /// The time for the last messages is over.
    Overdue,
}

impl<'a> PublishSession<'a> {
    pub(super) async fn new(courier: &'a mut Publisher, connection: Connection) -> Result<Self, Gone> {
        let fence = Some(FlushBarrier::open(connection.client.clone()).await.map_err(|_| Gone)?);
        Ok(PublishSession {
            courier,
            connection,
            fence,
            under_way: None,
            published: 0,
            uncovered: 0,
            uncovered_since: None,
        })
    }

    pub(super) async fn run(&mut self) -> Result<End> {
        let mut lost = pin!(self.connection.lost());
        loop {
            match self.step_until(lost.as_mut()).await {
                Step::Taken => {}
                Step::Lost => return Ok(End::Lost),
                Step::Overdue => return Err(self.courier.overdue()),
            }
            if self.courier.finished && self.courier.pending.is_empty() {
                self.check_notices().await?;
                return Ok(End::Done);
            }
            match self.news(lost.as_mut()).await? {
                News::EncodedBatch(parcel) => self.courier.pending.push_back(PendingBatch::new(parcel)),
                News::Finished => self.courier.finish(),
                News::Back(number) => {
                    self.check_notices().await?;
                    self.confirm(number);
                }
                News::Denied => self.go_without_fence(),
                News::Time => self.look_at_the_clock()?,
                News::Lost => return Ok(End::Lost),
            }
        }
    }

    /// A step can wait for the socket, and so for ever.
    async fn step_until(&mut self, lost: Pin<&mut impl Future<Output = ()>>) -> Step {
        let over = pin!(until(self.courier.finish_by));
        let step = pin!(self.step());
        match future::select(step, future::select(lost, over)).await {
            Either::Left((Ok(()), _)) => Step::Taken,
            Either::Left((Err(Gone), _)) | Either::Right((Either::Left(_), _)) => Step::Lost,
            Either::Right((Either::Right(_), _)) => Step::Overdue,
        }
    }

    /// Publishes what waits, and sends a fence behind it when it is time.
    async fn step(&mut self) -> Result<(), Gone> {
        while self.published < self.courier.pending.len() {
            self.publish_next().await?;
        }
        let since = match self.uncovered_since {
            Some(since) if self.under_way.is_none() => since,
            _ => return Ok(()),
        };
        let Some(fence) = &mut self.fence else {
            // The socket has taken it: all that can be known.
            self.connection.client.flush().await.map_err(|_| Gone)?;
            self.cover();
            self.confirm(u64::MAX);
            return Ok(());
        };
        if self.courier.finished || self.uncovered >= FENCE_WEIGHT || since.elapsed() >= FENCE_AFTER {
            fence.send().await.map_err(|_| Gone)?;
            self.under_way = Some(Instant::now());
            self.cover();
        }
        Ok(())
    }

    async fn publish_next(&mut self) -> Result<(), Gone> {
        let Publisher { pending, template, dead_letters, link, rejects, .. } = &mut *self.courier;
        let item = &mut pending[self.published];
        // No `flush`: the connection's task writes as soon as this one waits.
        item.publish(&self.connection.client, template, dead_letters.as_ref()).await?;
        item.fence = self.fence.as_ref().map_or(0, FlushBarrier::sent) + 1;
        self.published += 1;
        self.uncovered += item.parcel.weight();
        self.uncovered_since.get_or_insert_with(Instant::now);
        let new = item.rejected.saturating_sub(item.counted);
        if new > 0 {
            item.counted = item.rejected;
            link.counters.rejected.add(new);
            if let Some(complaint) = &item.complaint {
                rejects.report(Level::Error, new, format_args!("{complaint}"));
            }
        }
        Ok(())
    }

    /// What was published has a fence behind it.
    fn cover(&mut self) {
        self.uncovered = 0;
        self.uncovered_since = None;
    }

    /// The server has taken all parcels up to a fence.
    fn confirm(&mut self, fence: u64) {
        if self.fence.as_ref().is_some_and(|current| current.sent() == fence) {
            self.under_way = None;
        }
        let Publisher { pending, link, .. } = &mut *self.courier;
        while self.published > 0 {
            let Some(item) = pending.pop_front_if(|item| item.fence <= fence) else { break };
            self.published -= 1;
            link.counters.published.add(item.publishable());
            link.counters.dead_letters.add(item.dead);
            link.outbox.confirm(&item.parcel);
        }
    }

    async fn news(&mut self, mut lost: Pin<&mut impl Future<Output = ()>>) -> Result<News> {
        let outbox = self.courier.link.outbox.clone();
        let mut parcel = pin!(next(&outbox, self.courier.finished));
        let alarm = [
            self.uncovered_since.filter(|_| self.under_way.is_none()).map(|since| since + FENCE_AFTER),
            self.under_way.map(|since| since + SLOW_FENCE),
            self.courier.finish_by,
        ];
        let mut alarm = pin!(until(alarm.into_iter().flatten().min()));
        future::poll_fn(|cx| {
            if let Poll::Ready(denied) = self.poll_notices(cx) {
                return Poll::Ready(denied.map(|()| News::Denied));
            }
            if let Some(Poll::Ready(number)) = self.fence.as_mut().map(|fence| fence.poll_back(cx)) {
                return Poll::Ready(Ok(News::Back(number)));
            }
            if lost.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(News::Lost));
            }
            if let Poll::Ready(parcel) = parcel.as_mut().poll(cx) {
                return Poll::Ready(Ok(parcel.map_or(News::Finished, News::EncodedBatch)));
            }
            alarm.as_mut().poll(cx).map(|()| Ok(News::Time))
        })
        .await
    }

    /// Ready when our inbox is denied; an error when a subject of the pipeline is.
    fn poll_notices(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        while let Poll::Ready(notice) = self.connection.poll_notice(cx) {
            match &self.fence {
                Some(fence) if fence.is_denied_by(&notice) => return Poll::Ready(Ok(())),
                // The refusal of an inbox comes twice: for its subscription, and for the fence that is sent to it.
                None if notice.subject().starts_with("_INBOX.") => {}
                _ => return Poll::Ready(Err(self.denied(&notice))),
            }
        }
        Poll::Pending
    }

    /// A refusal comes before the fence that was sent behind the refused message, but by another way.
    async fn check_notices(&mut self) -> Result<()> {
        tokio::task::yield_now().await;
        match future::poll_fn(|cx| Poll::Ready(self.poll_notices(cx))).await {
            Poll::Ready(Ok(())) => self.go_without_fence(),
            Poll::Ready(Err(error)) => return Err(error),
            Poll::Pending => {}
        }
        Ok(())
    }

    fn denied(&self, notice: &PermissionError) -> Error {
        let (part, server, subject) = (&self.courier.link.name, &self.connection.server, notice.subject());
        let identity = self.courier.dialer.endpoint().identity();
        let message =
            format!("{part}: {server} does not let {identity} publish on `{subject}` (permissions violation)");
        Error::new(ErrorKind::Authorization, message)
    }

    fn go_without_fence(&mut self) {
        if self.fence.take().is_none() {
            return;
        }
        self.under_way = None;
        if self.published > 0 {
            self.uncovered_since.get_or_insert_with(Instant::now);
        }
        self.courier.warn(format_args!(
            "{} does not let {} have an inbox (`_INBOX.>`), so that it can't be asked what it has taken: a message counts as \
             published when the socket has taken it, and those on their way when a connection breaks are lost",
            self.connection.server,
            self.courier.dialer.endpoint().identity()
        ));
    }

    fn look_at_the_clock(&mut self) -> Result<()> {
        let now = Instant::now();
        if self.courier.finish_by.is_some_and(|deadline| now >= deadline) {
            return Err(self.courier.overdue());
        }
        if self.under_way.is_some_and(|since| now >= since + SLOW_FENCE) {
            self.under_way = Some(now);
            let (server, seconds) = (&self.connection.server, SLOW_FENCE.as_secs());
            self.courier.warn(format_args!("{server} has confirmed nothing for {seconds} s"));
        }
        Ok(())
    }
}

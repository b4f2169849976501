//! The thread that reads a core NATS subscription.
//!
//! It is alone with its connection: while it waits for room in the queue, nobody reads the socket, and TCP slows the
//! server down. (async-nats reads on, and drops what it can't place, wherever its own task gets to run.)

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_nats::{HeaderMap, Message, Subscriber};
use futures_util::StreamExt;
use futures_util::future::{self, Either};
use tokio::task::unconstrained;

use super::drops::Drops;
use crate::connector::source::{Batch, SourceLink};
use crate::connector::thread::Ready;
use crate::data::{DateTimeUtc, Error, ErrorKind, Metadata, Result};
use crate::nats::client::{self, Connection, Dialer, FlushBarrier, PermissionError};
use crate::telemetry::{Level, report};

/// How long the server may take to confirm the subscription. It does in a round trip, or says that we may not ask it.
const CONFIRM: Duration = Duration::from_secs(2);
/// How long the messages that were on their way when the pipeline was stopped may take.
const LAST_MESSAGES: Duration = Duration::from_secs(1);
/// How soon after the queue was full a break may have its cause in that.
const SLOW_BEFORE_BREAK: Duration = Duration::from_secs(10);
/// How many more messages a reader that leaves its queue group takes at least, if they come, and how many times what was
/// under way. A thread that had to wait for its turn has many times more.
const FEW_MESSAGES: u64 = 4096;
const MORE_THAN_UNDER_WAY: u64 = 16;
/// How long they may take.
const LEAVING: Duration = Duration::from_secs(3);
/// A batch is handed over when it has so many messages: enough to make the hand-over cheap, and few enough for the
/// worker to begin early. Where fewer are there, they are handed over at once.
const BATCH_MESSAGES: usize = 2048;
/// Or so many bytes.
const BATCH_BYTES: usize = 1 << 20;

pub(super) struct Reader {
    dialer: Dialer,
    subject: Arc<str>,
    group: Option<Arc<str>>,
    link: SourceLink,
    batch: Batch,
    /// How many messages a batch has at most: no more than the queue takes.
    batch_messages: usize,
    drops: Drops,
    /// When the queue had no room for the last time.
    held_back: Option<Instant>,
    /// Taken when the subscription stands for the first time.
    ready: Option<Ready>,
    /// When the connection broke, until there is another.
    lost: Option<(Instant, String)>,
}

/// How a connection's life ended.
enum End {
    /// It broke.
    Lost,
    /// The pipeline stops.
    Stopped,
}

/// Why reading paused.
enum Pause {
    /// What was waited for has come.
    Came,
    /// The fence has come back, or never will.
    FlushBarrier,
    /// The connection broke.
    Lost,
    /// The worker takes no more.
    Closed,
}

impl Reader {
    pub(super) fn new(dialer: Dialer, subject: Arc<str>, group: Option<Arc<str>>, link: SourceLink) -> Self {
        Reader {
            dialer,
            subject,
            group,
            batch: Batch::default(),
            batch_messages: BATCH_MESSAGES.min(link.queue.bound().messages),
            drops: Drops::new(&link.name),
            link,
            held_back: None,
            ready: None,
            lost: None,
        }
    }

    pub(super) fn run(mut self, ready: Ready) {
        self.ready = Some(ready);
        let outcome = loop {
            // A runtime for each connection: its end ends all that async-nats has running.
            let life = client::runtime().and_then(|runtime| {
                // A task that is not unconstrained is cut off after 128 messages, and starves under a flood.
                let end = runtime.block_on(unconstrained(self.live()));
                runtime.shutdown_background();
                end
            });
            match life {
                Ok(End::Lost) => {}
                Ok(End::Stopped) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.drops.flush_log();
        match (self.ready.take(), outcome) {
            (Some(ready), outcome) => ready.send(outcome),
            (None, Err(error)) => self.link.control.fail(error),
            (None, Ok(())) => {}
        }
    }

    /// One connection, from its making to its end.
    async fn live(&mut self) -> Result<End> {
        let control = self.link.control.clone();
        let mut stopped = pin!(control.stopped());
        let Some(connection) = self.connect(stopped.as_mut()).await? else { return Ok(End::Stopped) };
        self.drops.new_connection();

        let client = connection.client.clone();
        let subject = self.subject.to_string();
        let subscribed = match &self.group {
            None => client.subscribe(subject).await,
            Some(group) => client.queue_subscribe(subject, group.to_string()).await,
        };
        let Ok(subscriber) = subscribed else { return Ok(End::Lost) };
        let Ok(fence) = FlushBarrier::open(client).await else { return Ok(End::Lost) };
        let mut life = SubscriptionSession {
            reader: self,
            connection,
            subscriber,
            taken: 0,
            fence,
            fence_denied: false,
            gone: false,
        };

        // `subscribe` only queues the command. Where we may not have an inbox, the refusal is an answer, too.
        if life.fence.send().await.is_err() {
            return Ok(End::Lost);
        }
        let outcome = life.read(pin!(tokio::time::sleep(CONFIRM)), true).await?;
        match outcome {
            Pause::FlushBarrier => {}
            Pause::Came => life.reader.warn(format_args!(
                "{} has not confirmed the subscription to `{}` within {} s; reading on",
                life.connection.server,
                life.reader.subject,
                CONFIRM.as_secs()
            )),
            Pause::Lost => return Ok(life.reader.lose(&life.connection)),
            Pause::Closed => return Ok(End::Stopped),
        }
        life.reader.settle_in(&life.connection);

        match life.read(stopped, false).await? {
            Pause::Came | Pause::FlushBarrier => {}
            Pause::Lost => return Ok(life.reader.lose(&life.connection)),
            Pause::Closed => return Ok(End::Stopped),
        }
        life.read_the_last().await?;
        Ok(End::Stopped)
    }

    /// `None` when the pipeline stops meanwhile.
    async fn connect(&mut self, stopped: Pin<&mut impl Future<Output = ()>>) -> Result<Option<Connection>> {
        let again = self.lost.is_some();
        let dialer = &mut self.dialer;
        let connecting = pin!(async { if again { dialer.again().await } else { dialer.first().await } });
        match future::select(stopped, connecting).await {
            Either::Left(_) => Ok(None),
            Either::Right((connection, _)) => connection.map(Some),
        }
    }

    /// The subscription stands.
    fn settle_in(&mut self, connection: &Connection) {
        if let Some(ready) = self.ready.take() {
            ready.send(Ok(()));
        }
        if let Some((since, before)) = self.lost.take() {
            self.link.counters.reconnects.add(1);
            let missed = match self.group {
                None => "what was published meanwhile is lost: core NATS keeps nothing",
                Some(_) => "the others of its queue group have what was published meanwhile, if there are any",
            };
            self.warn(format_args!(
                "the connection to {before} is back after {:.1} s, at {}; on `{}`, {missed}",
                since.elapsed().as_secs_f32(),
                connection.server,
                self.subject
            ));
        }
    }

    /// The connection broke.
    fn lose(&mut self, connection: &Connection) -> End {
        let server = &connection.server;
        if self.held_back.take().is_some_and(|last| last.elapsed() < SLOW_BEFORE_BREAK) {
            let message = format_args!(
                "the connection to {server} broke while `{}` came faster than it was worked off. A server cuts off a client \
                 that is too slow (`max_pending`, `write_deadline`), and what it kept for it is lost: how much, only the \
                 server's log can say; connecting again",
                self.subject
            );
            report(Level::Error, &self.link.name, message);
        } else {
            self.warn(format_args!(
                "the connection to {server} broke, and what was on its way is lost; connecting again"
            ));
        }
        self.lost = Some((Instant::now(), server.to_string()));
        End::Lost
    }

    fn warn(&self, message: std::fmt::Arguments<'_>) {
        report(Level::Warn, &self.link.name, message);
    }
}

/// A connection with its subscriptions.
struct SubscriptionSession<'a> {
    reader: &'a mut Reader,
    connection: Connection,
    subscriber: Subscriber,
    /// How many messages were taken from it.
    taken: u64,
    fence: FlushBarrier,
    fence_denied: bool,
    /// async-nats has let go of the subscription: it does so only when its own task has died, as of headers that it can't
    /// read. Nothing else would say so.
    gone: bool,
}

impl SubscriptionSession<'_> {
    /// Reads until something else is to be done.
    async fn read(&mut self, mut until: Pin<&mut impl Future<Output = ()>>, until_fence: bool) -> Result<Pause> {
        let mut lost = pin!(self.connection.lost());
        future::poll_fn(|cx| {
            let Ok(fence) = self.drain(cx) else { return Poll::Ready(Ok(Pause::Closed)) };
            while let Poll::Ready(notice) = self.connection.poll_notice(cx) {
                if let Err(error) = self.heed(&notice) {
                    return Poll::Ready(Err(error));
                }
            }
            if until_fence && (fence || self.fence_denied) {
                Poll::Ready(Ok(Pause::FlushBarrier))
            } else if self.gone || lost.as_mut().poll(cx).is_ready() {
                Poll::Ready(Ok(Pause::Lost))
            } else if until.as_mut().poll(cx).is_ready() {
                Poll::Ready(Ok(Pause::Came))
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// Reads what the server took before the stop. What comes after it, the others of a queue group shall have.
    async fn read_the_last(&mut self) -> Result<()> {
        let before = self.taken;
        self.read_to_a_fence().await?;
        if self.reader.group.is_none() {
            return Ok(());
        }
        // async-nats forgets a subscription that is drained before the server has heard of it, and drops what is under way
        // (which is counted). The server is told of an end after some more messages instead, many more than were under way a
        // moment ago: both sides then count to the same one, and nothing is lost unless still more were under way.
        let last = self.taken + MORE_THAN_UNDER_WAY * (self.taken - before) + FEW_MESSAGES;
        let _ = self.subscriber.unsubscribe_after(last).await;
        let begin = Instant::now();
        loop {
            let before = self.taken;
            self.read_to_a_fence().await?;
            // Where none came for a whole round trip, the subject is quiet, and nothing is under way.
            if self.taken == before || self.taken >= last || begin.elapsed() >= LEAVING {
                break;
            }
        }
        let _ = self.subscriber.drain().await;
        self.read_to_a_fence().await
    }

    async fn read_to_a_fence(&mut self) -> Result<()> {
        if !self.fence_denied && self.fence.send().await.is_ok() {
            self.read(pin!(tokio::time::sleep(LAST_MESSAGES)), true).await?;
        }
        Ok(())
    }

    /// Hands over all that has come, and says whether the last fence was among it.
    fn drain(&mut self, cx: &mut Context<'_>) -> Result<bool, crate::connector::source::Closed> {
        let reader = &mut *self.reader;
        while let Poll::Ready(message) = self.subscriber.poll_next_unpin(cx) {
            let Some(message) = message else {
                self.gone = true;
                break;
            };
            reader.drops.take();
            self.taken += 1;
            reader.keep(&message);
            if reader.batch.len() >= reader.batch_messages || reader.batch.weight() >= BATCH_BYTES {
                reader.hand_over()?;
            }
        }
        reader.hand_over()?;
        let mut fence = false;
        while let Poll::Ready(number) = self.fence.poll_back(cx) {
            reader.drops.take();
            fence |= number == self.fence.sent();
        }
        // Nothing has come in since: async-nats runs on this thread, too.
        let messages_in = self.connection.messages_in();
        reader.drops.settle(messages_in, &reader.subject, &reader.link.counters);
        Ok(fence)
    }

    fn heed(&mut self, notice: &PermissionError) -> Result<()> {
        if self.fence.is_denied_by(notice) {
            self.fence_denied = true;
            return Ok(());
        }
        let reader = &self.reader;
        let message = format!(
            "{}: {} does not let {} subscribe to `{}` (permissions violation)",
            reader.link.name,
            self.connection.server,
            reader.dialer.endpoint().identity(),
            notice.subject()
        );
        Err(Error::new(ErrorKind::Authorization, message))
    }
}

impl Reader {
    /// Adds a message to the batch, with what the schema wants of it.
    fn keep(&mut self, message: &Message) {
        let Metadata { headers, received_at, .. } = self.link.metadata;
        if !headers && !received_at {
            return self.batch.push(&message.subject, &message.payload);
        }
        let headers = message.headers.as_ref().filter(|_| headers);
        let pairs = headers.into_iter().flat_map(HeaderMap::iter);
        let pairs = pairs.flat_map(|(name, values)| values.iter().map(|value| (name.as_ref(), value.as_str())));
        let received_at = received_at.then(DateTimeUtc::now);
        self.batch.push_with(&message.subject, &message.payload, pairs, received_at, None);
    }

    /// Blocks while the queue is full.
    fn hand_over(&mut self) -> Result<(), crate::connector::source::Closed> {
        let counters = &self.link.counters;
        counters.received.add(self.batch.len() as u64);
        counters.bytes.add(self.batch.bytes() as u64);
        if self.link.queue.push(&mut self.batch)? {
            self.held_back = Some(Instant::now());
        }
        Ok(())
    }
}

//! One consumer's life: ask for messages, hand them over, acknowledge them, notice when something is wrong.

use std::borrow::Cow;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_nats::{HeaderMap, Message, Subject, Subscriber};
use bytes::Bytes;
use futures_util::{StreamExt, future};

use super::consumer::Consumer;
use super::delivery_info::DeliveryInfo;
use super::pull_requests::{HEARTBEAT, PullRequests};
use super::reader::Reader;
use super::session::{Break, Session};
use super::unacked::{Gone, UnackedMessages};
use crate::connector::source::Closed;
use crate::data::{DateTimeUtc, Metadata};

/// A server that was asked for messages says something every [`HEARTBEAT`]; this long a silence is none of peace.
const SILENCE: Duration = HEARTBEAT.saturating_mul(3);
/// How long a last word to the server may take.
const LEAVE: Duration = Duration::from_secs(1);
/// How long nothing comes until the pipeline that stops takes it that nothing more will.
const QUIET: Duration = Duration::from_millis(50);
/// How often what is held is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// A batch is handed over when it has so many messages, as that of a core subscription.
const BATCH_MESSAGES: usize = 2048;
/// Or so many bytes.
const BATCH_BYTES: usize = 1 << 20;

pub(super) struct ConsumerSession<'a> {
    pub(super) reader: &'a mut Reader,
    pub(super) session: &'a mut Session,
    /// What the server sends us: messages, what it says about requests, and confirmations, all in one order.
    subscriber: Subscriber,
    inbox: String,
    consumer: Consumer,
    pulls: PullRequests,
    /// The last delivery of the consumer, where none is skipped.
    last_delivery: u64,
    /// When the server was last heard.
    heard: Instant,
    /// The server has nothing more for us: `Some(true)` until that was looked into.
    idle: Option<bool>,
    /// Answers for messages that came again after they were done with.
    answers: Vec<(Subject, Bytes)>,
}

/// How a consumer's life ended.
pub(super) enum Exit {
    /// The pipeline stops, and everything is acknowledged.
    Stopped,
    /// Another consumer, or another look at this one, is needed.
    Again {
        reason: Cow<'static, str>,
        /// It has brought nothing.
        idle: bool,
    },
}

/// What comes next.
enum Turn {
    Heard,
    /// There is news of what was handed over, or room for more.
    News,
    Stopped,
    Time,
    Again(Cow<'static, str>),
}

impl From<Gone> for Break {
    fn from(_: Gone) -> Self {
        Break::Lost
    }
}

impl<'a> ConsumerSession<'a> {
    pub(super) async fn open(
        reader: &'a mut Reader,
        session: &'a mut Session,
        consumer: Consumer,
    ) -> Result<Self, Break> {
        let connection = &session.connection;
        let client = &connection.client;
        let inbox = client.new_inbox();
        let subscriber = client.subscribe(format!("{inbox}.*")).await.map_err(|_| Break::Lost)?;
        if let Some(held) = &mut reader.held {
            // What the connection before did not confirm.
            connection.unless_lost(held.send_again(true, client, &inbox)).await.ok_or(Break::Lost)??;
            session.acknowledged = Some(reader.link.queue.clone());
        }
        let pulls = PullRequests::new(consumer.limits.within(reader.link.queue.bound()));
        let (heard, answers) = (Instant::now(), Vec::new());
        Ok(ConsumerSession {
            reader,
            session,
            subscriber,
            inbox,
            consumer,
            pulls,
            last_delivery: 0,
            heard,
            idle: None,
            answers,
        })
    }

    pub(super) async fn run(&mut self) -> Result<Exit, Break> {
        loop {
            self.settle().await?;
            if self.is_done() {
                self.take_leave().await;
                return Ok(Exit::Stopped);
            }
            self.ask_for_more().await?;
            match self.turn().await? {
                Turn::Heard | Turn::News => {}
                Turn::Stopped => self.stop(),
                Turn::Time => {
                    if let Some(reason) = self.look_at_the_clock().await? {
                        return Ok(Exit::Again { reason: reason.into(), idle: true });
                    }
                }
                Turn::Again(reason) => return Ok(Exit::Again { reason, idle: self.last_delivery == 0 }),
            }
            if let Some(reason) = self.look_at_the_stream().await? {
                return Ok(Exit::Again { reason, idle: false });
            }
        }
    }

    /// A consumer that nobody will use again is not left to the server; and what was said is sent.
    async fn take_leave(&self) {
        let client = &self.session.connection.client;
        let last_words = async {
            if self.reader.held.is_none() {
                let subject = format!("$JS.API.CONSUMER.DELETE.{}.{}", self.reader.wanted.stream, self.consumer.name);
                // The server forgets it by itself where this does not reach it.
                let _ = client.publish(subject, Bytes::new()).await;
            }
            let _ = client.flush().await;
        };
        let _ = tokio::time::timeout(LEAVE, last_words).await;
    }

    /// Whether the pipeline stops, and there is nothing to wait for.
    fn is_done(&self) -> bool {
        let failed = |held: &UnackedMessages| held.waiting() > 0 && self.reader.link.control.has_failed();
        // What was asked for may still come, and is given back.
        let quiet = || !self.pulls.are_outstanding() || self.heard.elapsed() >= QUIET;
        let done = |held: &UnackedMessages| failed(held) || (held.is_empty() && quiet());
        self.is_stopping() && self.reader.held.as_ref().is_none_or(done)
    }

    /// Whether no more is read.
    fn is_stopping(&self) -> bool {
        self.reader.link.queue.is_ended()
    }

    /// Reads no more.
    fn stop(&mut self) {
        // The worker finishes what it has, and with that what is waited for.
        self.reader.link.queue.finish();
    }

    /// Acknowledges what is done with.
    async fn settle(&mut self) -> Result<(), Break> {
        let ConsumerSession { reader, session, inbox, answers, .. } = self;
        let client = &session.connection.client;
        let Some(held) = &mut reader.held else { return Ok(()) };
        let said = async {
            for (reply, answer) in answers.drain(..) {
                client.publish(reply, answer).await.map_err(|_| Gone)?;
            }
            match held.waiting() {
                0 => Ok(()),
                _ => held.settle(&reader.link.queue.settled().take(), client, inbox).await,
            }
        };
        Ok(session.connection.unless_lost(said).await.ok_or(Break::Lost)??)
    }

    async fn ask_for_more(&mut self) -> Result<(), Break> {
        if !self.wants_more() || !self.reader.link.queue.is_half_free() {
            return Ok(());
        }
        if !self.pulls.are_outstanding() {
            // The server was not asked, so that it had no reason to say anything.
            self.heard = Instant::now();
        }
        let request = self.pulls.ask();
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{}", self.reader.wanted.stream, self.consumer.name);
        let connection = &self.session.connection;
        let asked = connection.client.publish_with_reply(subject, format!("{}.pull", self.inbox), request.into());
        connection.unless_lost(asked).await.ok_or(Break::Lost)?.map_err(|_| Break::Lost)
    }

    fn wants_more(&self) -> bool {
        !self.is_stopping() && self.pulls.is_low()
    }

    async fn turn(&mut self) -> Result<Turn, Break> {
        let (control, queue) = (self.reader.link.control.clone(), self.reader.link.queue.clone());
        let (stopping, wants_more) = (self.is_stopping(), self.wants_more());
        let mut stopped = pin!(async { if stopping { future::pending().await } else { control.stopped().await } });
        let mut room = pin!(async { if wants_more { queue.until_half_free().await } else { future::pending().await } });
        let mut settled = pin!(queue.settled().news());
        let mut lost = pin!(self.session.connection.lost());
        let mut alarm = pin!(tokio::time::sleep_until(self.alarm().into()));
        future::poll_fn(|cx| {
            match self.drain(cx) {
                Err(reason) => return Poll::Ready(Ok(Turn::Again(reason))),
                Ok(true) => return Poll::Ready(Ok(Turn::Heard)),
                Ok(false) => {}
            }
            if let Poll::Ready(notice) = self.session.connection.poll_notice(cx) {
                let endpoint = self.reader.dialer.endpoint();
                return Poll::Ready(Err(self.session.denied(&self.reader.link.name, endpoint, &notice).into()));
            }
            if lost.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(Break::Lost));
            }
            if stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(Turn::Stopped));
            }
            if room.as_mut().poll(cx).is_ready() || settled.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(Turn::News));
            }
            alarm.as_mut().poll(cx).map(|()| Ok(Turn::Time))
        })
        .await
    }

    fn alarm(&self) -> Instant {
        let now = Instant::now();
        let held = self.reader.held.as_ref().filter(|held| self.is_stopping() || !held.is_empty());
        let held = held.map(|_| now + self.look_every());
        let silence = self.heard + if self.pulls.are_outstanding() { SILENCE } else { Duration::from_secs(3600) };
        held.map_or(silence, |held| held.min(silence))
    }

    fn look_every(&self) -> Duration {
        if self.is_stopping() {
            return QUIET;
        }
        LOOK.min(self.consumer.ack_wait / 4).max(Duration::from_millis(10))
    }

    /// Takes what has come, and hands it over; says whether anything had.
    fn drain(&mut self, cx: &mut Context<'_>) -> Result<bool, Cow<'static, str>> {
        let mut heard = false;
        let outcome = loop {
            let was_low = self.pulls.is_low();
            let Poll::Ready(Some(message)) = self.subscriber.poll_next_unpin(cx) else { break Ok(()) };
            heard = true;
            if let Err(reason) = self.take(message) {
                break Err(reason);
            }
            if !was_low && self.pulls.is_low() {
                // The server is asked for more before it has run out.
                break Ok(());
            }
        };
        if heard {
            self.heard = Instant::now();
            // The worker may have taken its last: then the pipeline ends anyway.
            let _ = self.hand_over();
            if self.reader.position.caught_up && !self.reader.link.queue.is_past_snapshot(u64::MAX) {
                self.reader.link.queue.end_snapshot();
            }
        }
        outcome.map(|()| heard)
    }

    fn take(&mut self, message: Message) -> Result<(), Cow<'static, str>> {
        if let Some(status) = message.status.map(|status| status.as_u16()) {
            return self.heed(status, &message);
        }
        let Some((receipt, reply)) =
            message.reply.as_ref().and_then(|reply| Some((DeliveryInfo::parse(reply)?, reply)))
        else {
            let number = message.subject.strip_prefix(self.inbox.as_str()).and_then(|rest| rest.strip_prefix('.'));
            if let (Some(held), Some(Ok(number))) = (&mut self.reader.held, number.map(str::parse)) {
                held.confirm(number);
            }
            return Ok(());
        };
        self.pulls.deliver();
        self.idle = None;
        let holes = self.reader.holes();
        match &mut self.reader.held {
            None => {
                if receipt.consumer_sequence != self.last_delivery + 1 {
                    return Err("a delivery is missing".into());
                }
                self.last_delivery += 1;
                if receipt.stream_sequence < self.reader.position.next {
                    return Ok(());
                }
            }
            Some(_) if self.reader.link.queue.is_ended() => {
                // It was under way when the pipeline stopped, and is for the next run; soon, but not for this one.
                self.answers.push((reply.clone(), Bytes::from_static(br#"-NAK {"delay":500000000}"#)));
                return Ok(());
            }
            Some(held) => {
                self.last_delivery += 1;
                if !held.hold(&receipt, reply, Instant::now()) {
                    self.answers.extend(held.repeat(receipt.stream_sequence, reply));
                    return Ok(());
                }
            }
        }
        self.reader.position.pass(&receipt, holes);
        self.reader.keep(&message, &receipt);
        if self.reader.batch.len() >= BATCH_MESSAGES || self.reader.batch.weight() >= BATCH_BYTES {
            let _ = self.hand_over();
        }
        Ok(())
    }

    /// What the server says about requests.
    fn heed(&mut self, status: u16, message: &Message) -> Result<(), Cow<'static, str>> {
        let left = message.headers.as_ref().and_then(|headers| headers.get("Nats-Pending-Messages"));
        let left = left.and_then(|left| left.as_str().parse().ok());
        let words = message.description.clone().unwrap_or_default();
        match (status, words.to_ascii_lowercase().as_str()) {
            (100, _) => {}
            (404 | 408, _) | (409, "batch completed") => self.pulls.end(left),
            (409, words) if words.contains("exceeds maxbytes") => self.pulls.end_too_small(left),
            (409, "consumer deleted") => return Err("the consumer was deleted".into()),
            (503, _) => return Err(format!("the consumer `{}` does not answer", self.consumer.name).into()),
            _ => return Err(format!("the server ends the reading: {status} {words}").into()),
        }
        if matches!(status, 100 | 408) {
            self.idle.get_or_insert(true);
        }
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), Closed> {
        let Reader { link, batch, .. } = &mut *self.reader;
        link.counters.received.add(batch.len() as u64);
        link.counters.bytes.add(batch.bytes() as u64);
        link.queue.put(batch)
    }

    /// `Some` when there is reason to begin anew.
    async fn look_at_the_clock(&mut self) -> Result<Option<String>, Break> {
        if self.pulls.are_outstanding() && self.heard.elapsed() >= SILENCE {
            return Ok(Some(format!("nothing was heard of the consumer for {} s", SILENCE.as_secs())));
        }
        let connection = &self.session.connection;
        let client = &connection.client;
        if let Some(held) = &mut self.reader.held {
            let said = async {
                held.extend(self.consumer.ack_wait / 2, client).await?;
                held.send_again(false, client, &self.inbox).await
            };
            connection.unless_lost(said).await.ok_or(Break::Lost)??;
        }
        Ok(None)
    }

    /// Where messages seem to be missing, or nothing comes: was anything taken away? `Some` when there is reason to
    /// begin anew.
    async fn look_at_the_stream(&mut self) -> Result<Option<Cow<'static, str>>, Break> {
        let idle = self.idle == Some(true);
        if self.is_stopping() || !(idle || self.reader.position.is_suspicious()) {
            return Ok(None);
        }
        let next = self.reader.position.next;
        let stream = self.reader.look_at_stream(self.session).await?;
        if idle {
            self.idle = Some(false);
            // What came while the server was asked may have been removed since, and is not lost.
            let drained = future::poll_fn(|cx| Poll::Ready(self.drain(cx))).await;
            if self.reader.position.next != next || drained.is_err() {
                return Ok(drained.err());
            }
        }
        self.reader.report_lost(&stream, idle);
        Ok(None)
    }
}

impl Reader {
    /// Adds a message to the batch, with what the schema wants of it.
    fn keep(&mut self, message: &Message, receipt: &DeliveryInfo) {
        let Metadata { headers, received_at, delivery, .. } = self.link.metadata;
        let subject = message.subject.strip_prefix(&*self.prefix).unwrap_or(&message.subject);
        if !headers && !received_at && !delivery {
            return self.batch.push(subject, &message.payload);
        }
        let headers = message.headers.as_ref().filter(|_| headers);
        let pairs = headers.into_iter().flat_map(HeaderMap::iter);
        let pairs = pairs.flat_map(|(name, values)| values.iter().map(|value| (name.as_ref(), value.as_str())));
        let received_at = received_at.then(DateTimeUtc::now);
        self.batch.push_with(subject, &message.payload, pairs, received_at, delivery.then(|| receipt.delivery()));
    }
}

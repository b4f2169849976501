//! One consumer on one connection: requests messages, hands them over, acknowledges them, and notices when the consumer or
//! the stream changes.

use std::borrow::Cow;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_nats::{Message, Subject, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::{self, poll_fn};

use super::consumer::{Consumer, ConsumerSpec};
use super::delivery_info::DeliveryInfo;
use super::key_check::KeyCheck;
use super::pull_requests::{HEARTBEAT, PullRequests};
use super::reader::Reader;
use super::unacked::UnackedMessages;
use crate::nats::client::{Connection, ConnectionClosed, SessionEnd, Supervisor, is_marker};

/// A server with a pull request sends a heartbeat every [`HEARTBEAT`]. After three missed ones the consumer is presumed dead.
const SILENCE_LIMIT: Duration = HEARTBEAT.saturating_mul(3);
/// How long the last commands to the server may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// How often the stream is asked what has arrived while the source reads nothing, because the pipeline is slow.
pub(super) const COUNT_INTERVAL: Duration = Duration::from_secs(1);
/// Acknowledges a message that is not handed over.
const ACK: &[u8] = b"+ACK";
/// Gives a message back that arrives after the stop: it is for the next run, so it should come soon, but not to this one.
const NAK: &[u8] = br#"-NAK {"delay":500000000}"#;

pub(super) struct ConsumerSession<'a> {
    pub(super) reader: &'a mut Reader,
    pub(super) connection: &'a mut Connection,
    /// Everything that the server sends: messages, statuses of pull requests, and confirmations, in one order.
    subscriber: Subscriber,
    pub(super) inbox: String,
    pub(super) consumer: Consumer,
    pub(super) pulls: PullRequests,
    /// The number of the consumer's last delivery. None may be skipped.
    last_delivery: u64,
    /// When the server last sent anything.
    pub(super) last_received: Instant,
    /// When unacknowledged messages were last checked.
    pub(super) last_ack_check: Instant,
    pub(super) idle: Idle,
    /// When the stream was last asked what has arrived.
    pub(super) last_count: Instant,
    pub(super) key_check: KeyCheck,
    /// Answers to messages that are not to be read: acknowledged before, or delivered after the stop.
    pub(super) replies: Vec<(Subject, Bytes)>,
}

/// Whether the server has no more messages at the moment.
#[derive(PartialEq, Eq)]
pub(super) enum Idle {
    No,
    /// It has none, and the stream was not checked since.
    Unchecked,
    Checked,
}

/// Why another consumer, or another check of this one, is needed.
pub(super) struct Restart {
    pub(super) reason: Cow<'static, str>,
    /// The consumer has delivered nothing.
    pub(super) is_idle: bool,
}

/// What a session waits for.
enum Event {
    Received,
    /// Messages can be acknowledged, or there is room for more.
    Progress,
    Stopped,
    Timer,
}

impl<'a> ConsumerSession<'a> {
    pub(super) async fn open(
        reader: &'a mut Reader,
        connection: &'a mut Connection,
        consumer: Consumer,
    ) -> Result<Self, SessionEnd> {
        let client = connection.client.clone();
        let inbox = client.new_inbox();
        let subscriber = client.subscribe(format!("{inbox}.*")).await.map_err(|_| ConnectionClosed)?;
        if let Some(unacked) = &mut reader.unacked {
            // What the last connection did not confirm.
            connection.until_lost(unacked.resend(true, &client, &inbox)).await??;
        }
        reader.has_read = true;
        reader.end_snapshot();
        reader.backlog.advance(consumer.pending, 0);
        reader.hand_over();
        let pulls = PullRequests::new(consumer.limits.within(reader.link.queue.bound()));
        Ok(ConsumerSession {
            reader,
            connection,
            subscriber,
            inbox,
            consumer,
            pulls,
            last_delivery: 0,
            last_received: Instant::now(),
            last_ack_check: Instant::now(),
            idle: Idle::No,
            last_count: Instant::now(),
            key_check: KeyCheck::new(),
            replies: Vec::new(),
        })
    }

    pub(super) fn established(&self, supervisor: &mut Supervisor<'_>) {
        self.reader.established(self.connection, supervisor);
    }

    pub(super) async fn run(&mut self) -> Result<Restart, SessionEnd> {
        let end = self.read().await;
        if matches!(end, Err(SessionEnd::ConnectionLost)) {
            // What arrived before the break is read, so that the position is that of the break.
            while let Ok(true) = poll_fn(|cx| Poll::Ready(self.drain(cx))).await {}
        }
        self.reader.requested = self.pulls.outstanding();
        end
    }

    async fn read(&mut self) -> Result<Restart, SessionEnd> {
        loop {
            self.acknowledge().await?;
            if self.is_done() {
                self.close().await;
                return Err(SessionEnd::Finished);
            }
            self.request_more().await?;
            match self.next_event().await? {
                Ok(Event::Received | Event::Progress) => {}
                // The worker finishes what it has, and with that the messages that can be acknowledged.
                Ok(Event::Stopped) => self.reader.link.queue.finish(),
                Ok(Event::Timer) => {
                    if self.pulls.is_outstanding() && self.last_received.elapsed() >= SILENCE_LIMIT {
                        let seconds = SILENCE_LIMIT.as_secs();
                        let hint = self.reader.spec.api.silence_hint();
                        let reason = format!("the consumer has sent nothing for {seconds} s{hint}").into();
                        return Ok(Restart { reason, is_idle: true });
                    }
                }
                Err(reason) => return Ok(Restart { reason, is_idle: self.last_delivery == 0 }),
            }
            self.extend_acks().await?;
            if let Err(reason) = self.check_for_lost_messages().await? {
                return Ok(Restart { reason, is_idle: false });
            }
            self.check_keys().await?;
        }
    }

    /// Removes a consumer that is not needed any more, and flushes the last commands.
    async fn close(&self) {
        let client = &self.connection.client;
        let close = async {
            if self.reader.unacked.is_none() {
                let ConsumerSpec { api, stream, .. } = &self.reader.spec;
                let subject = api.subject(&format!("CONSUMER.DELETE.{stream}.{}", self.consumer.name));
                // If this does not arrive, the server removes the consumer later by itself.
                let _ = client.publish(subject, Bytes::new()).await;
            }
            let _ = client.flush().await;
        };
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, close).await;
    }

    /// Whether no more is read.
    pub(super) fn is_stopping(&self) -> bool {
        self.reader.link.queue.is_ended()
    }

    async fn request_more(&mut self) -> Result<(), SessionEnd> {
        if !self.wants_more() {
            return Ok(());
        }
        if !self.reader.link.queue.is_half_free() {
            self.reader.position.unread.set_behind();
            return Ok(());
        }
        if !self.pulls.is_outstanding() {
            // Without a request, the server had no reason to send anything.
            self.last_received = Instant::now();
        }
        let request = self.pulls.next_request();
        let ConsumerSpec { api, stream, .. } = &self.reader.spec;
        let subject = api.subject(&format!("CONSUMER.MSG.NEXT.{stream}.{}", self.consumer.name));
        let client = self.connection.client.clone();
        let sent = client.publish_with_reply(subject, format!("{}.pull", self.inbox), request.into());
        Ok(self.connection.until_lost(sent).await?.map_err(|_| ConnectionClosed)?)
    }

    pub(super) fn wants_more(&self) -> bool {
        !self.is_stopping() && self.pulls.is_low() && !self.awaits_checkpoint()
    }

    /// Waits for the next event. The inner error is the reason for a restart.
    async fn next_event(&mut self) -> Result<Result<Event, Cow<'static, str>>, SessionEnd> {
        let (control, queue) = (self.reader.link.control.clone(), self.reader.link.queue.clone());
        let is_stopping = self.is_stopping();
        let wants_room = self.wants_more() || self.removes_keys();
        let mut stopped = pin!(async { if is_stopping { future::pending().await } else { control.stopped().await } });
        let mut room = pin!(async { if wants_room { queue.until_half_free().await } else { future::pending().await } });
        let mut finished = pin!(queue.acks().changed());
        let mut lost = pin!(self.connection.lost());
        let mut timer = pin!(tokio::time::sleep_until(self.next_timer().into()));
        poll_fn(|cx| {
            match self.drain(cx) {
                Err(reason) => return Poll::Ready(Ok(Err(reason))),
                Ok(true) => return Poll::Ready(Ok(Ok(Event::Received))),
                Ok(false) => {}
            }
            if let Poll::Ready(denied) = self.connection.poll_permission_error(cx) {
                return Poll::Ready(Err(self.reader.permission_denied(self.connection, &denied).into()));
            }
            if lost.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(SessionEnd::ConnectionLost));
            }
            if stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(Ok(Event::Stopped)));
            }
            if room.as_mut().poll(cx).is_ready() || finished.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(Ok(Event::Progress)));
            }
            if self.key_check.poll_answer(cx).is_ready() {
                return Poll::Ready(Ok(Ok(Event::Progress)));
            }
            timer.as_mut().poll(cx).map(|()| Ok(Ok(Event::Timer)))
        })
        .await
    }

    fn next_timer(&self) -> Instant {
        let has_acks = |unacked: &UnackedMessages| self.is_stopping() || !unacked.is_empty();
        let acks =
            self.reader.unacked.as_ref().is_some_and(has_acks).then(|| self.last_ack_check + self.ack_check_interval());
        let silence = if self.pulls.is_outstanding() { SILENCE_LIMIT } else { Duration::from_secs(3600) };
        let counts = (self.counts_arrivals() && self.is_blocked()) || self.reader.position.unread.has_lost();
        let count = (counts && !self.is_stopping()).then(|| self.last_count + COUNT_INTERVAL);
        let timers = acks.into_iter().chain(count).chain(self.next_key_check());
        timers.fold(self.last_received + silence, Instant::min)
    }

    /// Reads and hands over what has arrived. Returns whether anything had. An error is the reason for a restart.
    pub(super) fn drain(&mut self, cx: &mut Context<'_>) -> Result<bool, Cow<'static, str>> {
        let mut has_received = false;
        let outcome = loop {
            let was_low = self.pulls.is_low();
            let Poll::Ready(Some(message)) = self.subscriber.poll_next_unpin(cx) else { break Ok(()) };
            has_received = true;
            if let Err(reason) = self.on_message(message) {
                break Err(reason);
            }
            if !was_low && self.pulls.is_low() {
                // More is requested before the server runs out of requests.
                break Ok(());
            }
        };
        if has_received {
            self.last_received = Instant::now();
            self.reader.hand_over();
            self.reader.end_snapshot();
        }
        outcome.map(|()| has_received)
    }

    fn on_message(&mut self, message: Message) -> Result<(), Cow<'static, str>> {
        let delivery = message.reply.as_ref().and_then(|reply| Some((DeliveryInfo::parse(reply)?, reply)));
        let Some((info, reply)) = delivery else {
            // A stored message may have a status, too; the server's own have no reply subject.
            if let Some(status) = message.status.map(|status| status.as_u16()) {
                return self.on_status(status, &message);
            }
            let number = message.subject.strip_prefix(self.inbox.as_str()).and_then(|rest| rest.strip_prefix('.'));
            if let (Some(unacked), Some(Ok(number))) = (&mut self.reader.unacked, number.map(str::parse)) {
                unacked.confirm(number);
            }
            return Ok(());
        };
        self.pulls.on_message();
        self.idle = Idle::No;
        let is_marker = self.reader.keys.is_none() && is_marker(&message);
        if self.reader.unacked.is_none() && info.consumer_sequence != self.last_delivery + 1 {
            return Err("a delivery is missing".into());
        }
        self.reader.backlog.advance(info.pending, self.pulls.outstanding());
        match &mut self.reader.unacked {
            None => {
                self.last_delivery += 1;
                if info.stream_sequence < self.reader.position.next {
                    return Ok(());
                }
            }
            Some(_) if self.reader.link.queue.is_ended() => {
                self.replies.push((reply.clone(), Bytes::from_static(NAK)));
                return Ok(());
            }
            Some(unacked) if is_marker => {
                self.last_delivery += 1;
                unacked.skip(&info);
                self.replies.push((reply.clone(), Bytes::from_static(ACK)));
            }
            Some(unacked) => {
                self.last_delivery += 1;
                self.reader.last_received = info.stream_sequence;
                if !unacked.add(&info, reply, Instant::now()) {
                    self.replies.extend(unacked.repeat_ack(info.stream_sequence, reply));
                    self.reader.position.unread.repeat(&info, self.reader.coverage());
                    return Ok(());
                }
            }
        }
        match is_marker {
            true => self.reader.skip_marker(&info),
            false => self.reader.read(&message, &info),
        }
        Ok(())
    }

    /// The server reports about a pull request or the consumer.
    fn on_status(&mut self, status: u16, message: &Message) -> Result<(), Cow<'static, str>> {
        let undelivered = message.headers.as_ref().and_then(|headers| headers.get("Nats-Pending-Messages"));
        let undelivered = undelivered.and_then(|undelivered| undelivered.as_str().parse().ok());
        let description = message.description.clone().unwrap_or_default();
        match (status, description.to_ascii_lowercase().as_str()) {
            (100, _) => {}
            (404 | 408, _) | (409, "batch completed") => self.pulls.on_end(undelivered),
            (409, text) if text.contains("exceeds maxbytes") => self.pulls.on_bytes_exceeded(undelivered),
            (409, "consumer deleted") => return Err("the consumer was deleted".into()),
            (503, _) => return Err(format!("the consumer `{}` does not answer", self.consumer.name).into()),
            _ => return Err(format!("the server ended the pull request: {status} {description}").into()),
        }
        if matches!(status, 100 | 408) {
            self.key_check.is_idle = true;
            if self.idle == Idle::No {
                self.idle = Idle::Unchecked;
            }
        }
        Ok(())
    }
}

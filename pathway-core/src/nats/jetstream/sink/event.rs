//! What a session of a publisher waits for.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use async_nats::{Message, Subscriber};
use futures_util::StreamExt;
use futures_util::future::poll_fn;

use crate::connector::sink::EncodedBatch;
use crate::nats::client::{BatchReceiver, Connection, SessionEnd, sleep_until};

/// What a session waits for.
pub(super) enum Event {
    Batch(Arc<EncodedBatch>),
    /// There will be no more batches.
    LastBatch,
    /// Answers have arrived, there is more to send, or a timer has run out.
    Progress,
}

/// The answers that have arrived, each with its number, which is the end of the subject that was to be answered on.
pub(super) type Answers = Vec<(u64, Message)>;

/// Waits for the next event. Answers come before all others, and are taken together. With `can_send`, there is more to send now.
pub(super) async fn next_event(
    connection: &mut Connection,
    answers: &mut Subscriber,
    batches: &BatchReceiver,
    mut lost: Pin<&mut impl Future<Output = ()>>,
    timer: Option<Instant>,
    can_send: bool,
) -> (Answers, Result<Event, SessionEnd>) {
    let mut batch = pin!(batches.next());
    let mut timer = pin!(sleep_until(timer));
    let mut arrived = Vec::new();
    let event = poll_fn(|cx| {
        if let Poll::Ready(denied) = connection.poll_permission_error(cx) {
            return Poll::Ready(Err(connection.permission_denied(&denied).into()));
        }
        while let Poll::Ready(Some(answer)) = answers.poll_next_unpin(cx) {
            arrived.push(answer);
        }
        if !arrived.is_empty() {
            return Poll::Ready(Ok(Event::Progress));
        }
        if lost.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(SessionEnd::ConnectionLost));
        }
        if let Poll::Ready(batch) = batch.as_mut().poll(cx) {
            return Poll::Ready(Ok(batch.map_or(Event::LastBatch, Event::Batch)));
        }
        if can_send {
            return Poll::Ready(Ok(Event::Progress));
        }
        timer.as_mut().poll(cx).map(|()| Ok(Event::Progress))
    })
    .await;
    let number = |answer: &Message| answer.subject.rsplit_once('.').and_then(|(_, number)| number.parse().ok());
    (arrived.into_iter().filter_map(|answer| Some((number(&answer)?, answer))).collect(), event)
}

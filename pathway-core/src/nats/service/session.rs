//! One connection of a service: takes requests, and answers them.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::pending;
use std::pin::pin;
use std::time::{Duration, Instant};

use async_nats::{Client, Message};
use futures_util::future::{self, Either};
use futures_util::stream::{self, SelectAll, Stream, StreamExt};
use tokio::sync::mpsc;

use super::answers::{Answers, Verb};
use super::silenced::Silenced;
use crate::nats::client::{Connection, ConnectionClosed, PermissionError, SessionEnd};
use crate::telemetry::debug;

/// How many requests of a subject async-nats keeps. They are taken out at once; this bounds what arrives at a time. Those that come
/// on top get no answer.
pub(super) const CAPACITY: usize = 1024;
/// How many requests wait for their answers. Those that come on top get none.
const WAITING: usize = 1024;
/// How many answers are sent at a time, and how long the pause behind them is: answering a flood of requests takes a part of a core.
const ROUND: usize = 256;
const PAUSE: Duration = Duration::from_millis(10);
/// How long the server may take to refuse a subscription, at least and at most. Nothing says that it has not.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Answers until the connection breaks, or the server does not allow it. `connecting` is how long it has taken to connect.
pub(super) async fn run(connection: &mut Connection, answers: &mut Answers, connecting: Duration) -> SessionEnd {
    match answer_requests(connection, answers, connecting).await {
        Ok(never) => match never {},
        Err(end) => end,
    }
}

async fn answer_requests(
    connection: &mut Connection,
    answers: &mut Answers,
    connecting: Duration,
) -> Result<Infallible, SessionEnd> {
    let client = connection.client.clone();
    let mut requests = SelectAll::new();
    let mut subjects = answers.subjects();
    for (verb, subject) in subjects.by_ref().take(1) {
        requests.push(subscribe(&client, verb, subject).await?);
    }
    // Who lacks the right to one of the subjects lacks it to all. Each refusal is an error in the log of the server, so it gets no
    // more than one. To connect takes more than two round trips.
    let wait = connecting.clamp(SHORTEST_WAIT, LONGEST_WAIT);
    if let Err(denied) = connection.until_denied(tokio::time::sleep(wait)).await? {
        debug("pipeline", format_args!("`nats micro` gets no answers from it: {}", refused(connection, &denied)));
        return Err(SessionEnd::Finished);
    }
    for (verb, subject) in subjects {
        requests.push(subscribe(&client, verb, subject).await?);
    }
    let (name, server) = (answers.name(), &connection.server);
    debug("pipeline", format_args!("`nats micro` knows it as `{name}` at {server}"));

    let silenced = RefCell::new(Silenced::default());
    let (queue, waiting) = mpsc::channel(WAITING);
    let receive = async {
        while let Some((verb, message)) = requests.next().await {
            // The subject is copied: it is a part of what was read from the socket.
            let reply = message.reply.map(|reply| reply.to_string());
            reply.into_iter().for_each(|reply| drop(queue.try_send((verb, reply))));
        }
    };
    let answer = send_answers(&client, answers, waiting, &silenced);
    let watch = watch_refusals(connection, &silenced);
    match future::select(pin!(watch), pin!(future::join(receive, answer))).await {
        Either::Left((end, _)) => end,
        // async-nats has ended the subscriptions, because its own task has died.
        Either::Right(_) => Err(SessionEnd::ConnectionLost),
    }
}

async fn subscribe(
    client: &Client,
    verb: Verb,
    subject: String,
) -> Result<impl Stream<Item = (Verb, Message)> + use<>, ConnectionClosed> {
    let subscriber = client.subscribe(subject).await.map_err(|_| ConnectionClosed)?;
    Ok(stream::StreamExt::map(subscriber, move |message| (verb, message)))
}

/// Sends the answers to the requests that wait.
async fn send_answers(
    client: &Client,
    answers: &mut Answers,
    mut waiting: mpsc::Receiver<(Verb, String)>,
    silenced: &RefCell<Silenced>,
) {
    let most = client.server_info().max_payload;
    let mut round = Vec::with_capacity(ROUND);
    while waiting.recv_many(&mut round, ROUND).await > 0 {
        for (verb, reply) in round.drain(..) {
            if silenced.borrow_mut().contains(&reply, Instant::now()) {
                continue;
            }
            let Some(answer) = answers.answer(verb, most) else {
                debug("pipeline", format_args!("an answer to `nats micro` is larger than {most} bytes"));
                continue;
            };
            if let Err(error) = client.publish(reply, answer).await {
                debug("pipeline", format_args!("an answer to `nats micro` was not sent: {error}"));
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until the connection breaks. What the server refuses in the meantime concerns single answers.
async fn watch_refusals(connection: &mut Connection, silenced: &RefCell<Silenced>) -> Result<Infallible, SessionEnd> {
    loop {
        let Err(denied) = connection.until_denied(pending::<Infallible>()).await?;
        if let PermissionError::PublishDenied(reply) = &denied {
            silenced.borrow_mut().add(reply, Instant::now());
        }
        debug("pipeline", format_args!("a part of `nats micro` gets no answers: {}", refused(connection, &denied)));
    }
}

fn refused(connection: &Connection, denied: &PermissionError) -> String {
    connection.permission_denied(denied).to_string()
}

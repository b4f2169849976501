//! One connection's life as a publisher into a stream: a window of messages, and their answers.

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use async_nats::Subscriber;
use futures_util::StreamExt;
use futures_util::future::{self, Either};

use super::ack::PublishAck;
use super::order::Next;
use super::pending::PendingBatch;
use super::publisher::{ANSWER as STREAM_ANSWER, End, Publisher, next, until};
use super::request::{Gone, PublishRequest};
use super::retry::{AckState, InFlight, RetryState};
use crate::connector::sink::EncodedBatch;
use crate::data::{EncodeError, Result, excerpt};
use crate::nats::client::{Api, ApiError, Connection, Interruption, PermissionError, StreamInfo, until_lost};
use crate::telemetry::Level;

/// How long an answer may take until everything that has none is sent again.
pub(super) const ANSWER: Duration = Duration::from_secs(5);
/// The pause after the first refusal; it doubles while nothing is taken.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(20);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// So many messages are sent before the answers that have come are looked at.
const AT_ONCE: usize = 256;

pub(super) struct PublishSession<'a> {
    pub(super) courier: &'a mut Publisher,
    pub(super) connection: Connection,
    pub(super) api: Api,
    pub(super) inbox: String,
    pub(super) answers: Subscriber,
    /// Letters that were handed over and are not done with, in order; and the number of the first.
    pub(super) flights: VecDeque<InFlight>,
    pub(super) first: u64,
    /// The subjects of those that are under way, where a subject is not to have two.
    pub(super) subjects: HashSet<Arc<str>>,
    /// Which item is sent from.
    pub(super) sending: usize,
    /// Why nothing is sent until those under way have been answered, or until the end of a pause.
    pub(super) trouble: Option<RetryState>,
    pub(super) pause: Duration,
    /// When an answer last came, or the first message was sent.
    pub(super) heard: Instant,
}

/// How sending went.
enum Step {
    Taken,
    Lost,
    /// The time for the last messages is over.
    Overdue,
}

/// What a line waits for.
enum News {
    EncodedBatch(Arc<EncodedBatch>),
    /// There will be no more parcels.
    Finished,
    /// Answers, or that it is time to look at the clock.
    Look,
    Denied(PermissionError),
    Lost,
}

impl<'a> PublishSession<'a> {
    pub(super) async fn new(courier: &'a mut Publisher, connection: Connection, api: Api) -> Result<Self, Gone> {
        let inbox = connection.client.new_inbox();
        let answers = connection.client.subscribe(format!("{inbox}.*")).await.map_err(|_| Gone)?;
        let again = courier.was_lost();
        let mut line = PublishSession {
            courier,
            connection,
            api,
            inbox,
            answers,
            flights: VecDeque::new(),
            first: 0,
            subjects: HashSet::new(),
            sending: 0,
            // After a break it may be another server, which may not know the stream yet, or no more.
            trouble: again.then_some(RetryState { is_stream_gone: true, until: None }),
            pause: FIRST_PAUSE,
            heard: Instant::now(),
        };
        line.rewind();
        Ok(line)
    }

    pub(super) async fn run(&mut self) -> Result<End> {
        let mut lost = pin!(self.connection.lost());
        loop {
            match self.send_until(lost.as_mut()).await {
                Step::Taken => {}
                Step::Lost => return Ok(End::Lost),
                Step::Overdue => return Err(self.courier.overdue()),
            }
            if self.courier.finished && self.courier.pending.is_empty() {
                return Ok(End::Done);
            }
            match self.news(lost.as_mut()).await? {
                News::EncodedBatch(parcel) => self.courier.pending.push_back(PendingBatch::new(parcel)),
                News::Finished => self.courier.finish(),
                News::Look => {}
                News::Denied(notice) => return Err(self.courier.denied(&self.connection, &notice)),
                News::Lost => return Ok(End::Lost),
            }
            self.look_at_the_clock()?;
            if self.trouble.as_ref().is_some_and(|trouble| trouble.is_stream_gone) {
                let asking = self.api.stream(&self.courier.settings.stream, Some(STREAM_ANSWER));
                match until_lost(&mut self.connection, asking).await {
                    // A cluster or a server that starts.
                    Ok(Err(ApiError::Away(_))) => continue,
                    Ok(answer) => self.courier.found(answer)?,
                    Err(Interruption::Lost) => return Ok(End::Lost),
                    Err(Interruption::Denied(notice)) => return Err(self.courier.denied(&self.connection, &notice)),
                }
                self.trouble.iter_mut().for_each(|trouble| trouble.is_stream_gone = false);
            }
        }
    }

    /// Sending can wait for the socket, and so for ever.
    async fn send_until(&mut self, lost: Pin<&mut impl Future<Output = ()>>) -> Step {
        let over = pin!(until(self.courier.finish_by));
        let sending = pin!(self.send());
        match future::select(sending, future::select(lost, over)).await {
            Either::Left((Ok(()), _)) => Step::Taken,
            Either::Left((Err(Gone), _)) | Either::Right((Either::Left(_), _)) => Step::Lost,
            Either::Right((Either::Right(_), _)) => Step::Overdue,
        }
    }

    /// Sends what has room in the window, up to a number of messages.
    async fn send(&mut self) -> Result<(), Gone> {
        if self.trouble.is_some() {
            return Ok(());
        }
        for _ in 0..AT_ONCE {
            while self.courier.pending.get(self.sending).is_some_and(|item| item.sent == item.parcel.letters.len()) {
                self.sending += 1;
            }
            if self.flights.len() >= self.courier.settings.window || self.sending >= self.courier.pending.len() {
                break;
            }
            if !self.send_next().await? {
                break;
            }
        }
        self.strike_off();
        // The connection's task has its turn.
        tokio::task::yield_now().await;
        Ok(())
    }

    /// Sends the next letter; false when it has to wait for another one, because of its subject or of the order.
    async fn send_next(&mut self) -> Result<bool, Gone> {
        let Publisher { pending, link, settings, origin, stream, rejects, chain, .. } = &mut *self.courier;
        let Some(item) = pending.get_mut(self.sending) else { return Ok(false) };
        let (number, parcel) = (item.sent, Arc::clone(&item.parcel));
        let letter = &parcel.letters[number];
        if item.stored.contains(&number) {
            item.sent += 1;
            self.flights.push_back(InFlight { fate: AckState::Done, id: None, sequence: None, subject: None });
            // Something else may be the stream's last message.
            self.courier.chain.forget();
            return Ok(true);
        }
        let own = letter.label.as_ref().is_some_and(|label| label.subject.is_some());
        let subject = parcel.subject_of(letter);
        let remembered = settings.one_by_one.then(|| Arc::<str>::from(subject));
        if remembered.as_ref().is_some_and(|subject| self.subjects.contains(subject)) {
            return Ok(false);
        }
        let complaint = item.complaint_about(number, letter).or_else(|| {
            let takes = |stream: &StreamInfo| stream.takes(subject);
            let fits = !own || stream.as_ref().is_none_or(takes);
            let (stream, shown) = (&settings.stream, excerpt(subject));
            (!fits).then(|| {
                EncodeError::new(format!("the stream `{stream}` does not take the subject `{}`", shown.escape_debug()))
            })
        });
        if self.flights.is_empty() {
            self.heard = Instant::now();
        }
        let flight = self.first + self.flights.len() as u64;
        let post = PublishRequest { client: &self.connection.client, parcel: &parcel, payloads: item.payloads() };
        let after = match chain.next() {
            Next::Any => None,
            Next::After(mark) => Some(mark),
            Next::Wait => return Ok(false),
        };
        let id = format!("{origin}-{}-{number}", parcel.commit);
        let reply = format!("{}.{flight}", self.inbox);
        let complaint = match complaint {
            None => post.send(letter, subject, &reply, &id, after.as_ref()).await?,
            complaint => complaint,
        };
        let (mut fate, mut sent) = (AckState::Open, None);
        if let Some(reject) = complaint {
            let mut dead = None;
            fate = AckState::Done;
            if let Some(dead_letters) = &settings.dead_letters {
                let dead_letter = dead_letters.of_letter(&parcel, letter, &reject);
                if stream.as_ref().is_none_or(|stream| stream.takes(parcel.subject_of(&dead_letter))) {
                    // It has a sequence there, too.
                    chain.forget();
                }
                dead = post.send_dead(dead_letter, &reply).await?;
                fate = if dead.is_none() { AckState::Open } else { AckState::Done };
            }
            // Counted once, also where its dead letter is sent again.
            if item.rejected.insert(number) {
                item.dead += u64::from(fate == AckState::Open);
                link.counters.rejected.add(1);
                let subject = excerpt(subject);
                let dead = dead.map(|why| format!("; it could not become a dead letter either: {why}"));
                let message = format_args!(
                    "a message for `{}` can't be published: {reject}{}",
                    subject.escape_debug(),
                    dead.unwrap_or_default()
                );
                rejects.report(Level::Error, 1, message);
            }
        } else {
            chain.send(id.clone());
            sent = Some(id);
            link.counters.republished.add(u64::from(number < item.tried));
        }
        item.sent += 1;
        item.tried = item.tried.max(item.sent);
        if let Some(subject) = &remembered {
            self.subjects.insert(subject.clone());
        }
        self.flights.push_back(InFlight { fate, id: sent, sequence: None, subject: remembered });
        Ok(true)
    }

    async fn news(&mut self, mut lost: Pin<&mut impl Future<Output = ()>>) -> Result<News> {
        let outbox = self.courier.link.outbox.clone();
        let mut parcel = pin!(next(&outbox, self.courier.finished));
        let mut alarm = pin!(until(self.alarm()));
        let can_send = self.trouble.is_none()
            && !self.courier.chain.waits()
            && self.flights.len() < self.courier.settings.window
            && self.sending < self.courier.pending.len();
        let mut heard = Vec::new();
        let news = std::future::poll_fn(|cx| {
            if let Poll::Ready(notice) = self.connection.poll_notice(cx) {
                return Poll::Ready(News::Denied(notice));
            }
            while let Poll::Ready(Some(answer)) = self.answers.poll_next_unpin(cx) {
                heard.push(answer);
            }
            if !heard.is_empty() {
                return Poll::Ready(News::Look);
            }
            if lost.as_mut().poll(cx).is_ready() {
                return Poll::Ready(News::Lost);
            }
            if let Poll::Ready(parcel) = parcel.as_mut().poll(cx) {
                return Poll::Ready(parcel.map_or(News::Finished, News::EncodedBatch));
            }
            // There is more to send, unless that waits for an answer about its subject.
            if can_send && (self.subjects.is_empty() || self.flights.is_empty()) {
                return Poll::Ready(News::Look);
            }
            alarm.as_mut().poll(cx).map(|()| News::Look)
        })
        .await;
        for answer in heard {
            let number = answer.subject.rsplit_once('.').and_then(|(_, number)| number.parse::<u64>().ok());
            if let Some(number) = number {
                self.heed(number, PublishAck::of(&answer, &self.courier.settings.stream))?;
            }
        }
        self.strike_off();
        Ok(news)
    }

    /// When something is to be done though nothing comes.
    fn alarm(&self) -> Option<Instant> {
        let alarm = match &self.trouble {
            Some(RetryState { until: Some(until), .. }) => Some(*until),
            // The stream is asked for once more.
            Some(RetryState { is_stream_gone: true, .. }) => Some(Instant::now()),
            _ if self.flights.is_empty() => None,
            _ => Some(self.heard + ANSWER),
        };
        alarm.into_iter().chain(self.courier.finish_by).min()
    }
}

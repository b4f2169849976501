//! Compares the keys of a bucket that were read with those that are stored, and takes out what is gone.
//!
//! A key may leave a bucket without a message: it expires, the stream is purged, a limit removes it. So the stream is asked
//! now and then, and after each reconnection, how many subjects it has. If it has fewer than were read, the keys that are gone
//! are found, with the cheapest request that is sufficient:
//!
//! - by the stream's first sequence, which `max_age`, a limit, or a purge of everything moves, with no further request;
//! - where messages have their own times to live, by looking at those that are due;
//! - otherwise by a list of all subjects. The larger the bucket, the rarer the lists.
//!
//! The server's answer decides, never our clock. A key is taken out only after everything was read that the stream had when it
//! answered, and only if that has no newer message of the key; what is written later follows later. If more is on its way
//! than can be known, as when a list takes long, the next comparison finds what is left.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_nats::Message;
use futures_util::future::join_all;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::bucket_keys::KeyAt;
use super::delivery_info::DeliveryInfo;
use super::reader::Reader;
use super::session::ConsumerSession;
use crate::data::{DateTimeUtc, Metadata};
use crate::nats::client::{ApiError, MessageRequest, SessionEnd, StoredMessage};
use crate::nats::kv::bucket;
use crate::nats::kv::ttl::TTL;
use crate::telemetry::Level;

/// How often the stream is asked how many subjects it has.
const INTERVAL: Duration = Duration::from_secs(2);
/// The pause after a list of all subjects, as a multiple of the time that it took: the server spends at most a twentieth of
/// its time on lists.
const LIST_PAUSE: u32 = 20;
/// How many subjects two pages of a list have in common. Subjects that are removed in the meantime move the others forward.
const OVERLAP: usize = 10_000;
/// How many messages are looked at together.
const LOOK_UPS: usize = 64;
/// How many keys are taken out together.
const BATCH: usize = 2048;

/// The comparison of keys over one connection.
pub(super) struct KeyCheck {
    state: State,
    /// Everything that the stream had when it answered was read, whatever the sequences say.
    pub(super) is_idle: bool,
    /// No list before this time.
    next_list: Instant,
}

/// How far a comparison is.
enum State {
    /// The next one begins at this time.
    Pause(Instant),
    /// The stream was asked when it had been read up to the sequence before `read`.
    Asked { answer: Pin<Box<dyn Future<Output = Result<Summary, ApiError>> + Send>>, read: u64 },
    /// It has answered. What it had then is read first.
    Answered(Summary),
    /// These keys are gone, and are taken out once everything up to this sequence was read. Then the comparison continues.
    Removing { gone: Vec<KeyAt>, last: u64, then: Option<Summary> },
}

/// A stream, as `STREAM.INFO` describes it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Summary {
    created: String,
    /// The server's clock.
    ts: Option<String>,
    state: Counts,
    /// How many subjects match the filter, where one was given.
    total: usize,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    first_seq: u64,
    last_seq: u64,
    num_subjects: u64,
    subjects: Option<HashMap<String, IgnoredAny>>,
}

/// Asks for subjects, too: a page of them.
#[derive(Serialize)]
struct Page<'a> {
    subjects_filter: &'a str,
    offset: usize,
}

impl KeyCheck {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        KeyCheck { state: State::Pause(now), is_idle: false, next_list: now }
    }

    /// Takes the stream's answer.
    pub(super) fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let State::Asked { answer, read } = &mut self.state else { return Poll::Pending };
        let Poll::Ready(answer) = answer.as_mut().poll(cx) else { return Poll::Pending };
        self.is_idle = false;
        self.state = match answer {
            // A server that is behind the one that delivers does not know what is stored.
            Ok(summary) if summary.state.last_seq + 1 >= *read => State::Answered(summary),
            Ok(_) | Err(_) => State::pause(),
        };
        Poll::Ready(())
    }
}

impl State {
    fn pause() -> Self {
        State::Pause(Instant::now() + INTERVAL)
    }
}

impl Summary {
    /// The server's clock, in unix nanoseconds.
    fn now(&self) -> i64 {
        let now = self.ts.as_ref().and_then(|text| text.parse::<DateTimeUtc>().ok());
        i64::try_from(now.unwrap_or_else(DateTimeUtc::now).as_nanosecond()).unwrap_or_default()
    }
}

impl ConsumerSession<'_> {
    /// When the keys must be looked after.
    pub(super) fn next_key_check(&self) -> Option<Instant> {
        match self.key_check.state {
            State::Pause(until) if self.compares_keys() => Some(until),
            _ => None,
        }
    }

    /// Whether keys wait only for room in the queue until they are taken out.
    pub(super) fn removes_keys(&self) -> bool {
        match self.key_check.state {
            State::Removing { last, .. } => self.compares_keys() && self.has_read(last),
            _ => false,
        }
    }

    fn compares_keys(&self) -> bool {
        let Reader { keys, unacked, position, .. } = &*self.reader;
        keys.is_some() && unacked.is_none() && position.snapshot.is_complete() && !self.is_stopping()
    }

    /// Goes on with the comparison of keys, as far as it does not have to wait.
    pub(super) async fn check_keys(&mut self) -> Result<(), SessionEnd> {
        while self.compares_keys() {
            self.key_check.state = match std::mem::replace(&mut self.key_check.state, State::pause()) {
                State::Pause(until) if Instant::now() >= until => self.ask(),
                State::Answered(summary) if self.has_read(summary.state.last_seq) => self.compare(summary).await?,
                State::Removing { gone, last, then }
                    if self.has_read(last) && self.reader.link.queue.is_half_free() =>
                {
                    self.remove(gone, last, then)
                }
                waiting => {
                    self.key_check.state = waiting;
                    break;
                }
            };
        }
        Ok(())
    }

    /// Whether everything was read that the stream had when it ended with this sequence.
    fn has_read(&self, last: u64) -> bool {
        self.reader.position.next > last || self.key_check.is_idle
    }

    fn ask(&mut self) -> State {
        let (api, endpoint) = (self.connection.api(&self.reader.spec.api), self.info_endpoint());
        self.reader.keys.iter_mut().for_each(|keys| keys.start_count());
        let answer = Box::pin(async move { api.request(&endpoint, None::<&()>).await });
        State::Asked { answer, read: self.reader.position.next }
    }

    fn info_endpoint(&self) -> String {
        format!("STREAM.INFO.{}", self.reader.spec.stream)
    }

    /// Finds what is gone.
    async fn compare(&mut self, summary: Summary) -> Result<State, SessionEnd> {
        let Counts { first_seq, last_seq, num_subjects, .. } = summary.state;
        // If it is another stream, the next reconnection says so.
        let is_same = self.reader.stream.as_ref().is_some_and(|stream| stream.created == summary.created);
        let Some(keys) = self.reader.keys.as_mut().filter(|_| is_same) else { return Ok(State::pause()) };
        let gone = keys.before(first_seq);
        if !gone.is_empty() {
            return Ok(State::Removing { gone, last: last_seq, then: Some(summary) });
        }
        let due = keys.due(summary.now(), LOOK_UPS);
        let is_short = keys.exceed(num_subjects, last_seq);
        if !due.is_empty() {
            self.look_up_due(due, summary.now()).await?;
            return Ok(State::Answered(summary));
        }
        keys.end_count();
        if !is_short || Instant::now() < self.key_check.next_list {
            return Ok(State::pause());
        }
        let start = Instant::now();
        let listed = self.list().await?;
        self.key_check.next_list = Instant::now() + start.elapsed() * LIST_PAUSE;
        Ok(match listed {
            Some((gone, last)) => State::Removing { gone, last, then: None },
            None => State::pause(),
        })
    }

    /// Lists all stored subjects. Returns the keys that are not among them, and the stream's last sequence; `None` if the list
    /// is not available, or more was removed meanwhile than can be followed.
    async fn list(&mut self) -> Result<Option<(Vec<KeyAt>, u64)>, SessionEnd> {
        let (api, endpoint) = (self.connection.api(&self.reader.spec.api), self.info_endpoint());
        self.key_check.is_idle = false;
        let filter = self.reader.spec.subject.clone();
        let (mut offset, mut previous) = (0, String::new());
        let Some(mut keys) = self.reader.keys.take() else { return Ok(None) };
        keys.start_listing();
        let found = loop {
            let body = Page { subjects_filter: &filter, offset };
            let answer = self.reader.until_stopped(self.connection, api.request::<Summary>(&endpoint, Some(&body)));
            let page = match answer.await {
                Ok(Ok(page)) => page,
                Ok(Err(_)) => break None,
                Err(end) => {
                    self.reader.keys = Some(keys);
                    return Err(end);
                }
            };
            let subjects = page.state.subjects.unwrap_or_default();
            let (first, last) = (subjects.keys().min(), subjects.keys().max());
            // A server that does not list the subjects has listed none.
            let is_missing = subjects.is_empty() && page.state.num_subjects > keys.others();
            if is_missing || (offset > 0 && first.is_none_or(|first| *first > previous)) {
                break None;
            }
            previous = last.cloned().unwrap_or_default();
            subjects.keys().for_each(|subject| keys.listed(subject));
            let read = offset + subjects.len();
            if read >= page.total {
                let others = page.state.num_subjects.saturating_sub(page.total as u64);
                break Some((keys.end_listing(others), page.state.last_seq));
            }
            offset = read.saturating_sub(OVERLAP).max(offset + 1);
        };
        self.reader.keys = Some(keys);
        Ok(found)
    }

    /// Looks at messages that should have expired. What is stored instead is read, or else the key is taken out.
    async fn look_up_due(&mut self, due: Vec<KeyAt>, now: i64) -> Result<(), SessionEnd> {
        let Some(keys) = &mut self.reader.keys else { return Ok(()) };
        let subjects: Vec<_> = due.iter().map(|(key, _)| keys.subject(key)).collect();
        let (stream, api) = (self.reader.spec.stream.clone(), self.connection.api(&self.reader.spec.api));
        // One alone shows whether that is permitted.
        if let Some(last_by_subj) = subjects.first() {
            self.reader.look_up(self.connection, MessageRequest::Last { last_by_subj }).await?;
        }
        if self.reader.suspicion.is_denied {
            self.reader.keys.iter_mut().for_each(|keys| keys.ignore_due());
            return Ok(());
        }
        let found = subjects.iter().map(|subject| {
            let request = MessageRequest::Last { last_by_subj: subject };
            api.stored_message(&stream, request)
        });
        let found = self.reader.until_stopped(self.connection, join_all(found)).await?;
        for (key, found) in due.into_iter().zip(found) {
            match found {
                Ok(message) if message.sequence < key.1 => self.reader.read_again(&key, &message),
                Err(error) if error.has_code(ApiError::NO_MESSAGE) => self.reader.remove_key(&key),
                Ok(_) | Err(_) => self.reader.keys.iter_mut().for_each(|keys| keys.is_still_stored(&key, now)),
            }
        }
        self.reader.hand_over();
        Ok(())
    }

    /// Takes out as many keys as are handed over at once.
    fn remove(&mut self, mut gone: Vec<KeyAt>, last: u64, then: Option<Summary>) -> State {
        for key in gone.split_off(gone.len().saturating_sub(BATCH)) {
            self.reader.remove_key(&key);
        }
        self.reader.hand_over();
        match (gone.is_empty(), then) {
            (false, then) => State::Removing { gone, last, then },
            (true, Some(summary)) => State::Answered(summary),
            (true, None) => State::pause(),
        }
    }
}

impl Reader {
    /// A message was read. If the stream is a bucket, its key is remembered.
    pub(super) fn record_key(&mut self, message: &Message, info: &DeliveryInfo) {
        let Some(keys) = &mut self.keys else { return };
        let get = |name: &str| message.headers.as_ref()?.get(name).map(|value| value.as_str());
        keys.record(&message.subject, info.stream_sequence, info.stored, get(TTL), bucket::removes(get));
    }

    /// The same, for a message that was fetched.
    pub(super) fn record_stored_key(&mut self, message: &StoredMessage) {
        let Some(keys) = &mut self.keys else { return };
        let get = |name: &str| message.readable_headers().find(|(found, _)| *found == name).map(|(_, value)| value);
        keys.record(&message.subject, message.sequence, message.stored, get(TTL), bucket::removes(get));
    }

    /// Hands over a deletion of a key that is not stored any more, unless a newer message of it was read.
    fn remove_key(&mut self, key: &KeyAt) {
        if !self.keys.as_mut().is_some_and(|keys| keys.remove(key)) {
            return;
        }
        bucket::push_deletion(&mut self.batch, &key.0);
        self.link.counters.removed_keys.add(1);
        let message = format_args!(
            "the bucket does not store the key `{}` any more, although no message said so: it has expired, or was purged or \
             removed by a limit; its row is removed",
            key.0
        );
        self.key_removals.report(Level::Info, 1, message);
    }

    /// Hands over an older message of a key, which is its last one again.
    fn read_again(&mut self, key: &KeyAt, message: &StoredMessage) {
        if !self.keys.as_mut().is_some_and(|keys| keys.has(key)) {
            return;
        }
        self.record_stored_key(message);
        let Metadata { received_at, delivery, .. } = self.link.kept_metadata();
        let received_at = received_at.then(DateTimeUtc::now);
        let delivery = delivery.then(|| DeliveryInfo::of_lost(message.sequence, message.stored, 0).delivery());
        self.batch.push_with(&key.0, &message.payload, message.readable_headers(), received_at, delivery);
    }
}

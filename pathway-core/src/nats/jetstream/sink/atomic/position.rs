//! Where the output of a pipeline that persists ends, in a stream into which others write, too.
//!
//! The sink is the only writer to subjects of its own: those that match its filter. So the last message of these says by its
//! id how much of the output is stored: everything up to that message. Each batch must follow that last message
//! (`Nats-Expected-Last-Subject-Sequence`), so that of two writers one is refused. A batch of an earlier run may be stored only
//! after this run has asked for the last message: then the first batch of this run is refused, and the stream is asked again.
//!
//! If the stream has none of the logged commits any more, what the log says all sinks have confirmed was stored, and is not
//! written again. What the stream had behind these commits cannot be known. Then the pipeline ends with an error as soon as
//! there is a message of such a commit to be written.

mod at_start;

use std::sync::Arc;

use super::batch::{Batch, Progress};
use super::{AtomicSession, Publisher};
use crate::connector::sink::{EncodedBatch, SinkLink};
use crate::data::{Commit, Error, ErrorKind, Result};
use crate::nats::client::{ApiError, MessageRequest, SessionEnd};
use crate::nats::jetstream::sink::publisher::PublisherConfig;
use crate::nats::jetstream::sink::resume::{StreamMessage, cannot_continue};

/// What a message that one process has written says to another one.
const COPY: &str = "another process writes into it, with a copy of the directory";

/// How far the stream has the sink's messages.
#[derive(Debug)]
pub(super) struct SharedPosition {
    filter: Arc<str>,
    /// The sequence of the last message of the sink's own subjects; 0 if there is none.
    sequence: u64,
    /// The last message of earlier runs, or of another run that computes the logged commits, too: its commit and its number in
    /// that, and the time of the commit.
    last: Option<((Commit, u64), Option<u64>)>,
    /// Whether the pipeline has computed it again.
    is_computed: bool,
    /// The first commit that is computed again.
    first: Commit,
    /// The log says that the commits before this one are stored.
    confirmed: Commit,
    /// The commits before this one were made in earlier runs.
    earlier: Commit,
    /// Messages of earlier runs were removed from the stream, so that the last one says nothing.
    is_removed: bool,
    /// Whether that was reported.
    is_reported: bool,
}

impl SharedPosition {
    /// `None` if the pipeline does not persist, or the sink's own subjects are not known.
    pub(super) fn new(link: &SinkLink, filter: Option<Arc<str>>) -> Option<Self> {
        let (state, filter) = (link.control.persistent()?, filter?);
        Some(SharedPosition {
            filter,
            sequence: 0,
            last: None,
            is_computed: false,
            first: state.checkpoint().map_or(0, |checkpoint| checkpoint.commit),
            confirmed: state.confirmed(),
            earlier: state.commits(),
            is_removed: false,
            is_reported: false,
        })
    }

    /// The sink's own subjects.
    pub(super) fn filter(&self) -> &str {
        &self.filter
    }

    /// The sequence of the last message of the sink's own subjects.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Whether it is to be reported that messages of earlier runs were removed from the stream: once.
    pub(super) fn report_removed(&mut self) -> bool {
        self.is_removed && !std::mem::replace(&mut self.is_reported, true)
    }

    /// Whether the last message of earlier runs is one of this commit.
    pub(super) fn ends_in(&self, commit: Commit) -> bool {
        self.last.is_some_and(|((last, _), _)| last == commit)
    }

    /// A batch is stored: the sequence of its last message.
    pub(super) fn stored(&mut self, sequence: u64) {
        self.sequence = sequence;
    }

    /// Whether the stream has, or had, a message of a commit at this time: an earlier run has written it.
    ///
    /// # Errors
    /// It cannot be known, or the stream has another message in its place.
    pub(super) fn has(&mut self, commit: Commit, number: usize, time: u64) -> Result<bool, String> {
        let place = (commit, number as u64);
        match self.last {
            Some((last, _)) if place < last => return Ok(true),
            Some((last, at)) if place == last => {
                self.is_computed = true;
                // Each run gives its commits times of its own.
                return match at.filter(|at| *at != time) {
                    Some(at) => Err(format!(
                        "its last message of `{}` is of a commit at {at}, and the pipeline's own commit was at {time}: {COPY}",
                        self.filter
                    )),
                    None => Ok(true),
                };
            }
            Some((last, _)) if last.0 >= self.first && !self.is_computed => {
                return Err(format!(
                    "its last message of `{}` is number {} of commit {}, and the pipeline has computed no such message: a \
                     closure of the program is not deterministic, or the program has changed",
                    self.filter, last.1, last.0
                ));
            }
            // What the stream had behind it would be its last message.
            Some((last, _)) if last.0 >= self.first => return Ok(false),
            _ if commit >= self.earlier => return Ok(false),
            _ => {}
        }
        if commit < self.confirmed {
            // It was stored, and it is not there.
            self.is_removed = true;
            return Ok(true);
        }
        match self.is_removed {
            true if commit < self.earlier => Err(format!(
                "the last messages of `{}` were removed (by a limit, or a purge) since the last run, which has ended before it \
                 could say which of its last {} commits were stored",
                self.filter,
                self.earlier - self.confirmed
            )),
            _ => Ok(false),
        }
    }
}

impl Publisher {
    fn set_shared_position(&mut self, set: impl FnOnce(&mut SharedPosition)) {
        if let Some(position) = self.atomic.as_mut().and_then(|atomic| atomic.position.as_mut()) {
            set(position);
        }
    }

    /// The commit of a message of this sink, of any run, and its number in that.
    fn place_of_own(&self, message: &StreamMessage) -> Option<(Commit, u64)> {
        let (commit, number) = message.id.strip_prefix(&*self.id_prefix)?.strip_prefix('-')?.split_once('-')?;
        Some((commit.parse().ok()?, number.parse().ok()?))
    }

    pub(super) fn cannot_continue(&self, reason: &str) -> Error {
        cannot_continue(&self.link, &self.config, reason)
    }

    /// The error if somebody else has written the last message of the sink's own subjects.
    fn other_writer(&self, last: &StreamMessage, filter: &str) -> Error {
        let StreamMessage { sequence, subject, .. } = last;
        let PublisherConfig { stream, api, .. } = &self.config;
        let message = format!(
            "message {sequence}, on `{}`, is of another writer, and a pipeline that persists must be the only one on `{filter}`: \
             let the other one write to other subjects, remove its message (`nats stream rmm{} {stream} {sequence}`), and start the \
             pipeline again, which then goes on behind its own last message; until then, it does not start",
            subject.escape_debug(),
            api.nats_options()
        );
        self.error(ErrorKind::Persistence, message)
    }
}

impl AtomicSession<'_> {
    /// Asks which message of the sink's own subjects is the last one, and whether that is of the batch that is being written.
    /// Returns false if the server does not answer for now.
    pub(super) async fn check_position(&mut self) -> Result<bool, SessionEnd> {
        let atomic = self.publisher.atomic.as_ref();
        let Some(position) = atomic.and_then(|atomic| atomic.position.as_ref()) else { return Ok(true) };
        let (filter, known) = (Arc::clone(&position.filter), position.sequence);
        let request = MessageRequest::Last { last_by_subj: &filter };
        let last = match self.publisher.try_message(self.connection, request).await? {
            Ok(last) => last,
            Err(ApiError::Temporary(reason)) => {
                self.publisher.report_unavailable(&reason);
                return Ok(false);
            }
            Err(error) => return Err(self.publisher.error(ErrorKind::Stream, error).into()),
        };
        let sequence = last.as_ref().map_or(0, |last| last.sequence);
        if let Some(last) = last.filter(|last| last.sequence > known) {
            let Some(place) = self.publisher.place_of_own(&last) else {
                return Err(self.publisher.other_writer(&last, &filter).into());
            };
            return self.on_newer(last, place, &filter).map(|()| true).map_err(SessionEnd::Failed);
        }
        // It may have been removed.
        self.publisher.set_shared_position(|position| position.sequence = sequence);
        let Some(batch) = self.batch_mut().filter(|batch| batch.has_duplicate) else { return Ok(true) };
        if batch.attempts > 1 {
            // It was stored, and has been removed.
            self.on_stored(None);
            return Ok(true);
        }
        let reason = format!(
            "it has had a message with the id of one that is to be written to `{filter}`, and does not have it any more: it was \
             removed, or an earlier log was lost"
        );
        Err(self.publisher.cannot_continue(&reason).into())
    }
}

impl AtomicSession<'_> {
    /// The stream has a message of the sink that was not known: its commit, and its number in that.
    fn on_newer(&mut self, last: StreamMessage, place: (Commit, u64), filter: &str) -> Result<()> {
        let publisher = &*self.publisher;
        let Some(atomic) = &publisher.atomic else { return Ok(()) };
        let commits = publisher.pending.iter().map(|pending| &*pending.outgoing.batch);
        let of_batch = atomic.batch.as_ref().and_then(|batch| batch.find(place, last.time, commits));
        if of_batch == Some(IsLast(true)) {
            self.on_stored(Some(last.sequence));
            return Ok(());
        }
        // An earlier run can have sent a batch that was stored only now, or another run computes the logged commits again, too.
        let is_logged = atomic.position.as_ref().is_some_and(|position| place.0 < position.earlier);
        if of_batch.is_none() && !is_logged {
            let reason = format!("its last message of `{filter}` is `{}`: {COPY}", last.id);
            return Err(publisher.cannot_continue(&reason));
        }
        if let Some(atomic) = &mut self.publisher.atomic {
            atomic.batch = None;
        }
        self.publisher.set_shared_position(|position| {
            (position.sequence, position.last, position.is_computed) = (last.sequence, Some((place, last.time)), false);
        });
        Ok(())
    }
}

/// Whether a message is the last one of its batch.
#[derive(PartialEq, Eq)]
struct IsLast(bool);

impl Batch {
    /// Finds a message of the stream in this batch, if that was sent. It has the time of its commit, if that is known.
    fn find<'a>(
        &self,
        (commit, number): (Commit, u64),
        time: Option<u64>,
        mut commits: impl Iterator<Item = &'a EncodedBatch>,
    ) -> Option<IsLast> {
        let is_its = |batch: &EncodedBatch| batch.commit == commit && time.is_none_or(|time| time == batch.time);
        let place = (commits.position(is_its)?, number as usize);
        let was_sent = self.attempts > 0 && !matches!(self.progress, Progress::Stored(_));
        let found = self.messages.binary_search(&place).ok().filter(|_| was_sent)?;
        Some(IsLast(found + 1 == self.messages.len()))
    }
}

fn not_in_log(last: &StreamMessage) -> String {
    format!(
        "its last message `{}` is not in the pipeline's log: the directory is an older copy, or the end of its log was lost, \
         perhaps with the machine's power; see `Persistence::sync`",
        last.id
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five commits of two messages each, of which the first one is in a checkpoint, and the log says that the second one is
    /// stored.
    fn position(last: Option<(Commit, u64)>, is_removed: bool) -> SharedPosition {
        SharedPosition {
            filter: "totals.>".into(),
            sequence: 0,
            last: last.map(|last| (last, Some(100 + last.0))),
            is_computed: false,
            first: 1,
            confirmed: 2,
            earlier: 5,
            is_removed,
            is_reported: false,
        }
    }

    /// What the stream has of the commits that are computed again, and of a new one.
    fn has(position: &mut SharedPosition) -> Result<Vec<bool>, String> {
        let places = (1..6).flat_map(|commit| [(commit, 0), (commit, 1)]);
        places.map(|(commit, number)| position.has(commit, number, 100 + commit)).collect()
    }

    #[test]
    fn the_last_message_says_what_is_stored() {
        // Also of what the log says is stored: the stream may have been created again.
        for (last, stored) in [((1, 0), 1), ((1, 1), 2), ((2, 1), 4), ((3, 0), 5), ((4, 1), 8)] {
            let expected: Vec<bool> = (0..10).map(|n| n < stored).collect();
            assert_eq!(has(&mut position(Some(last), false)), Ok(expected), "{last:?}");
            // A batch that is planned anew asks again.
            let mut position = position(Some(last), false);
            assert_eq!(
                (position.has(last.0, last.1 as usize, 100 + last.0), position.ends_in(last.0)),
                (Ok(true), true)
            );
            assert_eq!(position.has(last.0, last.1 as usize, 100 + last.0), Ok(true));
        }
        // It is in the checkpoint: what the log says is stored must have been removed.
        let error = has(&mut position(Some((0, 1)), false)).expect_err("a removed message");
        assert!(error.contains("`totals.>` were removed") && error.contains("its last 3 commits"), "{error}");
    }

    #[test]
    fn what_was_removed_cannot_be_told_from_what_was_not_stored() {
        assert!(has(&mut position(None, false)).is_err(), "what is confirmed is not there");
        assert!(position(None, true).has(3, 0, 103).is_err());
        assert!(position(None, true).report_removed() && !position(None, false).report_removed());
        assert_eq!(position(None, true).has(1, 1, 101), Ok(true));
        assert_eq!(position(None, true).has(5, 0, 105), Ok(false), "it is new");
        // Nothing was confirmed, and nothing is there.
        let mut first = SharedPosition { first: 0, confirmed: 0, ..position(None, false) };
        assert_eq!(has(&mut first), Ok(vec![false; 10]));
        // Everything was confirmed.
        let mut stopped = SharedPosition { confirmed: 5, ..position(None, true) };
        assert_eq!(has(&mut stopped), Ok((0..10).map(|n| n < 8).collect()));
    }

    #[test]
    fn another_message_in_the_place_of_the_last_one_is_an_error() {
        let error = position(Some((3, 1)), false).has(3, 1, 7).expect_err("another time");
        assert!(error.contains(COPY), "{error}");
        let error = has(&mut position(Some((3, 2)), false)).expect_err("no such message");
        assert!(error.contains("number 2 of commit 3") && error.contains("not deterministic"), "{error}");
        let without_time = SharedPosition { last: Some(((3, 1), None)), ..position(None, false) };
        assert_eq!({ without_time }.has(3, 1, 7), Ok(true));
    }
}

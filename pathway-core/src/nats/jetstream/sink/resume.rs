//! How a publisher continues where an earlier run of a pipeline that persists was, and stores each message once.
//!
//! Nobody else writes into the stream. So its last sequence says how many of the pipeline's messages it has: as many as it is
//! ahead of the sequence at which the first run began. These are skipped. The next message must follow that sequence
//! (`Nats-Expected-Last-Sequence`), so that of two writers one is refused. After a connection broke, the same count says which
//! of the messages in flight are stored. The window for duplicates plays no part: an outage may last as long as it likes.

use super::atomic::AtomicState;
use super::publisher::{Publisher, PublisherConfig};
use crate::connector::sink::SinkLink;
use crate::data::{Commit, Error, ErrorKind, Result};
use crate::nats::client::{ApiError, Connection, MessageRequest, SessionEnd, StoredMessage, overlap};
use crate::persistence::{LostOutput, OutputPosition, PersistentState, RefusedMessage};
use crate::telemetry::{Level, report};

/// The header with a message's id.
const MESSAGE_ID: &str = "Nats-Msg-Id";
/// The header with the time of a message's commit.
const TIME: &str = "pathway_time";

/// A message of the stream.
#[derive(Clone, Debug)]
pub(super) struct StreamMessage {
    pub(super) sequence: u64,
    pub(super) subject: String,
    pub(super) id: String,
    /// The time of its commit, if its format has that.
    pub(super) time: Option<u64>,
}

impl From<&StoredMessage> for StreamMessage {
    fn from(message: &StoredMessage) -> Self {
        let header =
            |wanted| message.readable_headers().find(|(name, _)| *name == wanted).map_or("", |(_, value)| value);
        StreamMessage {
            sequence: message.sequence,
            subject: message.subject.clone(),
            id: header(MESSAGE_ID).to_owned(),
            time: header(TIME).parse().ok(),
        }
    }
}

/// How far the stream has the pipeline's messages.
#[derive(Debug)]
pub(super) struct Resume {
    /// The sequence of the last message that is done; at the start, that of the last one before the pipeline's first.
    base: Option<u64>,
    /// The sequence of the last message that is done or was skipped.
    skipped: u64,
    /// The stream's last sequence when it was asked for. It has the messages up to there already.
    last: u64,
    /// The last of them, if the stream still has it.
    last_message: Option<StreamMessage>,
    /// The commits before this one were made in earlier runs. `None`: this run has sent something.
    earlier: Option<Commit>,
}

impl Resume {
    /// `None` if the pipeline does not persist, or the order of its messages does not show how far it has come; or if commits
    /// are atomic batches, which others may write into the stream, too.
    pub(super) fn new(config: &PublisherConfig, link: &SinkLink) -> Option<Self> {
        let counts = !config.one_by_one && !config.own_ids && config.atomic.is_none();
        let state = link.control.persistent().filter(|_| counts)?;
        Some(Resume { base: None, skipped: 0, last: 0, last_message: None, earlier: Some(state.commits()) })
    }

    /// The sequence of the next message, if the stream has it. Its id is that of a message of this commit, which has this time.
    ///
    /// # Errors
    /// The stream has another message in its place.
    pub(super) fn skip(&mut self, id: &str, commit: Commit, time: u64) -> Result<Option<u64>, String> {
        if self.skipped >= self.last {
            return Ok(None);
        }
        if self.earlier.is_some_and(|earlier| commit >= earlier) {
            return Err(format!(
                "the stream has {} messages that are not in the pipeline's log: the directory is an older copy, or the end of its \
                 log was lost, perhaps with the machine's power; see `Persistence::sync`",
                self.last - self.skipped
            ));
        }
        self.skipped += 1;
        if self.skipped == self.last
            && let Some(last) = self.last_message.take()
        {
            if last.id != id {
                return Err(format!(
                    "its last message is `{}`, and the pipeline has computed `{id}` in its place: a closure of the program is \
                     not deterministic, or the program has changed",
                    last.id
                ));
            }
            // Each run gives its commits times of its own.
            if let Some(other) = last.time.filter(|other| *other != time) {
                return Err(format!(
                    "its last message `{id}` is of a commit at {other}, and the pipeline's own commit was at {time}: another \
                     process writes into it, with a copy of the directory"
                ));
            }
        }
        Ok(Some(self.skipped))
    }

    /// The sequence of the last message that is done.
    pub(super) fn last(&self) -> Option<u64> {
        self.base
    }

    /// A message that the stream does not have is sent.
    pub(super) fn sent(&mut self) {
        self.earlier = None;
    }

    /// A message is done, and so are all before it.
    pub(super) fn stored(&mut self, sequence: Option<u64>) {
        self.base = self.base.max(sequence);
        self.skipped = self.skipped.max(sequence.unwrap_or_default());
    }

    pub(super) fn error(&self, link: &SinkLink, config: &PublisherConfig, reason: &str) -> Error {
        cannot_continue(link, config, reason)
    }
}

/// The pipeline cannot continue with what the stream has.
pub(super) fn cannot_continue(link: &SinkLink, config: &PublisherConfig, reason: &str) -> Error {
    let PublisherConfig { stream, api, .. } = config;
    let cure =
        "restore the stream and the directory from one copy, or begin anew with another directory and another stream";
    let message = format!("{}: stream `{stream}`{}: {reason}; {cure}", link.name, api.place());
    Error::new(ErrorKind::Persistence, message)
}

impl Publisher {
    /// Finds out how many of the messages that are not done the stream has, if the pipeline persists.
    pub(super) async fn find_position(&mut self, connection: &mut Connection) -> Result<(), SessionEnd> {
        let (Some(resume), Some(state), Some(stream)) = (&self.resume, self.link.control.persistent(), &self.stream)
        else {
            return Ok(());
        };
        if self.by_subject {
            let message = "a pipeline that persists cannot write into it: it refuses messages of single subjects \
                           (`discard_new_per_subject`), and then their order does not show which were stored; remove that setting";
            return Err(self.error(ErrorKind::Config, message).into());
        }
        if let Some(dead_letters) = &self.config.dead_letters
            && stream.takes(&dead_letters.subject)
        {
            let message = "it takes the dead letters, too, and a pipeline that persists counts its messages: use a subject for \
                           them that the stream does not take";
            return Err(self.error(ErrorKind::Config, message).into());
        }
        self.claim(&stream.created, ">")?;
        let position = self.output_position(&stream.created, stream.last);
        let last = position.last;
        let base = match resume.base {
            Some(base) => base,
            None => self.first_base(connection, position).await?,
        };
        if last < base {
            return Err(self.lost_output(state, base, last).into());
        }
        let Some(resume) = &mut self.resume else { return Ok(()) };
        resume.base = Some(base);
        if resume.earlier.is_some_and(|earlier| earlier > 0) {
            let message = format_args!(
                "stream `{}` has the output up to sequence {last}, {} messages of it behind the last checkpoint",
                self.config.stream,
                last - base
            );
            report(Level::Info, &self.link.name, message);
        }
        (resume.skipped, resume.last, resume.last_message) = (base, last, None);
        self.order.continue_behind(last);
        if last == base {
            return Ok(());
        }
        // In a cluster, where only sequences are compared, one message of another writer can be followed by ours.
        let first = self.own_message(connection, base + 1).await?;
        let last = if last == base + 1 { first } else { self.own_message(connection, last).await? };
        self.resume.iter_mut().for_each(|resume| resume.last_message.clone_from(&last));
        Ok(())
    }

    /// Up to which message of the stream the output is there.
    pub(super) fn output_position(&self, created: &str, last: u64) -> OutputPosition {
        OutputPosition { stream: self.config.stream.to_string(), created: created.to_owned(), last }
    }

    /// Refuses another sink of the pipeline that writes into the stream on some of these subjects.
    pub(super) fn claim(&self, created: &str, subjects: &str) -> Result<()> {
        let Some(state) = self.link.control.persistent() else { return Ok(()) };
        let stream = format!("{created} {}", self.config.stream);
        let Some(other) = state.claim(stream, subjects, &self.link.name, overlap) else { return Ok(()) };
        let message = format!(
            "the sinks `{other}` and `{}` write into it, and a pipeline that persists counts its messages: write into it with \
             one sink, of a `concat` of the tables, or give each sink a stream; or write with both as `.atomic()`, on subjects \
             that do not overlap",
            self.link.name
        );
        Err(self.error(ErrorKind::Config, message))
    }

    /// Where the stream ended before the pipeline wrote into it. `now` is where it ends now.
    async fn first_base(&self, connection: &mut Connection, now: OutputPosition) -> Result<u64, SessionEnd> {
        let (Some(state), last) = (self.link.control.persistent(), now.last) else { return Ok(now.last) };
        if let Some(base) = state.base(&self.link.name) {
            // Without a commit in the log, nothing was written, and others may have used the stream since an attempt to start.
            // But if the log was lost, the stream has messages of ours.
            let is_same = base.is_in_stream_of(&now);
            // Another stream gets all output if the log has everything.
            if !is_same && state.checkpoint().is_some() {
                return Err(self.other_stream(&base, &now).into());
            }
            let base = base.last;
            if is_same && last >= base && state.has_other_output(&self.link.name) {
                // Everything is stored, and nothing is computed again. Others may have written what is behind it.
                state.set_new_base(&self.link.name, now);
                return Ok(last);
            }
            let is_used = state.commits() > 0
                || last > base && self.message(connection, at(base + 1)).await?.is_none_or(|first| self.is_own(&first));
            if is_same && is_used {
                return Ok(base);
            }
        }
        if last > 0
            && let Some(message) = self.message(connection, at(last)).await?
        {
            self.check_directory(&message)?;
        }
        state.set_base(&self.link.name, now)?;
        Ok(last)
    }

    /// The error if the pipeline wrote into another stream before.
    pub(super) fn other_stream(&self, before: &OutputPosition, now: &OutputPosition) -> Error {
        let [before, now] = [before, now].map(|it| format!("`{}` that was created {}", it.stream, it.created));
        let message = format!(
            "the sink wrote into the stream {before}, and this is {now}: what it wrote there is not here; restore that stream, or \
             begin anew with another directory, or give the sink a name of its own (`name`) to go on in this stream with the \
             changes from now on"
        );
        self.error(ErrorKind::Persistence, message)
    }

    /// The error if the stream has lost messages of the pipeline that a checkpoint has.
    pub(super) fn lost_output(&self, state: &PersistentState, base: u64, last: u64) -> Error {
        let next = match state.go_back(&self.link.name, last) {
            Ok(LostOutput::GoesBackTo(commit)) => format!(
                "the pipeline goes back to its checkpoint before commit {commit}: start it again, and it writes what is missing"
            ),
            Ok(LostOutput::TooOld) => "no earlier checkpoint is old enough (`keep_checkpoints`): restore the stream and the \
                                       directory from one copy, or begin anew with another directory and another stream"
                .to_owned(),
            Ok(LostOutput::InputIsGone) => "an earlier checkpoint is there, but messages that were read since then are \
                                            acknowledged and gone: restore the stream and the directory from one copy, or begin \
                                            anew with another directory and another stream"
                .to_owned(),
            Err(error) => return error,
        };
        let message = format!(
            "it ends at sequence {last}, and the pipeline has written up to {base}: its server has lost messages that it had \
             acknowledged, or it was restored from an older copy; {next}"
        );
        self.error(ErrorKind::Persistence, message)
    }

    /// The stream's last message must not be of this sink with another directory.
    pub(super) fn check_directory(&self, message: &StreamMessage) -> Result<()> {
        if !self.is_of_earlier_directory(message) {
            return Ok(());
        }
        let message = format!(
            "its last message `{}` is of this sink, in a pipeline with another directory, which is not there any more: restore \
             that directory, or write into another stream, or purge this one, to begin anew",
            message.id
        );
        Err(self.error(ErrorKind::Persistence, message))
    }

    /// Whether a message has an id of this sink, with another lineage: 16 hexadecimal digits.
    fn is_of_earlier_directory(&self, message: &StreamMessage) -> bool {
        let Some((lineage, rest)) = message.id.split_once('-') else { return false };
        let is_lineage = lineage.len() == 16 && lineage.bytes().all(|byte| byte.is_ascii_hexdigit());
        let of_sink = rest.strip_prefix(&*self.link.name).and_then(|rest| rest.strip_prefix('-'));
        is_lineage && of_sink.is_some() && !self.is_own(message)
    }

    /// The stream has a message with the id of the next one already.
    pub(super) fn check_duplicate(&self, sequence: u64) -> Result<()> {
        let Some(resume) = self.resume.as_ref().filter(|resume| resume.base.is_some_and(|base| sequence <= base))
        else {
            return Ok(());
        };
        let reason = format!("message {sequence} has the id of one that is not written yet: an earlier log was lost");
        Err(resume.error(&self.link, &self.config, &reason))
    }

    /// The message with this sequence, which must be one of ours. `None` if the stream does not have it any more.
    async fn own_message(
        &self,
        connection: &mut Connection,
        sequence: u64,
    ) -> Result<Option<StreamMessage>, SessionEnd> {
        let message = self.message(connection, at(sequence)).await?;
        if message.as_ref().is_none_or(|message| self.is_own(message)) {
            return Ok(message);
        }
        let subject = message.map_or_else(String::new, |message| message.subject);
        let reason = format!(
            "message {sequence}, on `{}`, is of another writer, and a pipeline that persists must be the only one",
            subject.escape_debug()
        );
        let error = self.resume.as_ref().map(|resume| resume.error(&self.link, &self.config, &reason));
        Err(error.unwrap_or_else(|| self.error(ErrorKind::Persistence, reason)).into())
    }

    /// A message of the stream. `None` if the stream does not have it any more: it was read, or has expired.
    pub(super) async fn message(
        &self,
        connection: &mut Connection,
        request: MessageRequest<'_>,
    ) -> Result<Option<StreamMessage>, SessionEnd> {
        let message = self.try_message(connection, request).await?;
        message.map_err(|error| self.error(ErrorKind::Stream, error).into())
    }

    /// The same. The inner error is that of the server.
    pub(super) async fn try_message(
        &self,
        connection: &mut Connection,
        request: MessageRequest<'_>,
    ) -> Result<Result<Option<StreamMessage>, ApiError>, SessionEnd> {
        let api = connection.api(&self.config.api);
        match connection.until_lost(api.stored_message(&self.config.stream, request)).await? {
            Ok(message) => Ok(Ok(Some(StreamMessage::from(&message)))),
            Err(error) if error.has_code(ApiError::NO_MESSAGE) => Ok(Ok(None)),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Whether a message is of this sink, of any run.
    fn is_own(&self, message: &StreamMessage) -> bool {
        message.id.strip_prefix(&*self.id_prefix).is_some_and(|rest| rest.starts_with('-'))
    }

    /// Remembers that a message is not stored and never will be: also in the log, if the pipeline persists, because the message has
    /// no sequence. `place` is its batch and its number in that.
    pub(super) fn record_refused(&mut self, place: (usize, usize), reason: String) -> Result<()> {
        let persists = self.persists();
        let (Some(batch), number) = (self.pending.get_mut(place.0), place.1) else { return Ok(()) };
        if let Some(state) = self.link.control.persistent().filter(|_| persists) {
            let (sink, commit) = (self.link.name.to_string(), batch.outgoing.batch.commit);
            state.refuse(RefusedMessage { sink, commit, index: number as u64 })?;
        }
        batch.refused.push((number, reason));
        Ok(())
    }

    /// Whether the log says which messages are never stored, so that what the stream has shows how far the sink has come.
    pub(super) fn persists(&self) -> bool {
        self.resume.is_some() || self.atomic.as_ref().is_some_and(AtomicState::persists)
    }

    /// Whether an earlier run has found that the stream will never take a message.
    pub(super) fn was_refused(&self, commit: Commit, number: usize) -> bool {
        let Some(state) = self.link.control.persistent().filter(|state| state.has_refused()) else { return false };
        state.was_refused(&RefusedMessage { sink: self.link.name.to_string(), commit, index: number as u64 })
    }

    /// Whether an earlier run has written everything of a commit, dead letters among it.
    pub(super) fn was_confirmed(&self, commit: Commit) -> bool {
        self.link.control.persistent().is_some_and(|state| commit < state.confirmed())
    }
}

/// The message with this sequence.
fn at(sequence: u64) -> MessageRequest<'static> {
    MessageRequest::At { seq: sequence }
}

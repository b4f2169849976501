//! How a publisher continues where an earlier run of a pipeline that persists was, and stores each message once.
//!
//! Nobody else writes into the stream. So its last sequence says how many of the pipeline's messages it has: as many as it is
//! ahead of the sequence at which the first run began. These are skipped. The next message must follow that sequence
//! (`Nats-Expected-Last-Sequence`), so that of two writers one is refused. After a connection broke, the same count says which
//! of the messages in flight are stored. The window for duplicates plays no part: an outage may last as long as it likes.

use super::publisher::{Publisher, PublisherConfig};
use crate::connector::sink::SinkLink;
use crate::data::{Commit, Error, ErrorKind, Result};
use crate::nats::client::{ApiError, Connection, MessageRequest, SessionEnd};
use crate::persistence::RefusedMessage;

/// The header with a message's id.
const MESSAGE_ID: &str = "Nats-Msg-Id";

/// How far the stream has the pipeline's messages.
#[derive(Debug)]
pub(super) struct Resume {
    /// The sequence of the last message that is done; at the start, that of the last one before the pipeline's first.
    base: Option<u64>,
    /// The stream's last sequence when it was asked for. It has the messages up to there already.
    last: u64,
    /// The id of the last of them, if the stream still has it.
    last_id: Option<String>,
    /// The commits before this one were made in earlier runs. `None`: this run has sent something.
    earlier: Option<Commit>,
}

impl Resume {
    /// `None` if the pipeline does not persist, or the order of its messages does not show how far it has come.
    pub(super) fn new(config: &PublisherConfig, link: &SinkLink) -> Option<Self> {
        let state = link.control.persistent().filter(|_| !config.one_by_one && !config.own_ids)?;
        Some(Resume { base: None, last: 0, last_id: None, earlier: Some(state.commits()) })
    }

    /// Whether the stream has the next message. Its id is that of a message of this commit.
    ///
    /// # Errors
    /// The stream has another message in its place.
    pub(super) fn skip(&mut self, id: &str, commit: Commit) -> Result<bool, String> {
        let Some(base) = self.base.filter(|base| *base < self.last) else { return Ok(false) };
        if self.earlier.is_some_and(|earlier| commit >= earlier) {
            return Err(format!(
                "the stream has {} messages that are not in the pipeline's log: the end of the log was lost, perhaps with the \
                 machine's power; see `persistence::Directory::sync`",
                self.last - base
            ));
        }
        self.base = Some(base + 1);
        if base + 1 == self.last
            && let Some(last) = self.last_id.take()
            && last != id
        {
            return Err(format!(
                "its last message is `{last}`, and the pipeline has computed `{id}` in its place: a closure of the program is not \
                 deterministic, or the program has changed"
            ));
        }
        Ok(true)
    }

    /// A message that the stream does not have is sent.
    pub(super) fn sent(&mut self) {
        self.earlier = None;
    }

    /// A message is stored.
    pub(super) fn stored(&mut self, sequence: Option<u64>) {
        self.base = self.base.max(sequence);
    }

    pub(super) fn error(&self, link: &SinkLink, config: &PublisherConfig, reason: &str) -> Error {
        let PublisherConfig { stream, api, .. } = config;
        let cure = "restore the stream and the directory from one copy, or begin anew with another directory and another stream";
        let message = format!("{}: stream `{stream}`{}: {reason}; {cure}", link.name, api.place());
        Error::new(ErrorKind::Persistence, message)
    }
}

impl Publisher {
    /// Finds out how many of the messages that are not done the stream has, if the pipeline persists.
    pub(super) async fn find_position(&mut self, connection: &mut Connection) -> Result<(), SessionEnd> {
        let (Some(resume), Some(state), Some(stream)) =
            (&mut self.resume, self.link.control.persistent(), &self.stream)
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
        let last = stream.last;
        let base = match resume.base {
            Some(base) => base,
            None => state.base(&self.link.name, last)?,
        };
        resume.base = Some(base);
        if last < base {
            let reason = format!(
                "it ends at sequence {last}, and the pipeline has written up to {base}: it was restored from an older copy"
            );
            return Err(resume.error(&self.link, &self.config, &reason).into());
        }
        // The answer to what was in flight is known in another way now.
        self.pending.iter_mut().for_each(|batch| batch.stored.clear());
        (resume.last, resume.last_id) = (last, None);
        self.order.continue_behind(last);
        if last == base {
            return Ok(());
        }
        // In a cluster, where only sequences are compared, one message of another writer can be followed by ours.
        let first_id = self.own_id(connection, base + 1).await?;
        let last_id = if last == base + 1 { first_id } else { self.own_id(connection, last).await? };
        self.resume.iter_mut().for_each(|resume| resume.last_id.clone_from(&last_id));
        Ok(())
    }

    /// The id of the message with this sequence, which must be one of ours. `None` if the stream does not have it any more: it was
    /// read, or has expired. Its sequence is known.
    async fn own_id(&self, connection: &mut Connection, sequence: u64) -> Result<Option<String>, SessionEnd> {
        let api = connection.api(&self.config.api);
        let request = api.stored_message(&self.config.stream, MessageRequest::At { seq: sequence });
        let message = match connection.until_lost(request).await? {
            Ok(message) => message,
            Err(error) if error.has_code(ApiError::NO_MESSAGE) => return Ok(None),
            Err(error) => return Err(self.error(ErrorKind::Stream, error).into()),
        };
        let id = message.readable_headers().find(|(name, _)| *name == MESSAGE_ID).map_or("", |(_, id)| id);
        if id.strip_prefix(&*self.id_prefix).is_some_and(|rest| rest.starts_with('-')) {
            return Ok(Some(id.to_owned()));
        }
        let reason =
            format!("message {sequence} is of another writer, and a pipeline that persists must be the only one");
        let error = self.resume.as_ref().map(|resume| resume.error(&self.link, &self.config, &reason));
        Err(error.unwrap_or_else(|| self.error(ErrorKind::Persistence, reason)).into())
    }

    /// Remembers that the stream will never take a message, if the pipeline persists: the message has no sequence.
    pub(super) fn log_refused(&self, batch: usize, number: usize) -> Result<()> {
        let (Some(_), Some(state), Some(batch)) =
            (&self.resume, self.link.control.persistent(), self.pending.get(batch))
        else {
            return Ok(());
        };
        let (sink, commit) = (self.link.name.to_string(), batch.outgoing.batch.commit);
        state.refuse(RefusedMessage { sink, commit, index: number as u64 })
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

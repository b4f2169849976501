//! Counts and reports messages that the stream has removed before they were read.

use super::consumer::Consumer;
use super::coverage::Coverage;
use super::missing::Gap;
use super::reader::Reader;
use super::unread::UnreadSnapshot;
use crate::nats::client::{Connection, MessageRequest, Retention, SessionEnd, StreamInfo, matches};
use crate::telemetry::Level;

/// The stream is asked for its subjects only if it has no more than this; the answer has all of them.
const MAX_SUBJECTS: u64 = 1000;
/// The last message is asked for of so many subjects that are not read, at most.
const MAX_OTHERS: usize = 8;
/// So many messages are looked at, at most, to find out whether lost deliveries come again; the next ones a second later.
const MAX_LOOK_UPS: usize = 100;

impl Reader {
    /// The first consumer exists: counts what it has to deliver.
    pub(super) async fn count_unread(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
        consumer: &Consumer,
    ) -> Result<(), SessionEnd> {
        let position = consumer.next.saturating_sub(1);
        let coverage = self.coverage();
        if coverage == Coverage::Filtered {
            self.look_for_others(connection, stream, position).await?;
        }
        let snapshot = match coverage {
            Coverage::Newest => UnreadSnapshot { end: stream.last, expected: 0, is_exact: true },
            // A consumer of the user's own may begin with the last message of each subject.
            Coverage::All if stream.deleted == 0 && self.spec.durable.is_none() => {
                let before = position.max(stream.first.saturating_sub(1));
                UnreadSnapshot { end: stream.last, expected: stream.last.saturating_sub(before), is_exact: true }
            }
            Coverage::All | Coverage::Filtered => {
                let last = self.check_stream(connection).await?.last;
                UnreadSnapshot::between(stream.last, last, consumer.pending)
            }
        };
        let unread = &mut self.position.unread;
        unread.start(position, consumer.last_delivery, consumer.pending, snapshot);
        // A consumer that is new begins with the first message, or behind it.
        if coverage == Coverage::All && self.unacked.is_some() && stream.first > consumer.next {
            unread.lose_before_start(position, stream.first);
        }
        Ok(())
    }

    /// Another consumer exists, or the same one over another connection: continues to count.
    pub(super) async fn recount_unread(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
        consumer: &Consumer,
    ) -> Result<(), SessionEnd> {
        self.count_arrivals(connection, stream).await?;
        // If requests wait at our own consumer, or it has sent more than was requested, another program reads with it, too.
        let sent = consumer.last_delivery.saturating_sub(self.position.unread.last_delivery());
        let is_alone = consumer.waiting == 0 && sent <= std::mem::take(&mut self.requested);
        let is_ours = self.spec.durable.is_none() && is_alone && !self.cannot_look_up();
        let unread = &mut self.position.unread;
        let (position, last_delivery) = (consumer.next.saturating_sub(1), consumer.last_delivery);
        match self.unacked {
            Some(_) if is_ours => unread.resume_own(position, last_delivery, consumer.pending),
            Some(_) => unread.resume(position, Some(last_delivery), consumer.pending),
            None => unread.resume(0, None, consumer.pending),
        }
        self.note_gap();
        if self.coverage() == Coverage::Filtered && !self.position.unread.is_expecting() {
            let last = self.check_stream(connection).await?.last;
            let pending = self.position.unread.without_repeated(position, consumer.pending);
            self.position.unread.replace(UnreadSnapshot::between(stream.last, last, pending));
        }
        Ok(())
    }

    /// The stream has taken messages up to `stream.last`: expects all of them if they are for this source.
    pub(super) async fn count_arrivals(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
    ) -> Result<(), SessionEnd> {
        match self.coverage() {
            Coverage::Newest => {}
            Coverage::All => self.position.unread.extend(stream.last),
            Coverage::Filtered if self.has_others(connection, stream).await? => {
                self.position.unread.has_others(stream.last);
            }
            Coverage::Filtered => self.position.unread.extend(stream.last),
        }
        self.note_gap();
        Ok(())
    }

    /// Finds out, before the first message is read, whether messages of other subjects are stored among those of this source.
    /// If so, more of them can come and go without being seen.
    async fn look_for_others(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
        position: u64,
    ) -> Result<(), SessionEnd> {
        let subject = self.spec.subject.clone();
        let request = MessageRequest::Next { seq: position + 1, next_by_subj: &subject };
        let first = self.look_up(connection, request).await?.map_or(stream.last, |first| first.sequence);
        self.is_among_others = self.has_others_behind(connection, stream, first).await?;
        Ok(())
    }

    /// Whether the stream has, or may have, messages that are not for this source among those that are not counted yet.
    async fn has_others(&mut self, connection: &mut Connection, stream: &StreamInfo) -> Result<bool, SessionEnd> {
        let end = self.position.unread.end();
        if !self.is_among_others && stream.last > end {
            self.is_among_others = self.has_others_behind(connection, stream, end).await?;
        }
        Ok(self.is_among_others)
    }

    /// Whether the stream has, or may have, messages behind a sequence that are not for this source.
    async fn has_others_behind(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
        end: u64,
    ) -> Result<bool, SessionEnd> {
        if stream.is_mirror || stream.forgets_others() || stream.num_subjects > MAX_SUBJECTS {
            return Ok(true);
        }
        let api = connection.api(&self.spec.api);
        let found = self.until_stopped(connection, api.stored_subjects(&self.spec.stream)).await?;
        let Ok(found) = found else { return Ok(true) };
        let subject = self.spec.subject.clone();
        let others: Vec<String> = found.stored_subjects.into_iter().filter(|own| !matches(&subject, own)).collect();
        if others.len() > MAX_OTHERS {
            return Ok(true);
        }
        for other in others {
            let last = self.look_up(connection, MessageRequest::Last { last_by_subj: &other }).await?;
            if last.map_or(self.cannot_look_up(), |message| message.sequence > end) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The consumer delivers nothing: whether the stream, too, has nothing left up to its last message.
    pub(super) async fn is_nothing_left(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
        consumer: &Consumer,
    ) -> Result<bool, SessionEnd> {
        let coverage = self.coverage();
        let unread = &self.position.unread;
        let has_grown = stream.last > unread.end() && (coverage == Coverage::All || unread.is_behind());
        let is_expecting = unread.is_expecting() || has_grown;
        if coverage == Coverage::Newest || !is_expecting {
            return Ok(false);
        }
        if self.unacked.is_some() {
            let Some(info) = self.consumer_info(connection, consumer).await? else { return Ok(false) };
            if info.pending > 0 {
                return Ok(false);
            }
            self.count_arrivals(connection, stream).await?;
            self.position.unread.resume(info.next.saturating_sub(1), Some(info.last_delivery), 0);
            return Ok(true);
        }
        let (subject, next) = (self.spec.subject.clone(), unread.position() + 1);
        let first = self.look_up(connection, MessageRequest::Next { seq: next, next_by_subj: &subject }).await?;
        let is_empty = first.is_none() && (!self.cannot_look_up() || stream.first > stream.last);
        if is_empty {
            self.count_arrivals(connection, stream).await?;
        }
        Ok(is_empty)
    }

    /// Nothing is left of what was not read.
    pub(super) fn lose_all(&mut self, stream: &StreamInfo) {
        self.position.unread.lose_all(stream.last, self.coverage());
        self.note_gap();
    }

    /// Finds out whether the stream still has any of the messages whose deliveries were lost. Those come again.
    pub(super) async fn look_for_lost(&mut self, connection: &mut Connection) -> Result<(), SessionEnd> {
        let Some(mut left) = self.position.unread.unchecked_lost() else { return Ok(()) };
        if left.is_empty() {
            // That was so a second ago. What had been sent before has arrived since.
            self.position.unread.settle_lost();
            return Ok(());
        }
        for _ in 0..MAX_LOOK_UPS {
            left.start = self.unacked.as_ref().map_or(left.start, |unacked| unacked.first_unknown(left.start));
            if left.is_empty() {
                break;
            }
            let Some(message) = self.look_up_next(connection, left.start).await? else {
                if self.cannot_look_up() {
                    self.position.unread.forget_lost();
                }
                left.start = left.end;
                break;
            };
            left.start = message.sequence;
            if self.unacked.as_ref().is_none_or(|unacked| !unacked.knows(message.sequence)) {
                break;
            }
        }
        self.position.unread.check_lost(left.start);
        Ok(())
    }

    /// Reports and counts messages that were removed before they were read.
    pub(super) async fn report_removed(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
    ) -> Result<(), SessionEnd> {
        let Some(missing) = self.position.unread.take_missing() else { return Ok(()) };
        let gap = &missing.gap;
        if !self.removes_read() && !self.is_prefix_removed(connection, stream, gap).await? {
            if self.cannot_look_up() {
                self.warn(format_args!(
                    "stream `{}`: {missing} are missing; they are not counted as dropped, because it cannot be seen whether \
                     they were deleted one by one or removed by a purge",
                    self.spec.stream,
                ));
            }
            return Ok(());
        }
        self.link.counters.dropped.add(missing.count);
        let cause = stream.removal.likely_cause(self.removes_read() || stream.first > gap.after);
        let message = format_args!(
            "stream `{}`: {missing} were removed before they were read, probably by {cause}",
            self.spec.stream,
        );
        self.removals.report(Level::Warn, 1, message);
        Ok(())
    }

    /// Whether messages were removed from the first one of a subject on: by a limit or a purge. Otherwise single messages
    /// were deleted on purpose, and older ones are still there.
    async fn is_prefix_removed(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
        gap: &Gap,
    ) -> Result<bool, SessionEnd> {
        if stream.first > gap.after {
            return Ok(true);
        }
        for subject in std::iter::once(&*self.spec.subject.clone()).chain(gap.subjects.iter().map(String::as_str)) {
            let first = self.look_up(connection, MessageRequest::Next { seq: 1, next_by_subj: subject }).await?;
            if first.map_or(!self.cannot_look_up(), |first| first.sequence > gap.after) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether messages are removed because they were read.
    fn removes_read(&self) -> bool {
        self.stream.as_ref().is_some_and(|stream| stream.retention != Retention::Limits)
    }

    pub(super) fn cannot_look_up(&self) -> bool {
        self.suspicion.is_denied || self.suspicion.is_unanswered
    }
}

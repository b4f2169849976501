//! The last messages that were read: they show whether the stream is still the same one.

use std::fmt;

use super::reader::Reader;
use crate::data::{ErrorKind, Result};
use crate::nats::client::{Connection, MessageRequest, SessionEnd, StreamInfo};

/// How many messages are remembered. The last one may be removed, in a bucket by the next value of its key; one of so many
/// is nearly always still there.
const MARKS: usize = 64;

/// The sequences and times of the last messages that were read.
#[derive(Debug)]
pub(super) struct ReadMarks {
    /// Sequences, and the times at which the messages were stored, in unix nanoseconds.
    marks: [(u64, i64); MARKS],
    /// How many messages were read.
    count: usize,
    /// The subject of the last one.
    subject: String,
    /// Whether the last one may be removed before older ones of its subject, because it has a time to live of its own.
    has_ttl: bool,
}

/// How many subjects are remembered.
const SUBJECTS: usize = 8;

/// Some subjects of messages that were read lately, in any order.
#[derive(Debug, Default)]
pub(super) struct RecentSubjects {
    subjects: Vec<String>,
    /// The place of the last one.
    last: usize,
    /// The place of the next one that is replaced.
    next: usize,
}

impl RecentSubjects {
    /// A message was read.
    pub(super) fn record(&mut self, subject: &str) {
        if self.subjects.get(self.last).is_some_and(|last| last == subject) {
            return;
        }
        if let Some(place) = self.subjects.iter().position(|known| known == subject) {
            self.last = place;
        } else if self.subjects.len() < SUBJECTS {
            self.last = self.subjects.len();
            self.subjects.push(subject.to_owned());
        } else {
            subject.clone_into(&mut self.subjects[self.next]);
            (self.last, self.next) = (self.next, (self.next + 1) % SUBJECTS);
        }
    }

    pub(super) fn all(&self) -> &[String] {
        &self.subjects
    }
}

impl Default for ReadMarks {
    fn default() -> Self {
        ReadMarks { marks: [(0, 0); MARKS], count: 0, subject: String::new(), has_ttl: false }
    }
}

impl ReadMarks {
    /// A message was read.
    pub(super) fn record(&mut self, subject: &str, sequence: u64, stored: i64, has_ttl: bool) {
        self.has_ttl = has_ttl;
        if self.subject != subject {
            subject.clone_into(&mut self.subject);
        }
        self.marks[self.count % MARKS] = (sequence, stored);
        self.count += 1;
    }

    /// Whether nothing was read.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The remembered messages from the sequence `first` on, the newest first.
    fn newest_first(&self, first: u64) -> Vec<(u64, i64)> {
        let oldest = self.count.saturating_sub(MARKS);
        let marks = (oldest..self.count).rev().map(|number| self.marks[number % MARKS]);
        marks.filter(|(sequence, _)| *sequence >= first).collect()
    }
}

impl Reader {
    /// Checks that the stream still has the last message that was read. A server that was restored from an older copy gives
    /// the sequences behind it to other messages.
    pub(super) async fn check_last_read(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
    ) -> Result<(), SessionEnd> {
        let marks = self.marks.newest_first(stream.first);
        let last = marks.first().map(|(sequence, _)| *sequence);
        for (sequence, stored) in marks {
            let Some(message) = self.look_up(connection, MessageRequest::At { seq: sequence }).await? else {
                if last == Some(sequence) && stream.is_limited_per_subject && !self.marks.has_ttl {
                    self.check_last_subject(connection, sequence).await?;
                }
                continue;
            };
            if message.stored == stored {
                break;
            }
            return Err(self
                .is_another_stream(format_args!("its message {sequence} is another one than the one that was read")));
        }
        Ok(())
    }

    /// Checks the subject of the last message that was read, which does not exist any more: a stream that limits the
    /// messages of a subject removes the oldest ones, so there must be no older one.
    async fn check_last_subject(&mut self, connection: &mut Connection, sequence: u64) -> Result<(), SessionEnd> {
        let subject = self.marks.subject.clone();
        match self.look_up(connection, MessageRequest::Last { last_by_subj: &subject }).await? {
            Some(message) if message.sequence < sequence => Err(self.is_another_stream(format_args!(
                "its last message on `{subject}` is {}, but {sequence} was read",
                message.sequence
            ))),
            _ => Ok(()),
        }
    }

    fn is_another_stream(&self, reason: fmt::Arguments<'_>) -> SessionEnd {
        let message = format!(
            "{reason}: the server has lost the end of the stream, as after a restoration of an older copy, and new \
             messages get the same sequences; start the pipeline again"
        );
        self.spec.error(ErrorKind::Stream, message).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_of_the_last_subjects_are_remembered() {
        let mut subjects = RecentSubjects::default();
        for subject in ["a", "a", "b", "a", "c"] {
            subjects.record(subject);
        }
        assert_eq!(subjects.all(), ["a", "b", "c"]);
        (0..SUBJECTS).for_each(|n| subjects.record(&n.to_string()));
        assert!(subjects.all().len() == SUBJECTS && !subjects.all().contains(&"a".to_owned()));
        assert!((0..SUBJECTS).all(|n| subjects.all().contains(&n.to_string())));
    }

    #[test]
    fn the_last_messages_are_remembered() {
        let mut marks = ReadMarks::default();
        assert!(marks.is_empty() && marks.newest_first(0).is_empty());
        (1..=100).for_each(|n| marks.record("a", 2 * n, n as i64, false));
        let newest = marks.newest_first(0);
        assert_eq!((newest.len(), newest[0], newest[63]), (MARKS, (200, 100), (74, 37)));
        assert_eq!(marks.newest_first(198), [(200, 100), (198, 99)]);
    }
}

//! The order of messages by subject: one message of a subject is in flight at a time, and those behind it wait for it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use crate::nats::client::Backoff;

/// The messages in flight by subject, by their numbers.
#[derive(Debug, Default)]
pub(super) struct SubjectQueues {
    queues: HashMap<Arc<str>, SubjectQueue, foldhash::fast::RandomState>,
    /// Messages whose turn has come.
    ready: VecDeque<u64>,
    /// How many subjects were refused, and had no message stored since.
    refused: usize,
}

/// The messages of one subject.
#[derive(Debug)]
struct SubjectQueue {
    /// In order. The first is sent, or refused.
    messages: VecDeque<u64>,
    is_refused: bool,
    /// When the first is sent again, if it was refused.
    resume_at: Option<Instant>,
    backoff: Backoff,
}

impl SubjectQueues {
    /// Adds a message. Returns whether it can be sent now: no other one of its subject waits.
    pub(super) fn add(&mut self, subject: &Arc<str>, number: u64) -> bool {
        if let Some(queue) = self.queues.get_mut(subject) {
            queue.messages.push_back(number);
            return false;
        }
        let queue =
            SubjectQueue { messages: [number].into(), is_refused: false, resume_at: None, backoff: Backoff::new() };
        self.queues.insert(Arc::clone(subject), queue);
        true
    }

    /// The first message of a subject is stored or rejected. It is the next one's turn.
    pub(super) fn on_done(&mut self, subject: &Arc<str>) {
        let Some(queue) = self.queues.get_mut(subject) else { return };
        self.refused -= usize::from(std::mem::take(&mut queue.is_refused));
        queue.resume_at = None;
        queue.backoff.reset();
        queue.messages.pop_front();
        match queue.messages.front() {
            Some(next) => self.ready.push_back(*next),
            None => drop(self.queues.remove(subject)),
        }
    }

    /// The first message of a subject is refused for now. It is sent again after a pause.
    pub(super) fn on_refused(&mut self, subject: &str, now: Instant) {
        let Some(queue) = self.queues.get_mut(subject) else { return };
        self.refused += usize::from(!std::mem::replace(&mut queue.is_refused, true));
        queue.resume_at = Some(now + queue.backoff.next_pause());
    }

    /// The first message of a subject is to be sent once more, to become a dead letter.
    pub(super) fn retry_now(&mut self, subject: &str) {
        self.ready.extend(self.queues.get(subject).and_then(|queue| queue.messages.front()));
    }

    /// The next message whose turn has come.
    pub(super) fn next_ready(&mut self) -> Option<u64> {
        self.ready.pop_front()
    }

    /// Whether there is a message whose turn has come.
    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether a subject was refused, and had no message stored since.
    pub(super) fn has_refused(&self) -> bool {
        self.refused > 0
    }

    /// When the next refused message is sent again.
    pub(super) fn next_resume(&self) -> Option<Instant> {
        if self.refused == 0 { None } else { self.queues.values().filter_map(|queue| queue.resume_at).min() }
    }

    /// It is the turn of the refused messages whose pause is over.
    pub(super) fn resume(&mut self, now: Instant) {
        for queue in self.queues.values_mut().filter(|queue| queue.resume_at.is_some_and(|at| at <= now)) {
            queue.resume_at = None;
            self.ready.extend(queue.messages.front());
        }
    }

    pub(super) fn clear(&mut self) {
        *self = SubjectQueues::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_subject_holds_up_only_itself() {
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        let (mut queues, now) = (SubjectQueues::default(), Instant::now());
        assert_eq!(
            [(&a, 0), (&b, 1), (&a, 2)].map(|(subject, number)| queues.add(subject, number)),
            [true, true, false]
        );
        queues.on_refused("a", now);
        queues.on_done(&b);
        assert!(queues.add(&b, 3), "others pass");
        let at = queues.next_resume().expect("a pause");
        queues.resume(now);
        assert!(at > now && !queues.is_ready());
        queues.resume(at);
        assert_eq!((queues.next_ready(), queues.next_ready(), queues.next_resume()), (Some(0), None, None));
        assert!(queues.has_refused());
        queues.on_done(&a);
        assert!(!queues.has_refused());
        assert_eq!(queues.next_ready(), Some(2));
        queues.retry_now("a");
        assert_eq!(queues.next_ready(), Some(2));
        queues.on_done(&a);
        assert!(queues.add(&a, 4));
        queues.clear();
        assert!(queues.add(&a, 0) && !queues.is_ready());
    }
}

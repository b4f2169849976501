//! Those who get no answers for a while, because the server does not let us publish on their inboxes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long they get none. A right can also be missing for a moment only: `allow_responses` expires while a process is paused.
const SILENCE: Duration = Duration::from_secs(60);
/// How many are kept. The oldest makes room.
const KEPT: usize = 64;

/// The inboxes that were refused, without what differs from one request to the next, and when.
#[derive(Debug, Default)]
pub(super) struct Silenced(VecDeque<(String, Instant)>);

impl Silenced {
    /// The server has refused an answer on this subject.
    pub(super) fn add(&mut self, reply: &str, now: Instant) {
        let inbox = inbox(reply);
        self.0.retain(|(other, _)| other != inbox);
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back((inbox.to_owned(), now));
    }

    /// Whether an answer on this subject would probably be refused.
    pub(super) fn contains(&mut self, reply: &str, now: Instant) -> bool {
        while self.0.front().is_some_and(|(_, since)| now.saturating_duration_since(*since) >= SILENCE) {
            self.0.pop_front();
        }
        let inbox = inbox(reply);
        self.0.iter().any(|(other, _)| other == inbox)
    }
}

/// The subject without its last token.
fn inbox(reply: &str) -> &str {
    reply.rsplit_once('.').map_or(reply, |(inbox, _)| inbox)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inbox_is_silenced_for_a_while_and_others_are_not() {
        let (mut silenced, begin) = (Silenced::default(), Instant::now());
        silenced.add("_INBOX.bob.1", begin);
        assert!(silenced.contains("_INBOX.bob.2", begin));
        assert!(!silenced.contains("_INBOX.alice.1", begin) && !silenced.contains("_INBOX", begin));
        silenced.add("_INBOX.bob.3", begin + SILENCE / 2);
        assert!(silenced.contains("_INBOX.bob.4", begin + SILENCE));
        assert!(!silenced.contains("_INBOX.bob.5", begin + SILENCE * 3 / 2));
        assert!(silenced.0.is_empty());
    }

    #[test]
    fn a_flood_of_refused_inboxes_is_bounded() {
        let (mut silenced, now) = (Silenced::default(), Instant::now());
        (0..1000).for_each(|number| silenced.add(&format!("inbox-{number}"), now));
        assert_eq!(silenced.0.len(), KEPT);
        assert!(silenced.contains("inbox-999", now) && !silenced.contains("inbox-1", now));
    }
}

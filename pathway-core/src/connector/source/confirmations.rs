//! Which of a source's messages belong to commits that are not confirmed, or not durable, yet.

use std::collections::VecDeque;

use super::AckProgress;
use crate::data::Commit;

/// Counts what the worker takes from a source, and tells the source what is confirmed of it.
#[derive(Default)]
pub(super) struct Confirmations {
    /// How many messages or rows were taken.
    taken: u64,
    /// How many of them were taken by the end of the last commit.
    committed: u64,
    /// How many of them are confirmed, and durable.
    confirmed: u64,
    durable: u64,
    /// How many were taken by the end of each commit that is not durable. Empty where the source does not acknowledge.
    commits: VecDeque<(Commit, u64)>,
}

impl Confirmations {
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    pub(super) fn take(&mut self, messages: usize) {
        self.taken += messages as u64;
    }

    /// The open commit is sealed: later messages belong to `next`.
    pub(super) fn advance(&mut self, next: Commit, acks: &AckProgress) {
        if self.taken > self.committed && acks.is_requested() {
            self.committed = self.taken;
            self.commits.push_back((next - 1, self.taken));
        }
    }

    /// The commits before `before` are confirmed, and those before `durable` are durable, too: they are not later ones.
    pub(super) fn confirm(&mut self, before: Commit, durable: Commit, acks: &AckProgress) {
        let known = (self.confirmed, self.durable);
        let confirmed = self.commits.partition_point(|(commit, _)| *commit < before);
        if let Some((_, taken)) = confirmed.checked_sub(1).and_then(|last| self.commits.get(last)) {
            self.confirmed = *taken;
        }
        while let Some((_, taken)) = self.commits.pop_front_if(|(commit, _)| *commit < durable) {
            self.durable = taken;
        }
        if (self.confirmed, self.durable) != known {
            acks.advance(self.confirmed, self.durable);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_confirmed_with_their_commits() {
        let acks = AckProgress::default();
        acks.request();
        let mut confirmations = Confirmations::default();
        for (commit, messages) in [(0, 3), (1, 0), (2, 2)] {
            confirmations.take(messages);
            confirmations.advance(commit + 1, &acks);
        }
        let confirmed = |before, confirmations: &mut Confirmations| {
            confirmations.confirm(before, before.saturating_sub(1), &acks);
            let snapshot = acks.take();
            (snapshot.messages, snapshot.durable)
        };
        let expected = [(0, 0), (3, 0), (3, 3), (5, 3), (5, 5)];
        assert_eq!([0, 1, 2, 3, 4].map(|before| confirmed(before, &mut confirmations)), expected);
    }
}

//! Which of a source's messages belong to commits that are not confirmed yet.

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
    /// How many were taken by the end of each commit that is not confirmed. Empty where the source does not acknowledge.
    unconfirmed: VecDeque<(Commit, u64)>,
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
            self.unconfirmed.push_back((next - 1, self.taken));
        }
    }

    /// The commits before `before` are confirmed.
    pub(super) fn confirm(&mut self, before: Commit, acks: &AckProgress) {
        let mut confirmed = None;
        while let Some((_, taken)) = self.unconfirmed.pop_front_if(|(commit, _)| *commit < before) {
            confirmed = Some(taken);
        }
        if let Some(taken) = confirmed {
            acks.advance(taken);
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
            confirmations.confirm(before, &acks);
            acks.take().messages
        };
        assert_eq!([0, 1, 2, 3].map(|before| confirmed(before, &mut confirmations)), [0, 3, 3, 5]);
    }
}

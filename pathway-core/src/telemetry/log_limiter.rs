//! Adds up a flood of trouble, so that it does not become a flood of reports.

use std::time::{Duration, Instant};

/// Lets one report a second through, and adds up what the others would have said.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    last: Option<Instant>,
    unsaid: u64,
}

impl Tally {
    const EVERY: Duration = Duration::from_secs(1);

    /// MetadataColumns `n` more cases; returns all that are to be reported now, if it is time for a report.
    pub(crate) fn note(&mut self, n: u64) -> Option<u64> {
        self.unsaid += n;
        if self.last.is_some_and(|last| last.elapsed() < Self::EVERY) {
            return None;
        }
        self.rest()
    }

    /// The cases that were not reported yet: for the end.
    pub(crate) fn rest(&mut self) -> Option<u64> {
        if self.unsaid == 0 {
            return None;
        }
        self.last = Some(Instant::now());
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_case_goes_unsaid() {
        let mut tally = Tally::default();
        assert_eq!(tally.note(0), None);
        assert_eq!(tally.note(2), Some(2));
        assert_eq!(tally.note(3), None);
        assert_eq!(tally.note(4), None);
        assert_eq!(tally.rest(), Some(7));
        assert_eq!(tally.rest(), None);
    }
}

//! What a source that acknowledges its messages and a pipeline that persists tell each other.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::data::EarlierMessages;
use crate::plan::Acknowledged;

/// How far a source acknowledges its messages, which it does behind checkpoints.
#[derive(Debug)]
pub(crate) struct Acknowledging {
    /// Whether it acknowledges, once it knows.
    is_on: OnceLock<bool>,
    /// What earlier runs have read.
    earlier: Mutex<Option<EarlierMessages>>,
    floor: AtomicU64,
    newest: AtomicI64,
}

impl Default for Acknowledging {
    fn default() -> Self {
        let (is_on, earlier) = Default::default();
        Acknowledging { is_on, earlier, floor: AtomicU64::new(u64::MAX), newest: AtomicI64::new(i64::MIN) }
    }
}

impl Acknowledging {
    /// Says whether the source acknowledges its messages behind checkpoints, before it is ready.
    pub(crate) fn set(&self, is_on: bool) {
        let _ = self.is_on.set(is_on);
    }

    pub(crate) fn is_on(&self) -> bool {
        self.is_on.get() == Some(&true)
    }

    /// Says what earlier runs have read, before the source starts.
    pub(super) fn set_earlier(&self, earlier: EarlierMessages) {
        self.newest.fetch_max(earlier.newest, Ordering::Relaxed);
        *self.earlier.lock().unwrap_or_else(PoisonError::into_inner) = Some(earlier);
    }

    /// What earlier runs have read. It is returned once.
    pub(crate) fn take_earlier(&self) -> EarlierMessages {
        self.earlier.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    /// A message is about to be handed over. `stored` is in unix nanoseconds.
    pub(crate) fn hand_over(&self, sequence: u64, stored: i64) {
        self.floor.fetch_min(sequence.saturating_sub(1), Ordering::AcqRel);
        self.newest.fetch_max(stored, Ordering::AcqRel);
    }

    /// Of the messages that were handed over, those before this one are acknowledged; all of them if there is none.
    pub(crate) fn set_lowest_unacknowledged(&self, lowest: Option<u64>) {
        self.floor.store(lowest.map_or(u64::MAX, |lowest| lowest.saturating_sub(1)), Ordering::Release);
    }

    /// How far the source has acknowledged its messages, if it does.
    pub(super) fn acknowledged(&self) -> Option<Acknowledged> {
        let (floor, newest) = (self.floor.load(Ordering::Acquire), self.newest.load(Ordering::Acquire));
        self.is_on().then_some(Acknowledged { floor, newest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_handed_over_is_not_acknowledged() {
        let acks = Acknowledging::default();
        assert_eq!(acks.acknowledged(), None);
        acks.set_earlier(EarlierMessages { newest: 5, ..EarlierMessages::default() });
        acks.set(true);
        assert_eq!(acks.acknowledged(), Some(Acknowledged { floor: u64::MAX, newest: 5 }));
        acks.hand_over(7, 70);
        acks.hand_over(9, 60);
        assert_eq!(acks.acknowledged(), Some(Acknowledged { floor: 6, newest: 70 }));
        acks.set_lowest_unacknowledged(Some(9));
        assert_eq!(acks.acknowledged(), Some(Acknowledged { floor: 8, newest: 70 }));
        assert_eq!((acks.take_earlier().newest, acks.take_earlier().newest), (5, 0));
    }
}

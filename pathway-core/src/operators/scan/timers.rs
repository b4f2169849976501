//! Timers of a key, as the user's closures see them.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use crate::operators::state::Slot;
use crate::operators::window::EventTime;

/// What is due, in the order in which it is done, and the slot of its key.
pub(super) type Schedule = BTreeMap<Due, Slot>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due {
    /// In ticks.
    pub(super) at: i128,
    pub(super) kind: DueKind,
    /// The number of the row that created the key's state. It tells keys apart, whatever the number of workers.
    pub(super) created: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DueKind {
    Timer,
    /// To see whether the state has expired: rows may have arrived since.
    Expiry,
}

/// A key with a state, for the schedule.
#[derive(Clone, Copy)]
pub(super) struct KeyId {
    pub(super) slot: Slot,
    pub(super) created: u64,
}

impl KeyId {
    pub(super) fn due(self, at: i128, kind: DueKind) -> Due {
        Due { at, kind, created: self.created }
    }
}

/// The timers of one key, and event time; see [`TimedGroups::scan_with_timers`](crate::operators::TimedGroups::scan_with_timers).
///
/// A timer is a point in event time. It fires once event time is after it, before the row that has moved event time there is
/// handled. Setting the same time twice sets one timer.
pub struct Timers<'a, T> {
    /// Event time, in ticks.
    now: i128,
    /// The times of the key's timers, in ticks, ascending.
    pending: &'a mut Vec<i128>,
    schedule: &'a mut Schedule,
    key: KeyId,
    /// How many timers were not set.
    ignored: u64,
    /// Whether a timer is being handled: a new one must be after it.
    in_timer: bool,
    time: PhantomData<T>,
}

impl<'a, T: EventTime> Timers<'a, T> {
    /// The timers while a row is handled.
    pub(super) fn of_row(now: i128, key: KeyId, pending: &'a mut Vec<i128>, schedule: &'a mut Schedule) -> Self {
        Timers { now, pending, schedule, key, ignored: 0, in_timer: false, time: PhantomData }
    }

    /// The timers while one of them is handled, which was set for `now`.
    pub(super) fn of_timer(now: i128, key: KeyId, pending: &'a mut Vec<i128>, schedule: &'a mut Schedule) -> Self {
        Timers { in_timer: true, ..Timers::of_row(now, key, pending, schedule) }
    }

    /// Event time: while a row is handled, with this row; while a timer is handled, the time of the timer.
    pub fn now(&self) -> T {
        T::at(self.now)
    }

    /// Sets a timer.
    ///
    /// While a row is handled, a time that has passed counts as [now](Timers::now): the timer fires as soon as event time moves.
    /// While a timer is handled, the new one must be after it. Otherwise it could never end; it is then counted and reported as
    /// an error of the operator, and ignored.
    pub fn set(&mut self, at: T) {
        let at = at.ticks().max(self.now);
        if self.in_timer && at == self.now {
            self.ignored += 1;
        } else if let Err(index) = self.pending.binary_search(&at) {
            self.pending.insert(index, at);
            self.schedule.insert(self.key.due(at, DueKind::Timer), self.key.slot);
        }
    }

    /// Removes all timers of the key.
    pub fn clear(&mut self) {
        for at in self.pending.drain(..) {
            self.schedule.remove(&self.key.due(at, DueKind::Timer));
        }
    }

    /// Sets a timer in place of all others of the key: to notice that a key falls silent, replace its timer with each row.
    pub fn replace(&mut self, at: T) {
        self.clear();
        self.set(at);
    }

    /// How many timers were not set because they are not after the one that is being handled.
    pub(super) fn ignored(&self) -> u64 {
        self.ignored
    }
}

impl<T: EventTime> fmt::Debug for Timers<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers")
            .field("now", &format_args!("{}", self.now()))
            .field("pending", &self.pending.len())
            .finish_non_exhaustive()
    }
}

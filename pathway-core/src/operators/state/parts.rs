//! The event time of the parts of a table: its sources, or parts such as devices or partitions.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::keyed_state::{KeyedState, Slot, hash_of};
use crate::data::{Datum, Schema};
use crate::dataflow::SavedState;
use crate::operators::window::EventTime;
use crate::plan::{Origin, Table, TimeInput};

/// The number of the part that a row belongs to: a hash with 64 bits, so that two parts have one number about never.
pub(crate) type PartOf<R> = Arc<dyn Fn(&R) -> u64 + Send + Sync>;

/// The parts of a table of arrivals that a closure tells apart. For another table, the pipeline fails with an error that says so.
pub(crate) fn part_of<R: Schema, P: Datum>(
    table: &Table<R>,
    part: impl Fn(&R) -> P + Send + Sync + 'static,
) -> TimeParts<R> {
    if !table.properties().is_sequence() {
        table.fail(format!(
            "`time_by` of {table:?}, whose rows can be removed or have no order: it needs a table of arrivals\n\
             read messages into a row without a primary key, or make a stream of the table with `to_stream`"
        ));
    }
    TimeParts::ByRow(Arc::new(move |row| hash_of(&part(row))))
}

/// The parts of a table whose least time is event time.
pub(crate) enum TimeParts<R> {
    /// There is only one: event time is the latest time of all rows.
    Whole,
    /// A closure says which part a row belongs to.
    ByRow(PartOf<R>),
    /// Each source is one.
    BySource(Arc<[Origin]>),
    /// The table is made by a join by time: its rows are one part, and each input is one.
    ByInput(Arc<[TimeInput]>),
}

impl<R: Schema> TimeParts<R> {
    /// The sources of a table of arrivals that has several of them, or the inputs of the joins by time of type `T` that a table is
    /// made by.
    pub(crate) fn of<T: EventTime>(table: &Table<R>) -> Self {
        if table.properties().is_sequence() {
            let origins = table.origins();
            return if origins.len() > 1 { TimeParts::BySource(origins) } else { TimeParts::Whole };
        }
        let inputs = table.time_inputs::<T>();
        if inputs.is_empty() { TimeParts::Whole } else { TimeParts::ByInput(inputs) }
    }

    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, TimeParts::Whole)
    }
}

impl<R> Clone for TimeParts<R> {
    fn clone(&self) -> Self {
        match self {
            TimeParts::Whole => TimeParts::Whole,
            TimeParts::ByRow(part) => TimeParts::ByRow(Arc::clone(part)),
            TimeParts::BySource(origins) => TimeParts::BySource(Arc::clone(origins)),
            TimeParts::ByInput(inputs) => TimeParts::ByInput(Arc::clone(inputs)),
        }
    }
}

/// The latest time of each part that is not idle. The least of them is event time.
pub(crate) struct Parts {
    parts: KeyedState<u64, Part>,
    /// The times of the parts.
    times: BTreeSet<(i128, u64)>,
    /// The parts without a row since some tick, by that tick.
    quiet: BTreeSet<(i128, Slot)>,
    /// The parts with a row since the last tick.
    heard: Vec<Slot>,
}

/// The time of a part that has had no row: event time is unknown.
const NO_ROW: i128 = i128::MIN;

#[derive(Serialize, Deserialize)]
struct Part {
    /// The latest time of its rows.
    time: i128,
    /// The first tick after its last row; `None` if there was none yet.
    quiet_since: Option<i128>,
    /// Whether it counts, and is in `times`.
    is_counted: bool,
    /// Whether it is in `heard`.
    is_heard: bool,
    /// It counts from the start, and is remembered while it is idle: otherwise, it would count again after a restart.
    is_expected: bool,
    has_ended: bool,
}

impl Default for Part {
    fn default() -> Self {
        let [is_counted, is_heard, is_expected, has_ended] = [false; 4];
        Part { time: NO_ROW, quiet_since: None, is_counted, is_heard, is_expected, has_ended }
    }
}

impl Parts {
    pub(crate) fn new() -> Self {
        Parts { parts: KeyedState::new(), times: BTreeSet::new(), quiet: BTreeSet::new(), heard: Vec::new() }
    }

    /// Parts that count before their first rows.
    pub(crate) fn expecting(numbers: impl Iterator<Item = u64>) -> Self {
        let mut parts = Parts::new();
        for number in numbers {
            parts.arrive(number, NO_ROW);
            let (slot, _) = parts.parts.entry(number);
            parts.parts.value(slot).is_expected = true;
        }
        parts.seal();
        parts
    }

    /// A row of a part arrives.
    pub(crate) fn arrive(&mut self, number: u64, time: i128) {
        let (slot, _) = self.parts.entry(number);
        let part = self.parts.value(slot);
        if part.has_ended {
            return;
        }
        if !part.is_counted || time > part.time {
            if std::mem::replace(&mut part.is_counted, true) {
                self.times.remove(&(part.time, number));
            }
            self.times.insert((time, number));
            part.time = time;
        }
        if !std::mem::replace(&mut part.is_heard, true) {
            self.heard.push(slot);
        }
    }

    /// The clock says a time. Parts without a row for `timeout` are left out until they have one.
    pub(crate) fn tick(&mut self, clock: i128, timeout: i128) {
        for slot in self.heard.drain(..) {
            let Some((_, part)) = self.parts.update(slot) else { continue };
            part.is_heard = false;
            if let Some(before) = part.quiet_since.replace(clock) {
                self.quiet.remove(&(before, slot));
            }
            self.quiet.insert((clock, slot));
        }
        while let Some((_, slot)) = self.quiet.first().copied().filter(|(since, _)| clock - since >= timeout) {
            self.quiet.pop_first();
            let Some((number, part)) = self.parts.update(slot) else { continue };
            self.times.remove(&(part.time, *number));
            *part = Part { is_expected: part.is_expected, ..Part::default() };
            self.parts.remove_if(slot, |(_, part)| !part.is_expected);
        }
    }

    /// No more rows of a part arrive, or they do not count.
    pub(crate) fn end(&mut self, number: u64) {
        let (slot, _) = self.parts.entry(number);
        let part = self.parts.value(slot);
        self.times.remove(&(part.time, number));
        self.quiet.retain(|(_, quiet)| *quiet != slot);
        self.heard.retain(|heard| *heard != slot);
        *part = Part { has_ended: true, ..Part::default() };
    }

    /// The rows that have arrived together are complete.
    pub(crate) fn seal(&mut self) {
        self.parts.seal(|_, _| true);
    }

    /// What checkpoints save.
    pub(crate) fn state(&mut self) -> &mut dyn SavedState {
        &mut self.parts
    }

    /// The state was loaded.
    pub(crate) fn loaded(&mut self) {
        let Parts { parts, times, quiet, heard } = self;
        (*times, *quiet, *heard) = Default::default();
        parts.visit_loaded(|slot, number, part| {
            times.extend(part.is_counted.then_some((part.time, *number)));
            quiet.extend(part.quiet_since.map(|since| (since, slot)));
            heard.extend(part.is_heard.then_some(slot));
        });
    }

    /// The part with the least time, and this time, which is `None` if it has had no row.
    pub(crate) fn slowest(&self) -> Option<(u64, Option<i128>)> {
        self.times.first().map(|(time, number)| (*number, Some(*time).filter(|time| *time != NO_ROW)))
    }

    /// Whether all parts are idle or have ended.
    pub(crate) fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// The least of the parts' times; `None` if a part has had no row, or all are idle.
    pub(crate) fn least(&self) -> Option<i128> {
        self.slowest()?.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_part_that_is_not_idle_counts() {
        let mut parts = Parts::new();
        assert_eq!(parts.least(), None);
        for (part, time, least) in [(1, 50, 50), (2, 10, 10), (2, 8, 10), (1, 9_000, 10), (2, 20, 20)] {
            parts.arrive(part, time);
            assert_eq!(parts.least(), Some(least), "{part} at {time}");
        }
        parts.tick(1_000, 60);
        parts.arrive(1, 9_001);
        parts.tick(1_059, 60);
        assert_eq!(parts.least(), Some(20));
        // The second part is idle.
        parts.tick(1_060, 60);
        assert_eq!(parts.least(), Some(9_001));
        parts.tick(1_119, 60);
        assert_eq!((parts.least(), parts.parts.len(), parts.times.len(), parts.quiet.len()), (None, 0, 0, 0));
        parts.arrive(2, 30);
        assert_eq!(parts.least(), Some(30));
    }

    #[test]
    fn a_part_that_is_expected_counts_before_its_first_row() {
        let mut parts = Parts::expecting([1, 2, 3].into_iter());
        parts.arrive(1, 50);
        assert_eq!(parts.slowest(), Some((2, None)));
        parts.tick(1_000, 60);
        parts.arrive(2, 40);
        parts.tick(1_060, 60);
        // The third is idle.
        assert_eq!(parts.slowest(), Some((2, Some(40))));
        parts.arrive(3, 30);
        assert_eq!(parts.slowest(), Some((3, Some(30))));
        parts.end(3);
        parts.arrive(3, 35);
        assert_eq!(parts.slowest(), Some((2, Some(40))));
        parts.end(2);
        assert_eq!(parts.least(), None);
        assert!(parts.is_empty());
    }
}

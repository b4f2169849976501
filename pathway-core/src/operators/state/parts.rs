//! The event time of the parts of a table, such as devices or partitions.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::keyed_state::hash_of;
use crate::data::{Datum, Schema};
use crate::plan::Table;

/// The number of the part that a row belongs to: a hash with 64 bits, so that two parts have one number about never.
pub(crate) type PartOf<R> = Arc<dyn Fn(&R) -> u64 + Send + Sync>;

/// Numbers the parts of a table of arrivals. For another table, the pipeline fails with an error that says so.
pub(crate) fn part_of<R: Schema, P: Datum>(
    table: &Table<R>,
    part: impl Fn(&R) -> P + Send + Sync + 'static,
) -> PartOf<R> {
    if !table.properties().is_sequence() {
        table.fail(format!(
            "`time_by` of {table:?}, whose rows can be removed or have no order: it needs a table of arrivals\n\
             read messages into a row without a primary key, or make a stream of the table with `to_stream`"
        ));
    }
    Arc::new(move |row| hash_of(&part(row)))
}

/// The latest time of each part that is not idle. The least of them is event time.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    parts: HashMap<u64, Part, FixedState>,
    /// The times of the parts.
    times: BTreeSet<(i128, u64)>,
    /// The parts without a row since some tick, by that tick.
    quiet: BTreeSet<(i128, u64)>,
    /// The parts with a row since the last tick.
    heard: Vec<u64>,
}

#[derive(Debug)]
struct Part {
    /// The latest time of its rows.
    time: i128,
    /// The first tick after its last row; `None` if there was none yet.
    quiet_since: Option<i128>,
    /// Whether it is in `heard`.
    is_heard: bool,
}

impl Parts {
    /// A row of a part arrives.
    pub(crate) fn arrive(&mut self, number: u64, time: i128) {
        let part = self.parts.entry(number).or_insert_with(|| {
            self.times.insert((time, number));
            Part { time, quiet_since: None, is_heard: false }
        });
        if time > part.time {
            self.times.remove(&(part.time, number));
            self.times.insert((time, number));
            part.time = time;
        }
        if !std::mem::replace(&mut part.is_heard, true) {
            self.heard.push(number);
        }
    }

    /// The clock says a time. Parts without a row for `timeout` are left out until they have one.
    pub(crate) fn tick(&mut self, clock: i128, timeout: i128) {
        for number in self.heard.drain(..) {
            let Some(part) = self.parts.get_mut(&number) else { continue };
            part.is_heard = false;
            if let Some(before) = part.quiet_since.replace(clock) {
                self.quiet.remove(&(before, number));
            }
            self.quiet.insert((clock, number));
        }
        while let Some((since, number)) = self.quiet.first().copied().filter(|(since, _)| clock - since >= timeout) {
            self.quiet.remove(&(since, number));
            if let Some(part) = self.parts.remove(&number) {
                self.times.remove(&(part.time, number));
            }
        }
    }

    /// The least of the parts' times; `None` if all parts are idle.
    pub(crate) fn least(&self) -> Option<i128> {
        self.times.first().map(|(time, _)| *time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_part_that_is_not_idle_counts() {
        let mut parts = Parts::default();
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
}

//! Values in the order of their arrival, any of which can be removed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::num::{NonZeroI64, NonZeroU64};

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use super::multiset::Multiset;
use crate::data::Datum;
use crate::operators::state::hash_of;

/// Values in the order of their arrival, each with the row that it belongs to. Of several with the same row and value, the one
/// that arrived last is removed first.
///
/// A change costs two lookups, however many values there are; no value is moved. If a value is removed before it arrives, its
/// next arrival cancels the removal.
///
/// ```
/// use pathway::reducers::Arrivals;
///
/// let mut values = Arrivals::default();
/// for (row, value, diff) in [(1, 3_i64, 1), (2, 5, 1), (3, 3, 1), (4, 4, 1), (1, 3, -1)] {
///     values.update(row, value, diff);
/// }
/// assert_eq!(values.iter().collect::<Vec<_>>(), [(&5, 1), (&3, 1), (&4, 1)]);
/// ```
#[derive(Serialize, Deserialize)]
#[serde(bound = "A: Datum")]
pub struct Arrivals<A>(Form<A>);

/// As in [`Multiset`]: a group of one row needs no allocation. A negative number of copies is a debt: removals without arrivals.
#[derive(Serialize, Deserialize)]
#[serde(bound = "A: Datum")]
enum Form<A> {
    One {
        #[serde(with = "Datum")]
        value: A,
        hash: u64,
        copies: NonZeroI64,
    },
    Many(Option<Box<Log<A>>>),
}

/// The position of an arrival, counted from 1.
type Position = NonZeroU64;

#[derive(Serialize, Deserialize)]
#[serde(bound = "A: Datum")]
struct Log<A> {
    arrivals: BTreeMap<Position, Arrival<A>>,
    /// The last arrival of each different row.
    #[serde(with = "newest")]
    newest: HashTable<Newest>,
    /// The position of the next arrival.
    next: Position,
    /// For each hash, how many more copies were removed than arrived.
    debt: Multiset<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "A: Datum")]
struct Arrival<A> {
    #[serde(with = "Datum")]
    value: A,
    copies: NonZeroI64,
    /// The previous arrival of the same row and value.
    previous: Option<Position>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Newest {
    position: Position,
    /// Of the row. Two rows with the same hash (one pair in 2⁶⁴) are still distinguished by unequal values.
    hash: u64,
}

impl<A> Default for Arrivals<A> {
    fn default() -> Self {
        Arrivals(Form::Many(None))
    }
}

impl<A: Datum> Arrivals<A> {
    /// Adds `diff` copies of the value of a row after all others, or removes them. `row` identifies the row, which has the same
    /// value each time; 0 if the value belongs to no other row.
    pub fn update(&mut self, row: u64, value: A, diff: i64) {
        let Some(diff) = NonZeroI64::new(diff) else { return };
        // The value of a row can be a row itself, whose hash changes with its columns.
        let hash = if row == 0 { hash_of(&value) } else { row };
        match &mut self.0 {
            Form::Many(None) => self.0 = Form::One { value, hash, copies: diff },
            Form::One { value: stored, hash: other, copies } if hash == *other && stored.compare(&value).is_eq() => {
                match NonZeroI64::new(copies.get().wrapping_add(diff.get())) {
                    Some(sum) => *copies = sum,
                    None => self.0 = Form::Many(None),
                }
            }
            Form::One { .. } => {
                let mut log = Box::new(Log::new());
                if let Form::One { value, hash, copies } = std::mem::take(&mut self.0) {
                    log.update(hash, value, copies);
                }
                log.update(hash, value, diff);
                self.0 = Form::Many(Some(log));
            }
            Form::Many(Some(log)) => {
                log.update(hash, value, diff);
                if let Some(small) = log.shrunk() {
                    self.0 = small;
                }
            }
        }
    }

    /// Replaces all values by this one, for tables whose rows are never removed.
    pub(super) fn replace(&mut self, value: A) {
        self.0 = Form::One { value, hash: 0, copies: ONE };
    }

    /// Finds out again by which hashes the values are found, for values that belong to no other row. They have changed if a program
    /// with other columns has loaded them; values that are equal now are copies of one.
    pub(in crate::operators) fn rehash(&mut self) {
        match &mut self.0 {
            Form::One { value, hash, .. } => *hash = hash_of(value),
            Form::Many(None) => {}
            Form::Many(Some(log)) => {
                let is_known = |newest: &Newest| {
                    log.arrivals.get(&newest.position).is_some_and(|arrival| hash_of(&arrival.value) == newest.hash)
                };
                if log.newest.iter().all(is_known) {
                    return;
                }
                let arrivals = std::mem::take(&mut log.arrivals);
                **log = Log::new();
                for Arrival { value, copies, .. } in arrivals.into_values() {
                    log.update(hash_of(&value), value, copies);
                }
            }
        }
    }

    /// The value that arrived first.
    pub fn first(&self) -> Option<&A> {
        self.iter().next().map(|(value, _)| value)
    }

    /// The value that arrived last.
    pub fn last(&self) -> Option<&A> {
        self.iter().next_back().map(|(value, _)| value)
    }

    /// The values in the order of arrival, each with the number of copies that arrived at once.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&A, i64)> {
        let (one, many) = match &self.0 {
            Form::One { value, copies, .. } => (Some((value, copies.get())), None),
            Form::Many(log) => (None, log.as_deref()),
        };
        let many = many
            .into_iter()
            .flat_map(|log| log.arrivals.values())
            .map(|arrival| (&arrival.value, arrival.copies.get()));
        one.into_iter().filter(|(_, copies)| *copies > 0).chain(many)
    }

    /// Like [`iter`](Arrivals::iter), with each copy by itself.
    pub fn each(&self) -> impl Iterator<Item = &A> {
        self.iter().flat_map(|(value, copies)| (0..copies).map(move |_| value))
    }

    /// Whether there is no value and no debt.
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Form::Many(None))
    }

    /// Whether a value was removed that has not arrived yet.
    pub(super) fn has_debt(&self) -> bool {
        match &self.0 {
            Form::One { copies, .. } => copies.is_negative(),
            Form::Many(log) => log.as_ref().is_some_and(|log| !log.debt.is_empty()),
        }
    }
}

/// One copy.
const ONE: NonZeroI64 = NonZeroI64::new(1).unwrap();

impl<A: Datum + fmt::Debug> fmt::Debug for Arrivals<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<A> Default for Form<A> {
    fn default() -> Self {
        Form::Many(None)
    }
}

impl<A: Datum> Log<A> {
    fn new() -> Self {
        Log { arrivals: BTreeMap::new(), newest: HashTable::new(), next: Position::MIN, debt: Multiset::default() }
    }

    fn update(&mut self, hash: u64, value: A, diff: NonZeroI64) {
        if diff.is_positive() {
            self.insert(hash, value, diff.get());
        } else {
            self.remove(hash, &value, diff.get().saturating_neg());
        }
    }

    fn insert(&mut self, hash: u64, value: A, copies: i64) {
        let cancelled = self.debt.copies(&hash).min(copies);
        if cancelled > 0 {
            self.debt.update(hash, -cancelled);
        }
        let Some(copies) = NonZeroI64::new(copies - cancelled) else { return };
        let position = self.next;
        self.next = position.saturating_add(1);
        let arrivals = &self.arrivals;
        let is_value = |newest: &Newest| newest.hash == hash && has_value(arrivals, newest.position, &value);
        let previous = match self.newest.find_mut(hash, is_value) {
            Some(newest) => Some(std::mem::replace(&mut newest.position, position)),
            None => {
                self.newest.insert_unique(hash, Newest { position, hash }, |newest| newest.hash);
                None
            }
        };
        self.arrivals.insert(position, Arrival { value, copies, previous });
    }

    fn remove(&mut self, hash: u64, value: &A, mut copies: i64) {
        while copies > 0 {
            let arrivals = &mut self.arrivals;
            let is_value = |newest: &Newest| newest.hash == hash && has_value(arrivals, newest.position, value);
            let found = self.newest.find_entry(hash, is_value);
            let Ok(mut newest) = found else {
                self.debt.update(hash, copies);
                return;
            };
            let Entry::Occupied(mut arrival) = arrivals.entry(newest.get().position) else { return };
            if let Some(left) = NonZeroI64::new(arrival.get().copies.get() - copies).filter(|left| left.is_positive()) {
                arrival.get_mut().copies = left;
                return;
            }
            let removed = arrival.remove();
            copies -= removed.copies.get();
            match removed.previous {
                Some(previous) => newest.get_mut().position = previous,
                None => drop(newest.remove()),
            }
        }
        // A group that was large once does not keep the memory.
        if self.newest.capacity() > 64 && self.newest.len() < self.newest.capacity() / 8 {
            self.newest.shrink_to(2 * self.newest.len(), |newest| newest.hash);
        }
    }

    /// The small form, if it is sufficient.
    fn shrunk(&mut self) -> Option<Form<A>> {
        if !self.debt.is_empty() || self.arrivals.len() > 1 {
            return None;
        }
        let hash = self.newest.iter().next().map(|newest| newest.hash);
        let last = self.arrivals.pop_first().zip(hash);
        Some(last.map_or_else(Form::default, |((_, arrival), hash)| Form::One {
            value: arrival.value,
            hash,
            copies: arrival.copies,
        }))
    }
}

/// Whether a value arrived at a position.
fn has_value<A: Datum>(arrivals: &BTreeMap<Position, Arrival<A>>, position: Position, value: &A) -> bool {
    arrivals.get(&position).is_some_and(|arrival| arrival.value.compare(value).is_eq())
}

/// Saves the entries of the table; loading builds it again.
mod newest {
    use hashbrown::HashTable;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Newest;

    pub(super) fn serialize<S: Serializer>(table: &HashTable<Newest>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(table)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HashTable<Newest>, D::Error> {
        let entries = Vec::<Newest>::deserialize(deserializer)?;
        let mut table = HashTable::with_capacity(entries.len());
        for newest in entries {
            table.insert_unique(newest.hash, newest, |newest| newest.hash);
        }
        Ok(table)
    }
}

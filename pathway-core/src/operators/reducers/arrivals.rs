//! Values in the order in which they came, of which any can go again.

use std::collections::BTreeMap;
use std::num::{NonZeroI64, NonZeroU64};

use hashbrown::HashTable;

use super::multiset::Multiset;
use crate::data::Datum;
use crate::operators::state::hash_of;

/// Values in the order in which they came, each with the row that it is of. Of several that are equal in both, the one
/// that came last goes first.
///
/// A change costs a search among the places and one among the rows, however many there are; nothing is moved.
/// A value that goes before it comes is owed: the next of its kind does not come.
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
pub struct Arrivals<A>(Form<A>);

/// As in [`Multiset`]: a group of one row needs no allocation. Fewer copies than none are owed.
enum Form<A> {
    One { value: A, hash: u64, copies: NonZeroI64 },
    Many(Option<Box<Log<A>>>),
}

/// When a value came, counted from 1.
type Place = NonZeroU64;

struct Log<A> {
    rows: BTreeMap<Place, Arrival<A>>,
    /// Where each different row came last.
    newest: HashTable<Newest>,
    /// Where the next one comes.
    next: Place,
    /// How many more copies of what has this hash have gone than came.
    owed: Multiset<u64>,
}

struct Arrival<A> {
    value: A,
    copies: NonZeroI64,
    /// Where the same came before.
    older: Option<Place>,
}

#[derive(Clone, Copy)]
struct Newest {
    place: Place,
    /// Of the row and the value. Two that share it, one in 2⁶⁴, are told apart if their values are not equal.
    hash: u64,
}

impl<A> Default for Arrivals<A> {
    fn default() -> Self {
        Arrivals(Form::Many(None))
    }
}

impl<A: Datum> Arrivals<A> {
    /// `diff` copies of a row's value come, behind all others, or go. `row` tells the row from others.
    pub fn update(&mut self, row: u64, value: A, diff: i64) {
        let Some(diff) = NonZeroI64::new(diff) else { return };
        // Not by `^`: a row of one column has the hash of its value.
        let hash = row.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(hash_of(&value));
        match &mut self.0 {
            Form::Many(None) => self.0 = Form::One { value, hash, copies: diff },
            Form::One { value: held, hash: other, copies } if hash == *other && held.compare(&value).is_eq() => {
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

    /// Forgets all but one value, where no value ever goes.
    pub(super) fn keep(&mut self, value: A) {
        self.0 = Form::One { value, hash: 0, copies: ONE };
    }

    /// The value that came first.
    pub fn first(&self) -> Option<&A> {
        self.iter().next().map(|(value, _)| value)
    }

    /// The value that came last.
    pub fn last(&self) -> Option<&A> {
        self.iter().next_back().map(|(value, _)| value)
    }

    /// The values as they came, each with the number of copies that came at once.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&A, i64)> {
        let (one, many) = match &self.0 {
            Form::One { value, copies, .. } => (Some((value, copies.get())), None),
            Form::Many(log) => (None, log.as_deref()),
        };
        let many = many.into_iter().flat_map(|log| log.rows.values()).map(|row| (&row.value, row.copies.get()));
        one.into_iter().filter(|(_, copies)| *copies > 0).chain(many)
    }

    /// The same, each copy by itself.
    pub fn each(&self) -> impl Iterator<Item = &A> {
        self.iter().flat_map(|(value, copies)| (0..copies).map(move |_| value))
    }

    /// Whether nothing is kept: no value, and none owed.
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Form::Many(None))
    }

    /// Whether a value has gone that has not come yet.
    pub(super) fn owes(&self) -> bool {
        match &self.0 {
            Form::One { copies, .. } => copies.is_negative(),
            Form::Many(log) => log.as_ref().is_some_and(|log| !log.owed.is_empty()),
        }
    }
}

/// One copy.
const ONE: NonZeroI64 = NonZeroI64::new(1).unwrap();

impl<A> Default for Form<A> {
    fn default() -> Self {
        Form::Many(None)
    }
}

impl<A: Datum> Log<A> {
    fn new() -> Self {
        Log { rows: BTreeMap::new(), newest: HashTable::new(), next: Place::MIN, owed: Multiset::default() }
    }

    fn update(&mut self, hash: u64, value: A, diff: NonZeroI64) {
        if diff.is_positive() {
            self.come(hash, value, diff.get());
        } else {
            self.go(hash, &value, diff.get().saturating_neg());
        }
    }

    fn come(&mut self, hash: u64, value: A, copies: i64) {
        let paid = self.owed.copies(&hash).min(copies);
        if paid > 0 {
            self.owed.update(hash, -paid);
        }
        let Some(copies) = NonZeroI64::new(copies - paid) else { return };
        let place = self.next;
        self.next = place.saturating_add(1);
        let rows = &self.rows;
        let is_value = |newest: &Newest| newest.hash == hash && holds(rows, newest.place, &value);
        let older = match self.newest.find_mut(hash, is_value) {
            Some(newest) => Some(std::mem::replace(&mut newest.place, place)),
            None => {
                self.newest.insert_unique(hash, Newest { place, hash }, |newest| newest.hash);
                None
            }
        };
        self.rows.insert(place, Arrival { value, copies, older });
    }

    fn go(&mut self, hash: u64, value: &A, mut copies: i64) {
        while copies > 0 {
            let rows = &mut self.rows;
            let found = self.newest.find_entry(hash, |newest| newest.hash == hash && holds(rows, newest.place, value));
            let Ok(mut newest) = found else {
                self.owed.update(hash, copies);
                return;
            };
            let std::collections::btree_map::Entry::Occupied(mut row) = rows.entry(newest.get().place) else { return };
            if let Some(left) = NonZeroI64::new(row.get().copies.get() - copies).filter(|left| left.is_positive()) {
                row.get_mut().copies = left;
                return;
            }
            let gone = row.remove();
            copies -= gone.copies.get();
            match gone.older {
                Some(older) => newest.get_mut().place = older,
                None => drop(newest.remove()),
            }
        }
        // A group that was large once does not keep the room for it.
        if self.newest.capacity() > 64 && self.newest.len() < self.newest.capacity() / 8 {
            self.newest.shrink_to(2 * self.newest.len(), |newest| newest.hash);
        }
    }

    /// The small form, where that will do.
    fn shrunk(&mut self) -> Option<Form<A>> {
        if !self.owed.is_empty() || self.rows.len() > 1 {
            return None;
        }
        let hash = self.newest.iter().next().map(|newest| newest.hash);
        let last = self.rows.pop_first().zip(hash);
        Some(last.map_or_else(Form::default, |((_, row), hash)| Form::One {
            value: row.value,
            hash,
            copies: row.copies,
        }))
    }
}

/// Whether a value came at a place.
fn holds<A: Datum>(rows: &BTreeMap<Place, Arrival<A>>, place: Place, value: &A) -> bool {
    rows.get(&place).is_some_and(|row| row.value.compare(value).is_eq())
}

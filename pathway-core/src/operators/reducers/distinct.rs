//! `count_distinct`: the number of different values of a group.

use std::fmt;
use std::num::NonZeroI64;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use serde::{Deserialize, Serialize};

use super::{ReduceError, Reducer};
use crate::data::{Datum, DatumKey};

/// The exact number of different values of a group. Use a tuple for several columns: `count_distinct((o.city, o.day))`.
///
/// `None` is skipped, as in SQL; within a tuple it is a value like any other. NaN is a value; the two zeros of floats are one value.
///
/// ```
/// use pathway::reducers::{CountDistinct, Reducer};
///
/// let mut values = Default::default();
/// for value in [3_i64, 5, 3] {
///     CountDistinct.update(&mut values, value, 1);
/// }
/// assert_eq!(Reducer::<i64>::output(&CountDistinct, &values), Ok(2));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CountDistinct;

/// The different values of a group; see [`CountDistinct`].
#[derive(Serialize, Deserialize)]
#[serde(bound = "A: Datum")]
pub struct Distinct<A> {
    /// The copies of each value; within a commit the number may be negative.
    copies: HashMap<DatumKey<A>, NonZeroI64, FixedState>,
    /// The number of values with a positive number of copies.
    present: i64,
}

impl<A> fmt::Debug for Distinct<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Distinct").field("present", &self.present).finish_non_exhaustive()
    }
}

impl<A> Default for Distinct<A> {
    fn default() -> Self {
        Distinct { copies: HashMap::default(), present: 0 }
    }
}

#[cfg(test)]
impl<A> Distinct<A> {
    pub(super) fn is_empty(&self) -> bool {
        self.copies.is_empty() && self.present == 0
    }
}

impl<A: Datum> Reducer<A> for CountDistinct {
    type State = Distinct<A>;
    type Output = i64;

    fn update(&self, Distinct { copies, present }: &mut Distinct<A>, argument: A, diff: i64) {
        let Some(diff) = NonZeroI64::new(diff).filter(|_| !argument.is_missing()) else { return };
        let (before, after) = match copies.entry(DatumKey(argument)) {
            Entry::Vacant(entry) => {
                entry.insert(diff);
                (0, diff.get())
            }
            Entry::Occupied(mut entry) => {
                let before = entry.get().get();
                let after = before.wrapping_add(diff.get());
                match NonZeroI64::new(after) {
                    Some(after) => drop(entry.insert(after)),
                    None => drop(entry.remove()),
                }
                (before, after)
            }
        };
        *present += i64::from(after > 0) - i64::from(before > 0);
    }

    fn output(&self, values: &Distinct<A>) -> Result<i64, ReduceError> {
        Ok(values.present)
    }
}

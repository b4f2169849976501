//! `top_k`: the greatest values of a group.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::multiset::Multiset;
use super::{Input, ReduceError, Reducer};
use crate::data::Datum;

/// The `k` greatest values of a group as a `Vec`, in descending order and counting copies: `top_k(o.price, 3)`. If there are fewer,
/// all of them.
///
/// Use a tuple to keep other columns with them: `top_k((o.price, o.id), 3)`. Values are ordered as by [`Max`](struct@super::Max). `None` is
/// skipped, as in SQL; within a tuple it is below every other value.
///
/// Memory: `k` values if the table only grows, otherwise all values.
///
/// ```
/// use pathway::reducers::{Reducer, TopK};
///
/// let (top, mut values) = (TopK::new(2), Default::default());
/// for (value, diff) in [(3_i64, 1), (5, 1), (9, 1), (9, -1)] {
///     top.update(&mut values, value, diff);
/// }
/// assert_eq!(Reducer::<i64>::output(&top, &values), Ok(vec![5, 3]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TopK {
    k: usize,
    append_only: bool,
}

impl TopK {
    /// The reducer for the `k` greatest values. `k` must be at least 1; otherwise the pipeline does not start.
    pub const fn new(k: usize) -> Self {
        TopK { k, append_only: false }
    }
}

/// The state of [`TopK`] for a group.
#[derive(Serialize, Deserialize)]
#[serde(bound = "A: Datum")]
pub struct Top<A> {
    values: Multiset<A>,
    /// The number of values, counting copies.
    kept: i64,
}

impl<A: Datum + fmt::Debug> fmt::Debug for Top<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Top").field(&self.values).finish()
    }
}

impl<A> Default for Top<A> {
    fn default() -> Self {
        Top { values: Multiset::default(), kept: 0 }
    }
}

#[cfg(test)]
impl<A: Datum> Top<A> {
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.kept == 0
    }

    pub(super) fn kept(&self) -> i64 {
        self.kept
    }
}

impl<A: Datum> Top<A> {
    /// Removes the least values until no more than `max` are left.
    fn shrink(&mut self, max: i64) {
        while self.kept > max {
            let Some((least, copies)) = self.values.iter().next() else { return };
            let (least, excess) = (least.clone_datum(), copies.min(self.kept - max));
            self.values.update(least, -excess);
            self.kept -= excess;
        }
    }
}

impl<A: Datum> Reducer<A> for TopK {
    type State = Top<A>;
    type Output = Vec<A>;

    fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
        self.append_only = input.append_only;
        if self.k == 0 { Err(ReduceError::new("`top_k` of 0 values: it must be at least one")) } else { Ok(()) }
    }

    fn update(&self, top: &mut Top<A>, argument: A, diff: i64) {
        if argument.is_missing() {
            return;
        }
        let max = i64::try_from(self.k).unwrap_or(i64::MAX);
        if self.append_only
            && top.kept >= max
            && top.values.first().is_some_and(|least| argument.compare(least).is_le())
        {
            return;
        }
        top.values.update(argument, diff);
        top.kept = top.kept.wrapping_add(diff);
        if self.append_only {
            top.shrink(max);
        }
    }

    fn output(&self, top: &Top<A>) -> Result<Vec<A>, ReduceError> {
        let all = top.values.iter().rev();
        Ok(all.flat_map(|(value, copies)| (0..copies).map(|_| value.clone_datum())).take(self.k).collect())
    }
}

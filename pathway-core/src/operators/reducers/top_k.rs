//! `top_k`: the greatest values of a group.

use super::multiset::Multiset;
use super::{Input, ReduceError, Reducer};
use crate::data::Datum;

/// The `k` greatest of a group's values as a `Vec`, the greatest first, each as often as it is there:
/// `top_k(o.price, 3)`. Where fewer are there, all of them.
///
/// What stands beside them comes along in a tuple: `top_k((o.price, o.id), 3)`. Values are ordered as by
/// [`Max`](super::Max): `None` is below every other, and comes last.
///
/// Over a table whose rows never go it keeps `k` values, else all.
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
    /// The reducer with how many values are wanted: at least one, else the pipeline does not start.
    pub const fn new(k: usize) -> Self {
        TopK { k, append_only: false }
    }
}

/// What [`TopK`] keeps for a group.
pub struct Top<A> {
    values: Multiset<A>,
    /// How many they are, copies counted.
    kept: i64,
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
    /// Drops the least values, so that no more than `most` are left.
    fn shrink(&mut self, most: i64) {
        while self.kept > most {
            let Some((least, copies)) = self.values.iter().next() else { return };
            let (least, too_many) = (least.clone_datum(), copies.min(self.kept - most));
            self.values.update(least, -too_many);
            self.kept -= too_many;
        }
    }
}

impl<A: Datum> Reducer<A> for TopK {
    type State = Top<A>;
    type Output = Vec<A>;

    fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
        self.append_only = input.append_only;
        if self.k == 0 { Err(ReduceError::new("`top_k` of 0 values: at least one is wanted")) } else { Ok(()) }
    }

    fn update(&self, top: &mut Top<A>, argument: A, diff: i64) {
        let most = i64::try_from(self.k).unwrap_or(i64::MAX);
        if self.append_only
            && top.kept >= most
            && top.values.first().is_some_and(|least| argument.compare(least).is_le())
        {
            return;
        }
        top.values.update(argument, diff);
        top.kept = top.kept.wrapping_add(diff);
        if self.append_only {
            top.shrink(most);
        }
    }

    fn output(&self, top: &Top<A>) -> Result<Vec<A>, ReduceError> {
        let all = top.values.iter().rev();
        Ok(all.flat_map(|(value, copies)| (0..copies).map(|_| value.clone_datum())).take(self.k).collect())
    }
}

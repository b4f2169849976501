//! The ranges of rows: only rows whose ranges overlap can meet the condition of a join.

use std::sync::Arc;

use super::rows::{Index, Rows};
use crate::data::Datum;
use crate::operators::state::TimeMap;

/// A range of [ranks](super::rank::Rank), with both ends. Its end may be before its start.
#[derive(Clone, Copy)]
pub(super) struct Range {
    from: i128,
    to: i128,
}

impl Range {
    pub(super) const ALL: Range = Range { from: i128::MIN, to: i128::MAX };

    /// Between the ranks of two values. Where one has no rank, the range has no bound.
    pub(super) fn between((from, to): (Option<i128>, Option<i128>)) -> Self {
        Range { from: from.unwrap_or(i128::MIN), to: to.unwrap_or(i128::MAX) }
    }

    /// How many bits the length has.
    fn magnitude(self) -> u32 {
        let length = if self.to < self.from { 0 } else { self.to.abs_diff(self.from) };
        u128::BITS - length.leading_zeros()
    }
}

/// Computes the range of a row.
pub(super) type RangeOf<T> = Arc<dyn Fn(&T) -> Range + Send + Sync>;

/// How to find the ranges of the rows of both sides.
///
/// They are computed from the rows, and not kept: a program may change them together with the condition.
pub(super) struct Ranges<L, R> {
    pub(super) left: RangeOf<L>,
    pub(super) right: RangeOf<R>,
}

impl<L, R> Clone for Ranges<L, R> {
    fn clone(&self) -> Self {
        Ranges { left: Arc::clone(&self.left), right: Arc::clone(&self.right) }
    }
}

/// The rows of a key by their ranges.
///
/// Rows are kept by the magnitude of their range's length, and then by its start. A range of fewer than 2^n numbers that overlaps
/// another one starts fewer than 2^n before it, so that for each magnitude, few more rows are looked at than overlap: of ranges
/// that are spread evenly, at most twice as many.
struct RowsByRange<T> {
    range_of: RangeOf<T>,
    /// By n, in ascending order.
    magnitudes: Vec<(u32, TimeMap<Rows<T>>)>,
    /// How many rows there are, counting copies.
    count: i64,
}

/// How often a long list of rows has been searched.
#[derive(Clone, Copy, Default)]
pub(super) struct Searches(u16);

impl Searches {
    /// Puts the rows of a key into an index, if searching them so many more times is slower without one.
    ///
    /// To put a row into an index takes about as long as to compare it with this number of others. Many keys need no index: those
    /// of which one side has few rows, and arrives before the other one.
    pub(super) fn expect<T: Datum>(&mut self, searches: usize, rows: &mut Rows<T>, range_of: &RangeOf<T>) {
        const MOST_ROWS: i64 = 32;
        const MOST_SEARCHES: u16 = 16;
        if rows.count() <= MOST_ROWS {
            return;
        }
        self.0 = self.0.saturating_add(u16::try_from(searches).unwrap_or(u16::MAX));
        if self.0 > MOST_SEARCHES {
            rows.index_with(|| {
                Box::new(RowsByRange { range_of: Arc::clone(range_of), magnitudes: Vec::new(), count: 0 })
            });
        }
    }
}

/// The greatest length of this magnitude.
fn longest(magnitude: u32) -> u128 {
    u128::MAX.checked_shr(u128::BITS - magnitude).unwrap_or(0)
}

impl<T: Datum> Index<T> for RowsByRange<T> {
    fn update(&mut self, row: T, diff: i64) {
        let range = (self.range_of)(&row);
        let magnitude = range.magnitude();
        let place = match self.magnitudes.binary_search_by_key(&magnitude, |(magnitude, _)| *magnitude) {
            Ok(place) => place,
            Err(place) => {
                self.magnitudes.insert(place, (magnitude, TimeMap::default()));
                place
            }
        };
        let (_, starts) = &mut self.magnitudes[place];
        let rows = starts.get_or_insert_with(range.from, Rows::default);
        rows.update(row, diff);
        if rows.is_empty() {
            starts.remove(range.from);
        }
        if starts.is_empty() {
            self.magnitudes.remove(place);
        }
        self.count += diff;
    }

    fn count(&self) -> i64 {
        self.count
    }

    fn is_empty(&self) -> bool {
        self.magnitudes.is_empty()
    }

    fn copies(&self, row: &T) -> i64 {
        let range = (self.range_of)(row);
        let of_magnitude = self.magnitudes.iter().find(|(other, _)| *other == range.magnitude());
        of_magnitude.and_then(|(_, starts)| starts.get(range.from)).map_or(0, |rows| rows.copies(row))
    }

    fn near(&self, range: Range) -> Box<dyn Iterator<Item = (&T, i64)> + '_> {
        Box::new(self.magnitudes.iter().flat_map(move |(magnitude, starts)| {
            let first = range.from.saturating_sub_unsigned(longest(*magnitude));
            let starts = (first <= range.to).then(|| starts.range(first..=range.to));
            starts.into_iter().flatten().flat_map(|(_, rows)| rows.iter())
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A row with the ends of its range.
    type Row = (i64, i64);

    fn range_of() -> RangeOf<Row> {
        let end = |end: i64| match end {
            i64::MIN => i128::MIN,
            i64::MAX => i128::MAX,
            end => end.into(),
        };
        Arc::new(move |(from, to)| Range { from: end(*from), to: end(*to) })
    }

    fn rows(random: &mut fastrand::Rng, spread: i64, lengths: &[i64]) -> Row {
        let from = random.i64(0..spread);
        match random.u8(0..20) {
            0 => (i64::MIN, from),
            1 => (from, i64::MAX),
            2 => (i64::MIN, i64::MAX),
            _ => (from, from + lengths[random.usize(..lengths.len())]),
        }
    }

    #[test]
    fn it_finds_all_rows_that_overlap() {
        for seed in 0..100 {
            let mut random = fastrand::Rng::with_seed(seed);
            let (range_of, mut model) = (range_of(), BTreeMap::<Row, i64>::new());
            let (mut indexed, mut searches) = (Rows::default(), Searches::default());
            for step in 0..400 {
                let removed = model.keys().nth(random.usize(..model.len().max(1))).copied();
                let (row, diff) = match removed.filter(|_| random.u32(..12) < step / 40) {
                    Some(row) => (row, -1),
                    None => (rows(&mut random, 100, &[-40, -1, 0, 1, 3, 20, 200]), random.i64(1..3)),
                };
                indexed.update(row, diff);
                *model.entry(row).or_default() += diff;
                model.retain(|_, copies| *copies != 0);
                searches.expect(1, &mut indexed, &range_of);

                let range = range_of(&rows(&mut random, 100, &[-5, 0, 10, 90]));
                let mut near = BTreeMap::new();
                indexed.near(range).for_each(|(row, copies)| *near.entry(*row).or_default() += copies);
                for (row, copies) in &model {
                    let found = near.get(row).copied().unwrap_or(0);
                    let of_row = range_of(row);
                    let overlaps = of_row.from <= range.to && range.from <= of_row.to;
                    assert!(found == *copies || found == 0 && !overlaps, "seed {seed}, step {step}: {row:?}");
                    assert_eq!(indexed.copies(row), *copies, "seed {seed}, step {step}: {row:?}");
                }
                assert_eq!(near.keys().filter(|row| !model.contains_key(row)).count(), 0, "seed {seed}");
                assert_eq!((indexed.count(), indexed.is_empty()), (model.values().sum(), model.is_empty()));
            }
            let bytes = postcard::to_stdvec(&indexed).expect("bytes");
            let loaded: Rows<Row> = postcard::from_bytes(&bytes).expect("rows");
            let mut sums = BTreeMap::new();
            loaded.iter().for_each(|(row, copies)| *sums.entry(*row).or_default() += copies);
            assert_eq!((sums, loaded.count()), (model, indexed.count()), "seed {seed}");
        }
    }

    #[test]
    fn it_looks_at_few_other_rows() {
        let (range_of, mut random) = (range_of(), fastrand::Rng::with_seed(3));
        let mut indexed = Rows::default();
        for _ in 0..20_000 {
            let from = random.i64(0..1_000_000);
            indexed.update((from, from + random.i64(1..1_000)), 1);
        }
        Searches::default().expect(100, &mut indexed, &range_of);
        let (mut looked_at, mut overlapping) = (0, 0);
        for at in (1_000..1_000_000).step_by(1_000) {
            looked_at += indexed.near(range_of(&(at, at))).count();
            overlapping += indexed.near(range_of(&(at, at))).filter(|((from, to), _)| *from <= at && at <= *to).count();
        }
        assert!(looked_at < 2 * overlapping && overlapping > 5_000, "{looked_at} {overlapping}");
    }
}

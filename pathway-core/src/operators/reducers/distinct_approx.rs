//! `count_distinct_approx`: about how many different values a group has, in little memory.

use std::hash::BuildHasher;

use datasketches::hll::{Coupon, HllSketch, HllType};
use foldhash::quality::FixedState;

use super::sample::Sample;
use super::{Input, ReduceError, Reducer};
use crate::data::{Datum, DatumRef};

/// About how many different values a group has. Several columns are a tuple, as in
/// [`CountDistinct`](super::CountDistinct), which is exact.
///
/// Over a table whose rows never go it is a HyperLogLog sketch (of Apache DataSketches): at most 4.2 KB a group, with a
/// standard error of 1.3 %. Over a table whose rows can go, which such a sketch can't follow, it is a sample of the
/// values' hashes with the number of their copies: at most 8 192 of them, 300 KB a group; exact up to there, with a
/// standard error of 1.1 to 1.6 % beyond. A group that has shrunk keeps the sample that it had at its greatest: of `n`
/// different values, with `m` at that time, the standard error is about `√(m / n) / 70` of `n`.
///
/// `None` is a value like any other. The hash is the same in every run: equal rows give equal estimates.
///
/// ```
/// use pathway::reducers::{CountDistinctApprox, Reducer};
///
/// let (count, mut values) = (CountDistinctApprox::new(), Default::default());
/// for value in 0..20_000_i64 {
///     count.update(&mut values, value, 1);
/// }
/// let about = Reducer::<i64>::output(&count, &values)?;
/// assert!((19_000..21_000).contains(&about), "{about}");
/// # Ok::<(), pathway::reducers::ReduceError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CountDistinctApprox {
    append_only: bool,
}

impl CountDistinctApprox {
    /// The reducer.
    pub const fn new() -> Self {
        CountDistinctApprox { append_only: false }
    }
}

/// What [`CountDistinctApprox`] keeps for a group.
#[derive(Default)]
pub struct ApproximateCount(Option<Box<Kind>>);

enum Kind {
    Sketch(HllSketch),
    Sample(Sample),
}

/// 2¹² registers, as Pathway has: a standard error of 0.83 / √2¹².
const LG_REGISTERS: u8 = 12;

impl Kind {
    fn new(append_only: bool) -> Self {
        // The number of registers is one that the sketch allows.
        let sketch = append_only.then(|| HllSketch::new(LG_REGISTERS, HllType::Hll8).ok()).flatten();
        sketch.map_or_else(|| Kind::Sample(Sample::default()), Kind::Sketch)
    }
}

#[cfg(test)]
impl ApproximateCount {
    pub(super) fn is_empty(&self) -> bool {
        match self.0.as_deref() {
            None => true,
            Some(Kind::Sketch(_)) => false,
            Some(Kind::Sample(sample)) => sample.is_empty(),
        }
    }
}

impl<A: Datum> Reducer<A> for CountDistinctApprox {
    /// A sketch's estimate follows the order in which values first came, within its error, and which sample was the
    /// greatest may depend on the order within a commit.
    const ORDERED: bool = true;

    type State = ApproximateCount;
    type Output = i64;

    fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
        self.append_only = input.append_only;
        Ok(())
    }

    fn update(&self, count: &mut ApproximateCount, argument: A, diff: i64) {
        match &mut **count.0.get_or_insert_with(|| Box::new(Kind::new(self.append_only))) {
            Kind::Sketch(sketch) if diff > 0 => sketch.update_with_coupon(Coupon::from_value(DatumRef(&argument))),
            Kind::Sketch(_) => {}
            Kind::Sample(sample) => sample.update(FixedState::default().hash_one(DatumRef(&argument)), diff),
        }
    }

    fn output(&self, count: &ApproximateCount) -> Result<i64, ReduceError> {
        Ok(match count.0.as_deref() {
            None => 0,
            Some(Kind::Sketch(sketch)) => sketch.estimate().round() as i64,
            Some(Kind::Sample(sample)) => sample.estimate(),
        })
    }
}

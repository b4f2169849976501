//! `count_distinct_approx`: an estimate of the number of different values of a group, in little memory.

use std::fmt;
use std::hash::BuildHasher;

use datasketches::hll::{Coupon, HllSketch, HllType};
use foldhash::quality::FixedState;
use serde::{Deserialize, Serialize};

use super::sample::Sample;
use super::{Input, ReduceError, Reducer};
use crate::data::{Datum, DatumRef, HashesOf};

/// An estimate of the number of different values of a group. Use a tuple for several columns, as in
/// [`CountDistinct`](super::CountDistinct), which is exact.
///
/// If the table only grows, it is a HyperLogLog sketch (Apache DataSketches): at most 4.2 KB for each group, with a standard error
/// of 1.3 %. Such a sketch cannot remove values. If rows can be removed, it is a sample of the hashes of the values, with the
/// number of copies of each: at most 8 192 hashes, 300 KB for each group. It is exact up to that number of values, and has a
/// standard error of 1.1 to 1.6 % beyond. A group that shrinks keeps the sampling rate that it had at its largest: for `n` values
/// now and `m` values then, the standard error is about `√(m / n) / 70` of `n`.
///
/// `None` is skipped, as in SQL; within a tuple it is a value like any other. The hash is the same in every run: equal rows give equal estimates.
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

/// The state of [`CountDistinctApprox`] for a group.
#[derive(Serialize, Deserialize)]
#[serde(bound = "A: Datum")]
pub struct ApproximateCount<A>(Option<Box<Kind>>, HashesOf<A>);

impl<A> Default for ApproximateCount<A> {
    fn default() -> Self {
        ApproximateCount(None, HashesOf::default())
    }
}

#[derive(Serialize, Deserialize)]
enum Kind {
    Sketch(#[serde(with = "sketch")] HllSketch),
    Sample(Sample),
}

impl<A> fmt::Debug for ApproximateCount<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ApproximateCount").field(&self.estimate()).finish()
    }
}

impl<A> ApproximateCount<A> {
    fn estimate(&self) -> i64 {
        match self.0.as_deref() {
            None => 0,
            Some(Kind::Sketch(sketch)) => sketch.estimate().round() as i64,
            Some(Kind::Sample(sample)) => sample.estimate(),
        }
    }
}

/// 2¹² registers, as in Pathway: a standard error of 0.83 / √2¹².
const LG_REGISTERS: u8 = 12;

impl Kind {
    fn new(append_only: bool) -> Self {
        // It cannot fail: the sketch allows this number of registers.
        let sketch = append_only.then(|| HllSketch::new(LG_REGISTERS, HllType::Hll8).ok()).flatten();
        sketch.map_or_else(|| Kind::Sample(Sample::default()), Kind::Sketch)
    }
}

#[cfg(test)]
impl<A> ApproximateCount<A> {
    pub(super) fn is_empty(&self) -> bool {
        match self.0.as_deref() {
            None => true,
            Some(Kind::Sketch(_)) => false,
            Some(Kind::Sample(sample)) => sample.is_empty(),
        }
    }
}

impl<A: Datum> Reducer<A> for CountDistinctApprox {
    /// Within its error, the estimate of a sketch depends on the order in which values first arrive. The largest size of a sample
    /// may depend on the order within a commit.
    const ORDERED: bool = true;

    type State = ApproximateCount<A>;
    type Output = i64;

    fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
        self.append_only = input.append_only;
        Ok(())
    }

    fn update(&self, count: &mut ApproximateCount<A>, argument: A, diff: i64) {
        if argument.is_missing() {
            return;
        }
        match &mut **count.0.get_or_insert_with(|| Box::new(Kind::new(self.append_only))) {
            Kind::Sketch(sketch) if diff > 0 => sketch.update_with_coupon(Coupon::from_value(DatumRef(&argument))),
            Kind::Sketch(_) => {}
            Kind::Sample(sample) => sample.update(FixedState::default().hash_one(DatumRef(&argument)), diff),
        }
    }

    fn output(&self, count: &ApproximateCount<A>) -> Result<i64, ReduceError> {
        Ok(count.estimate())
    }
}

/// Saves a sketch in the form of Apache DataSketches.
///
/// A table of few values is loaded with other places for them. They have no effect: its estimate depends on how many there are,
/// and so does the estimate with which the registers begin.
mod sketch {
    use datasketches::hll::{HllSketch, HllType};
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::LG_REGISTERS;
    use crate::data::is_listening;

    pub(super) fn serialize<S: Serializer>(sketch: &HllSketch, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&sketch.serialize())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HllSketch, D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        if is_listening() {
            return HllSketch::new(LG_REGISTERS, HllType::Hll8).map_err(D::Error::custom);
        }
        let sketch = HllSketch::deserialize(&bytes).map_err(D::Error::custom)?;
        match (sketch.lg_config_k(), sketch.target_type()) {
            (LG_REGISTERS, HllType::Hll8) => Ok(sketch),
            (registers, _) => {
                Err(D::Error::custom(format_args!("a sketch of 2^{registers} registers or of another kind")))
            }
        }
    }
}

//! `quantile`, `quantile_cont` and `median`: the value at a rank among the values of a group.

use jiff::SignedDuration;

use super::ranks::Ranks;
use super::{Input, ReduceError, Reducer};
use crate::data::Datum;

/// The exact quantile: the least value such that at least the fraction `q` of the values is not greater:
/// `quantile(o.price, 0.95)`. It is SQL's `percentile_disc`, also known as the nearest rank.
///
/// It is one of the values, so they only need an order; [`QuantileCont`] interpolates numbers. `q` ranges from 0 (the minimum) to 1
/// (the maximum). If the product of `q` and the number of values is a whole number up to rounding errors, it counts as one: the
/// 0.07-quantile of 100 values is the 7th. Floats are ordered with NaN above everything. `None` is skipped, as in SQL; the quantile
/// of an `Option` column is `None` if there is no other value.
///
/// Memory: every different value of a group. A change costs two lookups in a B-tree, whatever the size of the group.
///
/// ```
/// use pathway::reducers::{Quantile, Reducer};
///
/// let (quantile, mut values) = (Quantile::new(0.75), Default::default());
/// for value in [3_i64, 9, 5, 7] {
///     quantile.update(&mut values, value, 1);
/// }
/// assert_eq!(Reducer::<i64>::output(&quantile, &values), Ok(7));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Quantile {
    q: f64,
}

/// The interpolated quantile: `quantile_cont(o.price, 0.95)`, `median(o.price)`. It is SQL's `percentile_cont`, and the default of
/// numpy.
///
/// The result is an `f64` for integers and floats, a duration for durations. It is interpolated between two values with the precision
/// of `f64`: integers beyond 2⁵³ are rounded first, and the distance of two durations is rounded to 53 bits. Otherwise it works as
/// [`Quantile`].
///
/// ```
/// use pathway::reducers::{QuantileCont, Reducer};
///
/// let (median, mut values) = (QuantileCont::median(), Default::default());
/// for value in [3_i64, 9, 5, 7] {
///     median.update(&mut values, value, 1);
/// }
/// assert_eq!(Reducer::<i64>::output(&median, &values), Ok(6.0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct QuantileCont {
    q: f64,
}

impl Quantile {
    /// The reducer for the fraction `q`, from 0 to 1. With any other value, the pipeline does not start.
    pub const fn new(q: f64) -> Self {
        Quantile { q }
    }

    /// The rank of the quantile among `n` values, counted from 0.
    fn rank(self, n: i64) -> i64 {
        let exact = self.q * n as f64;
        let whole = exact.round();
        let nearest = if (exact - whole).abs() <= whole.abs() * TOLERANCE { whole } else { exact.ceil() };
        (nearest as i64).clamp(1, n.max(1)) - 1
    }
}

/// The relative error up to which a product counts as a whole number: a few roundings.
const TOLERANCE: f64 = 4.0 * f64::EPSILON;

impl QuantileCont {
    /// The reducer for the fraction `q`, from 0 to 1. With any other value, the pipeline does not start.
    pub const fn new(q: f64) -> Self {
        QuantileCont { q }
    }

    /// The median: the quantile for 0.5.
    pub const fn median() -> Self {
        QuantileCont { q: 0.5 }
    }

    /// The rank of the lower of the two values among `n`, counted from 0, and the fraction of the way to the next one.
    fn position(self, n: i64) -> (i64, f64) {
        let position = self.q.clamp(0.0, 1.0) * (n - 1) as f64;
        let whole = position.floor();
        (whole as i64, position - whole)
    }
}

fn check(word: &str, q: f64) -> Result<(), ReduceError> {
    match q {
        0.0..=1.0 => Ok(()),
        _ => Err(ReduceError::new(format!("`{word}` of {q}: the fraction must be between 0 and 1"))),
    }
}

impl<A: Datum> Reducer<A> for Quantile {
    type State = Ranks<A>;
    type Output = A;

    fn prepare(&mut self, _: Input) -> Result<(), ReduceError> {
        check("quantile", self.q)
    }

    fn update(&self, values: &mut Ranks<A>, argument: A, diff: i64) {
        values.update(argument, diff);
    }

    fn finish_commit(&self, values: &mut Ranks<A>) {
        let (missing, n) = split(values);
        values.move_cursor(missing + self.rank(n));
    }

    fn output(&self, values: &Ranks<A>) -> Result<A, ReduceError> {
        let (missing, n) = split(values);
        // If all values are missing, the result is a missing value.
        let rank = if n > 0 { missing + self.rank(n) } else { 0 };
        values.at(rank).map(A::clone_datum).ok_or_else(ReduceError::nothing_left)
    }
}

impl<A: Interpolate> Reducer<A> for QuantileCont {
    type State = Ranks<A>;
    type Output = A::Output;

    fn prepare(&mut self, _: Input) -> Result<(), ReduceError> {
        check("quantile_cont", self.q)
    }

    fn update(&self, values: &mut Ranks<A>, argument: A, diff: i64) {
        values.update(argument, diff);
    }

    fn finish_commit(&self, values: &mut Ranks<A>) {
        let (missing, n) = split(values);
        values.move_cursor(missing + self.position(n).0);
    }

    fn output(&self, values: &Ranks<A>) -> Result<A::Output, ReduceError> {
        let (missing, n) = split(values);
        let (lower, part) = if n > 0 { self.position(n) } else { (0, 0.0) };
        let rank = if n > 0 { missing + lower } else { 0 };
        let low = values.at(rank).ok_or_else(ReduceError::nothing_left)?;
        let high = values.at(rank + 1).filter(|_| part > 0.0).unwrap_or(low);
        Ok(A::between(low, high, part))
    }
}

/// The number of missing values, and of other values.
fn split<A: Datum>(values: &Ranks<A>) -> (i64, i64) {
    let missing = values.missing();
    (missing, values.present() - missing)
}

/// A value that `quantile_cont` and `median` can interpolate: integers and floats give an `f64`, durations a duration, and an
/// `Option` of these an `Option`.
///
/// ```
/// use pathway::reducers::Interpolate;
///
/// assert_eq!(i64::between(&1, &5, 0.25), 2.0);
/// ```
#[diagnostic::on_unimplemented(
    message = "cannot interpolate a column of `{Self}`, as `median` and `quantile_cont` do",
    label = "this column is not numeric",
    note = "`quantile(.., 0.5)` is the middle value of any column that has an order"
)]
pub trait Interpolate: Datum {
    /// The type of the result.
    type Output: 'static;

    /// The value at the fraction `part` of the way from `low` to `high`. `part` is at least 0 and less than 1.
    fn between(low: &Self, high: &Self, part: f64) -> Self::Output;
}

impl Interpolate for f64 {
    type Output = f64;

    fn between(low: &f64, high: &f64, part: f64) -> f64 {
        let (low, high) = (*low, *high);
        let step = high - low;
        if part == 0.0 || step == 0.0 {
            low
        } else if !step.is_finite() {
            // The distance overflows, or one of them is infinite.
            low * (1.0 - part) + high * part
        } else if part < 0.5 {
            low + step * part
        } else {
            // From the nearer end, as in numpy: the result is never beyond it.
            high - step * (1.0 - part)
        }
    }
}

macro_rules! as_f64 {
    ($($number:ty),+) => {$(
        impl Interpolate for $number {
            type Output = f64;

            fn between(low: &Self, high: &Self, part: f64) -> f64 {
                f64::between(&(*low as f64), &(*high as f64), part)
            }
        }
    )+};
}

as_f64!(i8, i16, i32, i64, u8, u16, u32, u64, f32);

/// Rounds to the nearest nanosecond.
impl Interpolate for SignedDuration {
    type Output = SignedDuration;

    fn between(low: &Self, high: &Self, part: f64) -> Self {
        let step = high.as_nanos() - low.as_nanos();
        let between = low.as_nanos() + (step as f64 * part).round() as i128;
        SignedDuration::try_from_nanos_i128(between).unwrap_or(*low)
    }
}

/// `None` is never interpolated: it is the result only if all values are missing.
#[diagnostic::do_not_recommend]
impl<A: Interpolate> Interpolate for Option<A> {
    type Output = Option<A::Output>;

    fn between(low: &Self, high: &Self, part: f64) -> Self::Output {
        Some(A::between(low.as_ref()?, high.as_ref()?, part))
    }
}

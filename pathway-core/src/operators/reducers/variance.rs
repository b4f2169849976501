//! `variance` and `stddev`: the spread of the values of a group.

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

use super::exact::{ExactSquares, ExactSum, Magnitude, natural};
use super::{IntegerSum, ReduceError, Reducer, Saved};

/// The sample variance of the values of a group: the sum of their squared distances from the mean, divided by one less than their
/// number. It is `None` if there is only one value, as SQL's `var_samp`.
///
/// It is exact, in whatever order rows are inserted and removed: the true variance of the current rows, rounded once. It is computed
/// from the exact sums of the values and of their squares, not from running means, which drift. It is NaN while there is a NaN or an
/// infinity, and infinite beyond the largest float; it never wraps. `None` in the column is skipped, as in SQL.
///
/// ```
/// use pathway::reducers::{Reducer, Variance};
///
/// let mut values = Default::default();
/// for (value, diff) in [(1_000_000_001.0, 1), (1e300, 1), (1_000_000_002.0, 1), (1_000_000_003.0, 1), (1e300, -1)] {
///     Variance.update(&mut values, value, diff);
/// }
/// assert_eq!(Reducer::<f64>::output(&Variance, &values), Ok(Some(1.0)));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Variance;

/// The population variance of the values of a group: the sum of their squared distances from the mean, divided by their number. It is
/// 0 for one value, as SQL's `var_pop`, and `None` for an `Option` column without values.
///
/// ```
/// use pathway::reducers::{Reducer, VariancePop};
///
/// let mut values = Default::default();
/// VariancePop.update(&mut values, 1_i64, 1);
/// VariancePop.update(&mut values, 3_i64, 1);
/// assert_eq!(Reducer::<i64>::output(&VariancePop, &values), Ok(1.0));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct VariancePop;

/// The sample standard deviation of the values of a group: the square root of [`Variance`], within one unit in the last place. It is
/// `None` if there is only one value.
///
/// ```
/// use pathway::reducers::{Reducer, Stddev};
///
/// let mut values = Default::default();
/// for value in [2_i64, 4, 4, 4, 5, 5, 7, 9] {
///     Stddev.update(&mut values, value, 1);
/// }
/// assert_eq!(Reducer::<i64>::output(&Stddev, &values), Ok(Some((32.0_f64 / 7.0).sqrt())));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Stddev;

/// The population standard deviation of the values of a group: the square root of [`VariancePop`], within one unit in the last
/// place.
///
/// ```
/// use pathway::reducers::{Reducer, StddevPop};
///
/// let mut values = Default::default();
/// for value in [2_i64, 4, 4, 4, 5, 5, 7, 9] {
///     StddevPop.update(&mut values, value, 1);
/// }
/// assert_eq!(Reducer::<i64>::output(&StddevPop, &values), Ok(2.0));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct StddevPop;

macro_rules! spread {
    ($reducer:ident, $output:ty, $moments:ident => $result:expr) => {
        impl<T: Measurable> Reducer<T> for $reducer {
            type State = T::Moments;
            type Output = $output;

            #[inline]
            fn update(&self, moments: &mut T::Moments, value: T, diff: i64) {
                T::add(moments, value, diff);
            }

            fn output(&self, $moments: &T::Moments) -> Result<Self::Output, ReduceError> {
                $result
            }
        }
    };
}

spread!(Variance, Option<f64>, moments => Ok(T::variance(moments, 1).map(Spread::squared)));
spread!(Stddev, Option<f64>, moments => Ok(T::variance(moments, 1).map(Spread::root)));
spread!(VariancePop, T::Population, moments => T::population(T::variance(moments, 0).map(Spread::squared)));
spread!(StddevPop, T::Population, moments => T::population(T::variance(moments, 0).map(Spread::root)));

/// A number, or an `Option` of one, for `variance` and `stddev`.
///
/// Implement it for your own newtype by delegating to the inner type:
/// ```
/// use pathway::reducers::{Measurable, ReduceError, Spread};
///
/// struct Celsius(f64);
///
/// impl Measurable for Celsius {
///     type Moments = <f64 as Measurable>::Moments;
///     type Population = f64;
///
///     fn add(moments: &mut Self::Moments, value: Self, diff: i64) {
///         <f64 as Measurable>::add(moments, value.0, diff);
///     }
///
///     fn variance(moments: &Self::Moments, less: i64) -> Option<Spread> {
///         f64::variance(moments, less)
///     }
///
///     fn population(variance: Option<f64>) -> Result<f64, ReduceError> {
///         f64::population(variance)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "cannot measure the spread of a column of `{Self}`, as `variance` and `stddev` do",
    label = "this column is not numeric",
    note = "for a duration, use its seconds: `o.took.as_secs_f64()`"
)]
pub trait Measurable: 'static {
    /// The state of a group. Its default is the state without values.
    type Moments: Default + Saved;

    /// The type of a population variance: an `f64`, or an `Option` of it if there may be no values.
    type Population: 'static;

    /// Adds `diff` copies of a value, or removes them.
    fn add(moments: &mut Self::Moments, value: Self, diff: i64);

    /// The sum of the squared distances from the mean, divided by the number of values minus `less`. `None` if this divisor is not
    /// positive.
    fn variance(moments: &Self::Moments, less: i64) -> Option<Spread>;

    /// The population variance in its type.
    ///
    /// # Errors
    /// There are no values, and the type has no `None`.
    fn population(variance: Option<f64>) -> Result<Self::Population, ReduceError>;
}

/// An exact variance, before it is rounded.
#[derive(Clone, Copy, Debug)]
pub struct Spread(Option<Magnitude>);

impl Spread {
    /// Not a number.
    const NAN: Self = Spread(None);

    /// `n` × Σx² − (Σx)² over `n` × (`n` − `less`), in units of 2^(`exponent` − 1074).
    fn new(n: i64, less: i64, squared_sum: BigUint, squares: BigUint, exponent: i32) -> Option<Self> {
        let (n, by) = (u128::try_from(n).ok()?, u128::try_from(n - less).ok().filter(|by| *by > 0)?);
        let squares = squares * n;
        // It is negative only while more copies of a value were removed than inserted.
        let distances = if squares >= squared_sum { squares - squared_sum } else { BigUint::ZERO };
        Some(Spread(Some(Magnitude::of_quotient(distances, n * by, exponent))))
    }

    /// The variance, rounded once.
    pub fn squared(self) -> f64 {
        self.0.map_or(f64::NAN, Magnitude::to_f64)
    }

    /// The standard deviation, within one unit in the last place.
    pub fn root(self) -> f64 {
        self.0.map_or(f64::NAN, Magnitude::root)
    }
}

/// The number of integers, their sum, and the sum of their squares.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct IntegerMoments {
    n: i64,
    sum: IntegerSum,
    /// Modulo 2¹⁹², least significant limb first: fewer than 2⁶³ squares, each below 2¹²⁸.
    squares: [u64; 3],
}

impl IntegerMoments {
    fn add(&mut self, value: i128, diff: i64) {
        self.n = self.n.wrapping_add(diff);
        self.sum.add(value, diff);
        let square = value.unsigned_abs() * value.unsigned_abs();
        let copies = diff.unsigned_abs();
        let (low, carry) = (square as u64).carrying_mul(copies, 0);
        let (middle, high) = ((square >> 64) as u64).carrying_mul(copies, carry);
        let mut over = false;
        for (limb, term) in self.squares.iter_mut().zip([low, middle, high]) {
            (*limb, over) = if diff < 0 { limb.borrowing_sub(term, over) } else { limb.carrying_add(term, over) };
        }
    }

    fn variance(&self, less: i64) -> Option<Spread> {
        let sum = BigUint::from(self.sum.get().unsigned_abs());
        Spread::new(self.n, less, &sum * &sum, natural(&self.squares), Magnitude::UNIT)
    }
}

/// The number of floats, their exact sum, and the exact sum of their squares.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FloatMoments {
    n: i64,
    sum: ExactSum,
    squares: ExactSquares,
}

impl FloatMoments {
    fn add(&mut self, value: f64, diff: i64) {
        self.n = self.n.wrapping_add(diff);
        self.sum.add(value, diff);
        self.squares.add(value, diff);
    }

    fn variance(&self, less: i64) -> Option<Spread> {
        let Some((_, sum, place)) = self.sum.exact() else { return (self.n > less).then_some(Spread::NAN) };
        let (squares, square_place) = self.squares.exact();
        // Both in units of the lower place. The place of the squared sum is twice that of the sum.
        let (place, square_place) = (2 * i32::from(place), i32::from(square_place));
        let lower = place.min(square_place);
        let squared_sum = (&sum * &sum) << (place - lower).unsigned_abs();
        let squares = squares << (square_place - lower).unsigned_abs();
        Spread::new(self.n, less, squared_sum, squares, lower - Magnitude::UNIT)
    }

    #[cfg(test)]
    pub(super) fn is_zero(&self) -> bool {
        self.n == 0 && self.sum.is_zero() && self.squares.is_zero()
    }
}

macro_rules! measurable {
    ($moments:ident, $wide:ty: $($number:ty),+) => {$(
        impl Measurable for $number {
            type Moments = $moments;
            type Population = f64;

            #[inline]
            fn add(moments: &mut $moments, value: Self, diff: i64) {
                moments.add(<$wide>::from(value), diff);
            }

            fn variance(moments: &$moments, less: i64) -> Option<Spread> {
                moments.variance(less)
            }

            fn population(variance: Option<f64>) -> Result<f64, ReduceError> {
                variance.ok_or_else(ReduceError::nothing_left)
            }
        }
    )+};
}

measurable!(IntegerMoments, i128: i8, i16, i32, i64, u8, u16, u32, u64);
measurable!(FloatMoments, f64: f32, f64);

#[diagnostic::do_not_recommend]
impl<T: Measurable> Measurable for Option<T> {
    type Moments = T::Moments;
    type Population = Option<f64>;

    #[inline]
    fn add(moments: &mut T::Moments, value: Self, diff: i64) {
        if let Some(value) = value {
            T::add(moments, value, diff);
        }
    }

    fn variance(moments: &T::Moments, less: i64) -> Option<Spread> {
        T::variance(moments, less)
    }

    fn population(variance: Option<f64>) -> Result<Option<f64>, ReduceError> {
        Ok(variance)
    }
}

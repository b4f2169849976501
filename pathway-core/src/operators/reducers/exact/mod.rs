//! The exact sum of floats that can be removed again.
//!
//! A finite float is an integer times 2⁻¹⁰⁷⁴, and so is a sum of floats: an integer of up to 2 240 bits, which stays exact under
//! additions and removals. It is rounded once, when it is read: the result depends on the current rows, not on their order, nor on
//! rows that have been removed.
//!
//! This is Kulisch's long accumulator (Kulisch and Miranker, *The arithmetic of the digital computer*, 1986; Neal,
//! *Fast exact summation using small and large superaccumulators*, 2015). The other exact way, expansions of floats
//! that do not overlap (Shewchuk 1997; Hettinger's `math.fsum` in Python), costs more here: a term with `diff` copies must be
//! split, sums beyond the largest float need a second expansion, and each addition is a chain of dependent float operations.
//! Integers have none of these problems.
//! It stays small because the values of one column mostly have similar magnitudes, so that the bits in use fit a window of 128
//! bits. A sum that does not fit its window moves to the heap, and back when it fits again.
//!
//! The existing crates cannot remove NaN and infinities again: `fsum` 0.1 (a `Vec` of partial sums, which overflow) and `xsum` 0.1
//! (half a kilobyte for each sum, no multiplicities).

mod round;
mod squares;
mod wide;

pub(super) use super::exact::round::Magnitude;
pub(super) use super::exact::squares::ExactSquares;
use super::exact::wide::Wide;

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

/// The exact sum of floats that can be removed again, in 24 bytes for values of similar magnitude.
///
/// NaN and infinities are counted separately, so that the sum recovers when they are removed.
/// The sum of no values, or of zeros of any sign, is `0.0`.
///
/// ```
/// use pathway::reducers::ExactSum;
///
/// let mut sum = ExactSum::default();
/// sum.add(0.1, 3);
/// sum.add(f64::NAN, 1);
/// assert!(sum.to_f64().is_nan());
/// sum.add(f64::NAN, -1);
/// sum.add(0.1, -2);
/// assert_eq!(sum.to_f64(), 0.1);
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ExactSum(Form<LIMBS>);

/// The highest bit of a float has the place 2 097; 2⁶³ copies of it, 2⁶³ times, take 126 more, and one bit is the sign.
const LIMBS: usize = 35;

/// A sum in the unit of its user: 2⁻¹⁰⁷⁴ for floats.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Form<const LIMBS: usize> {
    /// The sum is `integer` × 2^`exponent` units.
    Narrow { integer: Words, exponent: u16 },
    /// The sum does not fit `Narrow`, or there are NaN or infinities among the values.
    Wide(Box<Wide<LIMBS>>),
}

/// How far a significand of 54 bits can be shifted within 128.
const SAFE_DISTANCE: u16 = 128 - 54;

/// An `i128` without an alignment of 16 bytes: low word first.
type Words = [u64; 2];

impl<const LIMBS: usize> Default for Form<LIMBS> {
    fn default() -> Self {
        Form::Narrow { integer: [0, 0], exponent: 0 }
    }
}

impl ExactSum {
    /// Adds `diff` copies of a value, or removes them.
    #[inline]
    pub fn add(&mut self, value: f64, diff: i64) {
        let Some((significand, at)) = split(value) else { return self.add_special(value, diff) };
        // The common case: one copy, which fits the window as it is.
        if let Form::Narrow { integer, exponent } = &mut self.0
            && matches!(diff, 1 | -1)
            && let distance = at.wrapping_sub(*exponent)
            && distance <= SAFE_DISTANCE
            && let Some(sum) = join(*integer).checked_add(i128::from(significand * diff) << distance)
        {
            *integer = words(sum);
            return;
        }
        // 54 and 64 bits with their signs: the product fits.
        self.0.add_term(i128::from(significand) * i128::from(diff), at);
    }

    /// The sum, rounded to the nearest float, ties to even. It is infinite if the nearest float is beyond [`f64::MAX`].
    pub fn to_f64(&self) -> f64 {
        self.special().unwrap_or_else(|| self.magnitude().to_f64())
    }

    /// The sum as an `f32`, rounded once and not first to an `f64`.
    pub fn to_f32(&self) -> f32 {
        self.special().map_or_else(|| self.magnitude().to_f32(), |special| special as f32)
    }

    /// The sum divided by a number of rows, rounded once. It is NaN for no rows.
    pub fn mean(&self, rows: i64) -> f64 {
        match self.special() {
            _ if rows == 0 => f64::NAN,
            Some(special) => special * rows.signum() as f64,
            None => self.magnitude().divided_by(rows).to_f64(),
        }
    }

    #[cfg(test)]
    pub(super) const ON_THE_HEAP: usize = size_of::<Wide<LIMBS>>();

    #[cfg(test)]
    pub(super) fn is_on_the_heap(&self) -> bool {
        matches!(self.0, Form::Wide(_))
    }

    #[cfg(test)]
    pub(super) fn is_zero(&self) -> bool {
        matches!(self.0, Form::Narrow { integer: [0, 0], .. })
    }

    /// The sum if a value is NaN or infinite.
    fn special(&self) -> Option<f64> {
        match &self.0 {
            Form::Narrow { .. } => None,
            Form::Wide(wide) => wide.special(),
        }
    }

    fn magnitude(&self) -> Magnitude {
        match &self.0 {
            Form::Narrow { integer, exponent } => Magnitude::new(join(*integer), *exponent),
            Form::Wide(wide) => wide.magnitude(),
        }
    }

    /// Whether the sum is negative, its absolute value, and the place of its lowest bit, in units of 2⁻¹⁰⁷⁴.
    /// `None` if a value is NaN or infinite.
    pub(super) fn exact(&self) -> Option<(bool, BigUint, u16)> {
        self.special().is_none().then(|| self.0.exact())
    }

    #[cold]
    fn add_special(&mut self, value: f64, diff: i64) {
        self.0.change_wide(|wide| wide.add_special(value, diff));
    }
}

impl<const LIMBS: usize> Form<LIMBS> {
    /// Adds `term` × 2^`at` units.
    #[inline(never)]
    fn add_term(&mut self, term: i128, at: u16) {
        if term == 0 {
            return;
        }
        if let Form::Narrow { integer, exponent } = self {
            let sum = join(*integer);
            // Without trailing zeros it may fit: 1.0 is 2⁵² × 2⁻⁵².
            let near = add_aligned((sum, *exponent), (term, at))
                .or_else(|| add_aligned(stripped(sum, *exponent), stripped(term, at)));
            if let Some((sum, lower)) = near {
                (*integer, *exponent) = (words(sum), lower);
                return;
            }
        }
        self.change_wide(|wide| wide.add(term, at));
    }

    /// Changes the wide form, and returns to the narrow form if it is sufficient.
    fn change_wide(&mut self, change: impl FnOnce(&mut Wide<LIMBS>)) {
        if let Form::Narrow { integer, exponent } = *self {
            let mut wide = Box::<Wide<LIMBS>>::default();
            wide.add(join(integer), exponent);
            *self = Form::Wide(wide);
        }
        if let Form::Wide(wide) = self {
            change(wide);
            if let Some((sum, exponent)) = wide.narrowed() {
                *self = Form::Narrow { integer: words(sum), exponent };
            }
        }
    }

    /// Whether the sum of the finite values is negative, its absolute value, and the place of its lowest bit.
    fn exact(&self) -> (bool, BigUint, u16) {
        match self {
            Form::Narrow { integer, exponent } => {
                let integer = join(*integer);
                (integer < 0, BigUint::from(integer.unsigned_abs()), *exponent)
            }
            Form::Wide(wide) => {
                let (negative, limbs) = wide.absolute();
                let lowest = limbs.iter().position(|limb| *limb != 0).unwrap_or(0);
                (negative, natural(&limbs[lowest..]), 64 * lowest as u16)
            }
        }
    }
}

/// The natural number with these limbs, least significant limb first.
pub(super) fn natural(limbs: &[u64]) -> BigUint {
    BigUint::new(limbs.iter().flat_map(|limb| [*limb as u32, (*limb >> 32) as u32]).collect())
}

/// A finite float as (significand, place): significand × 2^(place − 1074).
#[inline]
fn split(value: f64) -> Option<(i64, u16)> {
    let bits = value.to_bits();
    let fraction = (bits & ((1 << 52) - 1)).cast_signed();
    let (significand, place) = match (bits >> 52) as u16 & 0x7ff {
        0x7ff => return None,
        0 => (fraction, 0),
        field => (fraction | 1 << 52, field - 1),
    };
    Some((if value.is_sign_negative() { -significand } else { significand }, place))
}

/// The sum of two numbers, each an integer with its place, if it fits 128 bits at the lower place.
fn add_aligned((sum, exponent): (i128, u16), (term, at): (i128, u16)) -> Option<(i128, u16)> {
    if sum == 0 {
        return Some((term, at));
    }
    let (high, low, lower) = if at >= exponent { (term, sum, exponent) } else { (sum, term, at) };
    let distance = u32::from(at.abs_diff(exponent));
    let shifted = high.checked_shl(distance)?;
    (shifted >> distance == high).then(|| shifted.checked_add(low)).flatten().map(|total| (total, lower))
}

/// The same number with an odd integer.
fn stripped(integer: i128, exponent: u16) -> (i128, u16) {
    let zeros = if integer == 0 { 0 } else { integer.trailing_zeros() };
    (integer >> zeros, exponent + zeros as u16)
}

#[inline]
fn join([low, high]: Words) -> i128 {
    (u128::from(high) << 64 | u128::from(low)).cast_signed()
}

#[inline]
fn words(integer: i128) -> Words {
    [integer as u64, (integer >> 64) as u64]
}

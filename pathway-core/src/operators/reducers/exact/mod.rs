//! The exact sum of floats that come and go.
//!
//! A finite float is an integer times 2⁻¹⁰⁷⁴, so that a sum of floats is one too: an integer of up to 2 240 bits,
//! which additions and retractions leave exact. It is rounded when it is looked at, once: what comes out depends on
//! the rows that are there, not on their order, nor on those that have gone.
//!
//! This is Kulisch's long accumulator (Kulisch and Miranker, *The arithmetic of the digital computer*, 1986; Neal,
//! *Fast exact summation using small and large superaccumulators*, 2015). The other exact way, expansions of floats
//! that do not overlap (Shewchuk 1997; Hettinger's `math.fsum` in Python), costs more here: a term that comes `diff`
//! times has to be split up, sums beyond the largest float need a second expansion, and each addition is a chain of
//! dependent float operations. With integers none of that arises.
//! What keeps it small: the values of one column mostly have like magnitudes, so that the bits in use fit a window
//! of 128. A sum that outgrows its window moves to the heap, and back when it fits again.
//!
//! The crates that there are do not take retractions of NaN and infinities back: `fsum` 0.1 (a `Vec` of partials, which
//! overflow) and `xsum` 0.1 (half a kilobyte a sum, no multiplicities).

mod natural;
mod round;
mod squares;
mod wide;

pub(super) use super::exact::natural::Natural;
pub(super) use super::exact::round::Magnitude;
pub(super) use super::exact::squares::ExactSquares;
use super::exact::wide::Wide;

/// The exact sum of floats that come and go, in 24 bytes for values of like magnitude.
///
/// NaN and infinities are counted apart, so that the sum heals when they go.
/// The sum of nothing, or of zeros of any sign, is `0.0`.
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
#[derive(Clone, Debug, Default)]
pub struct ExactSum(Form<LIMBS>);

/// The highest bit of a float has the place 2 097; 2⁶³ copies of it, 2⁶³ times, take 126 more, and one is the sign.
const LIMBS: usize = 35;

/// A sum in units that its user knows: of floats, 2⁻¹⁰⁷⁴.
#[derive(Clone, Debug)]
enum Form<const LIMBS: usize> {
    /// The sum is `integer` × 2^`exponent` units.
    Narrow { integer: Words, exponent: u16 },
    /// The sum does not fit that, or NaN or an infinity is among the values.
    Wide(Box<Wide<LIMBS>>),
}

/// How far a significand of 54 bits can be shifted within 128.
const SAFE_DISTANCE: u16 = 128 - 54;

/// An `i128` that does not ask for an alignment of 16 bytes: low word first.
type Words = [u64; 2];

impl<const LIMBS: usize> Default for Form<LIMBS> {
    fn default() -> Self {
        Form::Narrow { integer: [0, 0], exponent: 0 }
    }
}

impl ExactSum {
    /// `diff` copies of a value come or go.
    #[inline]
    pub fn add(&mut self, value: f64, diff: i64) {
        let Some((significand, at)) = split(value) else { return self.add_special(value, diff) };
        // One copy, and a window that reaches it without a move: this is what nearly every change is.
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

    /// The sum, rounded to the nearest float, of two that are equally near to the even one.
    /// It is infinite when the nearest is beyond [`f64::MAX`].
    pub fn to_f64(&self) -> f64 {
        self.special().unwrap_or_else(|| self.magnitude().to_f64())
    }

    /// The same for an `f32`: rounded once, not first to an `f64`.
    pub fn to_f32(&self) -> f32 {
        self.special().map_or_else(|| self.magnitude().to_f32(), |special| special as f32)
    }

    /// The sum divided by a number of rows, rounded once. Of no rows it is NaN.
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
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self.0, Form::Narrow { integer: [0, 0], .. })
    }

    /// The sum where it is not a number or not finite because a value is.
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

    /// The sum without its sign, whether it is negative, and the place of its lowest bit: in units of 2⁻¹⁰⁷⁴.
    /// None where it is not a number, or not finite.
    pub(super) fn exact(&self) -> Option<(bool, Natural, u16)> {
        self.special().is_none().then(|| self.0.exact())
    }

    #[cold]
    fn add_special(&mut self, value: f64, diff: i64) {
        self.0.widen(|wide| wide.add_special(value, diff));
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
            // Trailing zeros may be what is too much: 1.0 is 2⁵² × 2⁻⁵².
            let near = add_aligned((sum, *exponent), (term, at))
                .or_else(|| add_aligned(stripped(sum, *exponent), stripped(term, at)));
            if let Some((sum, lower)) = near {
                (*integer, *exponent) = (words(sum), lower);
                return;
            }
        }
        self.widen(|wide| wide.add(term, at));
    }

    /// Changes the wide form, and goes back to the narrow one where that will do.
    fn widen(&mut self, change: impl FnOnce(&mut Wide<LIMBS>)) {
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

    /// The finite values' sum without its sign, whether it is negative, and the place of its lowest bit.
    fn exact(&self) -> (bool, Natural, u16) {
        match self {
            Form::Narrow { integer, exponent } => {
                let integer = join(*integer);
                (integer < 0, Natural::from(integer.unsigned_abs()), *exponent)
            }
            Form::Wide(wide) => {
                let (negative, limbs) = wide.absolute();
                let lowest = limbs.iter().position(|limb| *limb != 0).unwrap_or(0);
                (negative, Natural::of_limbs(limbs[lowest..].to_vec()), 64 * lowest as u16)
            }
        }
    }
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

/// The sum of two numbers, each given by an integer and its place, where it fits 128 bits at the lower place.
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

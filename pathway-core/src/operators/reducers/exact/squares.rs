//! The exact sum of the squares of floats that can be removed again.

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

use super::{Form, split};

/// The exact sum of squares, in units of 2⁻²¹⁴⁸. It takes 24 bytes while it fits a window of 128 bits, as for numbers with few
/// digits. The square of a float has up to 106 bits: values with long fractions whose magnitudes differ by more than a factor of
/// about a hundred take the long form, on the heap.
///
/// Values that are not finite are left out: the sum of the values, which is kept with it, counts them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in super::super) struct ExactSquares(Form<LIMBS>);

/// The highest bit of a square has the place 4 195; the copies take 126 more, as in a sum of floats.
const LIMBS: usize = 68;

/// The number of bits of a significand.
const HALF: u16 = 53;

impl ExactSquares {
    /// Adds `diff` copies of a value, or removes them.
    #[inline]
    pub(in super::super) fn add(&mut self, value: f64, diff: i64) {
        let Some((significand, at)) = split(value) else { return };
        let square = i128::from(significand) * i128::from(significand);
        if matches!(diff, 1 | -1) {
            self.0.add_term(square * i128::from(diff), 2 * at);
            return;
        }
        // In two halves, because the product of 106 and 64 bits does not fit.
        let (high, low) = (square >> HALF, square & ((1 << HALF) - 1));
        self.0.add_term(high * i128::from(diff), 2 * at + HALF);
        self.0.add_term(low * i128::from(diff), 2 * at);
    }

    /// The sum and the place of its lowest bit. Zero while more was removed than inserted.
    pub(in super::super) fn exact(&self) -> (BigUint, u16) {
        match self.0.exact() {
            (false, sum, place) => (sum, place),
            (true, ..) => (BigUint::ZERO, 0),
        }
    }

    #[cfg(test)]
    pub(in super::super) const ON_THE_HEAP: usize = size_of::<super::Wide<LIMBS>>();

    #[cfg(test)]
    pub(in super::super) fn is_zero(&self) -> bool {
        matches!(self.0, Form::Narrow { integer: [0, 0], .. })
    }
}

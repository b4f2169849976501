//! The exact sum of the squares of floats that come and go.

use super::{Form, Natural, split};

/// The exact sum of squares, in units of 2⁻²¹⁴⁸; 24 bytes while it fits a window of 128 bits, as it does for numbers of
/// few digits. The square of a float has up to 106 bits: values with long fractions, of more than a hundredfold
/// magnitude, take the long form, on the heap.
///
/// Values that are not finite are left out: the sum of the values themselves, which goes with it, knows them.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct ExactSquares(Form<LIMBS>);

/// The highest bit of a square has the place 4 195, and 126 more are for the copies, as in a sum of floats.
const LIMBS: usize = 68;

/// The bits of a significand.
const HALF: u16 = 53;

impl ExactSquares {
    /// `diff` copies of a value come or go.
    #[inline]
    pub(in super::super) fn add(&mut self, value: f64, diff: i64) {
        let Some((significand, at)) = split(value) else { return };
        let square = i128::from(significand) * i128::from(significand);
        if matches!(diff, 1 | -1) {
            self.0.add_term(square * i128::from(diff), 2 * at);
            return;
        }
        // In two halves, as 106 and 64 bits do not fit together.
        let (high, low) = (square >> HALF, square & ((1 << HALF) - 1));
        self.0.add_term(high * i128::from(diff), 2 * at + HALF);
        self.0.add_term(low * i128::from(diff), 2 * at);
    }

    /// The sum and the place of its lowest bit. While more has gone than came: zero.
    pub(in super::super) fn exact(&self) -> (Natural, u16) {
        match self.0.exact() {
            (false, sum, place) => (sum, place),
            (true, ..) => (Natural::from(0), 0),
        }
    }

    #[cfg(test)]
    pub(in super::super) const ON_THE_HEAP: usize = size_of::<super::Wide<LIMBS>>();

    #[cfg(test)]
    pub(in super::super) fn is_nothing(&self) -> bool {
        matches!(self.0, Form::Narrow { integer: [0, 0], .. })
    }
}

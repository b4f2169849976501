//! The long form of an exact sum: an integer with room for every sum of floats.

use serde::{Deserialize, Serialize};

use super::Magnitude;

/// A sum of any numbers that fit `LIMBS`, with NaN and infinities counted separately.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Wide<const LIMBS: usize> {
    /// The sum of the finite values, in units of the least one: two's complement, least significant limb first.
    #[serde(with = "limbs")]
    limbs: [u64; LIMBS],
    /// Whether the sum may fit a window of 128 bits after the last addition.
    may_be_narrow: bool,
    nans: i64,
    positive_infinities: i64,
    negative_infinities: i64,
}

impl<const LIMBS: usize> Default for Wide<LIMBS> {
    fn default() -> Self {
        Wide { limbs: [0; LIMBS], may_be_narrow: true, nans: 0, positive_infinities: 0, negative_infinities: 0 }
    }
}

impl<const LIMBS: usize> Wide<LIMBS> {
    /// Adds `term` × 2^`at` units.
    pub(super) fn add(&mut self, term: i128, at: u16) {
        let sign = (term >> 127) as u64;
        let (first, shift) = (usize::from(at / 64), u32::from(at % 64));
        let shifted = term.cast_unsigned() << shift;
        // In two steps, because a shift by the whole width of 128 bits is an overflow.
        let spilled = (term >> 64 >> (64 - shift).min(63) >> u32::from(shift == 0)) as u64;
        let words = [shifted as u64, (shifted >> 64) as u64, spilled];

        let mut carry = false;
        self.may_be_narrow = true;
        for (place, limb) in self.limbs.iter_mut().skip(first).enumerate() {
            let word = words.get(place).copied().unwrap_or(sign);
            let unchanged = if carry { u64::MAX } else { 0 };
            if place >= words.len() && word == unchanged {
                break;
            }
            (*limb, carry) = limb.carrying_add(word, carry);
            self.may_be_narrow &= is_sign(*limb);
        }
    }

    /// Counts a value that is not finite.
    pub(super) fn add_special(&mut self, value: f64, diff: i64) {
        let count = match value {
            f64::INFINITY => &mut self.positive_infinities,
            f64::NEG_INFINITY => &mut self.negative_infinities,
            _ => &mut self.nans,
        };
        *count = count.wrapping_add(diff);
        self.may_be_narrow = true;
    }

    /// The sum if a value is NaN or infinite.
    pub(super) fn special(&self) -> Option<f64> {
        match (self.nans != 0, self.positive_infinities != 0, self.negative_infinities != 0) {
            (false, false, false) => None,
            (false, true, false) => Some(f64::INFINITY),
            (false, false, true) => Some(f64::NEG_INFINITY),
            _ => Some(f64::NAN),
        }
    }

    /// The sum as an integer and its place, if it fits 128 bits and every value is finite.
    ///
    /// The check is made only after an addition that left nothing but sign bits in its limbs, which is rare except when an outlier
    /// is removed. (If these limbs are not the highest ones, the check fails.)
    pub(super) fn narrowed(&self) -> Option<(i128, u16)> {
        if !self.may_be_narrow || self.special().is_some() {
            return None;
        }
        let Some(lowest) = self.limbs.iter().position(|limb| *limb != 0) else { return Some((0, 0)) };
        let sign = self.sign();
        let limb = |place: usize| self.limbs.get(place).copied().unwrap_or(sign);
        let shift = limb(lowest).trailing_zeros();
        // The 192 bits from the lowest limb that is not zero, without trailing zeros.
        let low = u128::from(limb(lowest + 1)) << 64 | u128::from(limb(lowest));
        let high = i128::from(limb(lowest + 2).cast_signed());
        let integer = if shift == 0 { low.cast_signed() } else { high << (128 - shift) | (low >> shift).cast_signed() };
        let beyond = high >> shift;
        let fits = beyond == integer >> 127 && self.limbs.iter().skip(lowest + 3).all(|limb| *limb == sign);
        fits.then_some((integer, (lowest * 64) as u16 + shift as u16))
    }

    /// The leading bits of the sum of the finite values.
    pub(super) fn magnitude(&self) -> Magnitude {
        let (negative, limbs) = self.absolute();
        let top = limbs.iter().rposition(|limb| *limb != 0).unwrap_or(0).max(1);
        let bits = u128::from(limbs[top]) << 64 | u128::from(limbs[top - 1]);
        let more = limbs[..top - 1].iter().any(|limb| *limb != 0);
        Magnitude { negative, bits, more, exponent: 64 * (top as i32 - 1) }
    }

    /// Whether the sum of the finite values is negative, and its absolute value.
    pub(super) fn absolute(&self) -> (bool, [u64; LIMBS]) {
        let negative = self.sign() != 0;
        let mut limbs = self.limbs;
        if negative {
            let mut carry = true;
            for limb in &mut limbs {
                (*limb, carry) = (!*limb).carrying_add(0, carry);
            }
        }
        (negative, limbs)
    }

    /// A limb filled with the sign bit.
    fn sign(&self) -> u64 {
        (self.limbs[LIMBS - 1].cast_signed() >> 63).cast_unsigned()
    }
}

fn is_sign(limb: u64) -> bool {
    limb == 0 || limb == u64::MAX
}

/// Saves the limbs as a list, because serde knows only arrays of up to 32.
mod limbs {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(limbs: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(limbs)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, const LIMBS: usize>(
        deserializer: D,
    ) -> Result<[u64; LIMBS], D::Error> {
        let limbs = Vec::<u64>::deserialize(deserializer)?;
        limbs.try_into().map_err(|limbs: Vec<u64>| D::Error::invalid_length(limbs.len(), &"the limbs of a sum"))
    }
}

//! An exact number becomes a float.

use super::Natural;

/// Where the unit of the floats, 2⁻¹⁰⁷⁴, puts the number one.
const ONE: i32 = 1074;

/// Bits of an `f64`'s significand.
const PRECISION: i32 = 53;

/// The leading bits of a number: ±(`bits` + what is cut off) × 2^(`exponent` − 1074), and less than 1 is cut off.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Magnitude {
    pub(super) negative: bool,
    pub(super) bits: u128,
    /// Whether anything is cut off. Then `bits` has at least 64 bits, so that rounding is safe.
    pub(super) more: bool,
    pub(super) exponent: i32,
}

/// What becomes of the bits that a float has no room for.
#[derive(Clone, Copy, PartialEq)]
enum Rounding {
    /// To the nearest, of two that are equally near to the even one: as float operations do.
    Nearest,
    /// Whatever is cut off makes the last bit 1: then rounding once more to a shorter float is right.
    Odd,
}

impl Magnitude {
    /// The exponent of integers: the unit of floats is 2^−`UNIT`.
    pub(in super::super) const UNIT: i32 = ONE;

    /// `integer` × 2^(`exponent` − 1074).
    pub(super) fn new(integer: i128, exponent: u16) -> Self {
        Magnitude { negative: integer < 0, bits: integer.unsigned_abs(), more: false, exponent: exponent.into() }
    }

    /// An integer.
    pub(in super::super) fn of_integer(integer: i128) -> Self {
        Magnitude { negative: integer < 0, bits: integer.unsigned_abs(), more: false, exponent: ONE }
    }

    /// A quotient of natural numbers, times 2^(`exponent` − 1074). The divisor has at most 127 bits.
    pub(in super::super) fn of_quotient(dividend: &Natural, divisor: u128, exponent: i32) -> Self {
        // As many bits of the dividend as make a quotient of 66 or 67 of them.
        let wanted = 128 - divisor.leading_zeros() + 66;
        let (leading, mut more, cut) = dividend.leading(wanted);
        let (mut quotient, mut rest) = (0_u128, 0_u128);
        for bit in (0..wanted).rev() {
            rest = rest << 1 | u128::from(leading.bit(bit));
            quotient <<= 1;
            if rest >= divisor {
                rest -= divisor;
                quotient |= 1;
            }
        }
        more |= rest != 0;
        Magnitude { negative: false, bits: quotient, more, exponent: exponent + cut }
    }

    /// The square root, within one unit in the last place.
    pub(in super::super) fn root(self) -> f64 {
        if self.bits == 0 {
            return 0.0;
        }
        let up = self.bits.leading_zeros() as i32;
        // An even exponent, so that it can be halved.
        let odd = (self.exponent - up - ONE).rem_euclid(2);
        let root = ((self.bits << up >> odd) as f64).sqrt();
        let half = (self.exponent - up - ONE + odd) / 2;
        root * 2_f64.powi(half / 2) * 2_f64.powi(half - half / 2)
    }

    /// The number divided by another, which is not zero. (By zero: the number itself.)
    pub(in super::super) fn divided_by(self, divisor: i64) -> Self {
        // With the leading bit at the top, a quotient by at most 2⁶³ keeps 64 bits and more.
        let up = self.bits.leading_zeros() & 127;
        let (bits, exponent) = (self.bits << up, self.exponent - up as i32);
        let by = u128::from(divisor.unsigned_abs().max(1));
        Magnitude {
            negative: self.negative != (divisor < 0),
            bits: bits / by,
            more: self.more || bits % by != 0,
            exponent,
        }
    }

    /// The nearest `f64`; infinite when that is beyond the largest.
    pub(in super::super) fn to_f64(self) -> f64 {
        self.round(Rounding::Nearest)
    }

    /// The nearest `f32`; infinite when that is beyond the largest.
    pub(super) fn to_f32(self) -> f32 {
        self.round(Rounding::Odd) as f32
    }

    fn round(self, rounding: Rounding) -> f64 {
        if self.bits == 0 {
            return 0.0;
        }
        let width = 128 - self.bits.leading_zeros() as i32;
        // As many bits as there is room for; none below the unit, which is where subnormal floats end.
        let cut = (width - PRECISION).max(-self.exponent);
        let significand = if cut > width {
            // Less than half of the unit.
            0
        } else if cut <= 0 {
            (self.bits << -cut) as u64
        } else {
            let kept = (self.bits >> cut) as u64;
            let (rest, half) = (self.bits & ((1 << cut) - 1), 1 << (cut - 1));
            match rounding {
                Rounding::Odd => kept | u64::from(rest != 0 || self.more),
                Rounding::Nearest if rest == half => kept + u64::from(self.more || kept & 1 == 1),
                Rounding::Nearest => kept + u64::from(rest > half),
            }
        };
        // The significand's leading 1 is not stored: added to the exponent field it makes that one larger,
        // and so does a significand that rounding made one bit longer. A subnormal one has no such bit.
        let place = (self.exponent + cut).min(2046) as u64;
        let bits = ((place << (PRECISION - 1)) + significand).min(f64::INFINITY.to_bits());
        let magnitude = f64::from_bits(bits);
        if self.negative { -magnitude } else { magnitude }
    }
}

//! Rounds an exact number to a float.

use num_bigint::BigUint;

/// The place of the number one, in units of 2⁻¹⁰⁷⁴.
const ONE: i32 = 1074;

/// The number of bits of the significand of an `f64`.
const PRECISION: i32 = 53;

/// The leading bits of a number: ±(`bits` + rest) × 2^(`exponent` − 1074), with 0 ≤ rest < 1.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Magnitude {
    pub(super) negative: bool,
    pub(super) bits: u128,
    /// Whether the rest is not zero. If so, `bits` has at least 64 bits, so that rounding is correct.
    pub(super) more: bool,
    pub(super) exponent: i32,
}

/// How the bits that do not fit a float are rounded.
#[derive(Clone, Copy, PartialEq)]
enum Rounding {
    /// To the nearest, ties to even, as float operations do.
    Nearest,
    /// If anything is cut off, the last bit is set: then rounding once more to a shorter float is correct.
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

    /// The quotient of two natural numbers, times 2^(`exponent` − 1074). The divisor has at most 127 bits.
    pub(in super::super) fn of_quotient(dividend: BigUint, divisor: u128, exponent: i32) -> Self {
        // As many bits of the dividend as give a quotient of 66 or 67 bits.
        let wanted = u64::from(128 - divisor.leading_zeros() + 66);
        let bits = dividend.bits();
        let cut = bits.saturating_sub(wanted);
        let is_cut = dividend.trailing_zeros().is_some_and(|zeros| zeros < cut);
        let leading = dividend >> cut << wanted.saturating_sub(bits);
        let divisor = BigUint::from(divisor);
        let quotient = &leading / &divisor;
        let more = is_cut || &quotient * divisor != leading;
        // It fits, as it has at most 67 bits.
        let quotient = u128::try_from(quotient).unwrap_or(u128::MAX);
        let cut = cut as i32 - wanted.saturating_sub(bits) as i32;
        Magnitude { negative: false, bits: quotient, more, exponent: exponent + cut }
    }

    /// The square root, within one unit in the last place.
    pub(in super::super) fn root(self) -> f64 {
        if self.bits == 0 {
            return 0.0;
        }
        let up = self.bits.leading_zeros() as i32;
        // An even exponent, because it is halved.
        let odd = (self.exponent - up - ONE).rem_euclid(2);
        let root = ((self.bits << up >> odd) as f64).sqrt();
        let half = (self.exponent - up - ONE + odd) / 2;
        root * 2_f64.powi(half / 2) * 2_f64.powi(half - half / 2)
    }

    /// The number divided by a divisor that is not zero. (A divisor of zero counts as one.)
    pub(in super::super) fn divided_by(self, divisor: i64) -> Self {
        // With the leading bit at the top, a quotient by at most 2⁶³ keeps at least 64 bits.
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

    /// The nearest `f64`; infinite beyond the largest one.
    pub(in super::super) fn to_f64(self) -> f64 {
        self.round(Rounding::Nearest)
    }

    /// The nearest `f32`; infinite beyond the largest one.
    pub(super) fn to_f32(self) -> f32 {
        self.round(Rounding::Odd) as f32
    }

    fn round(self, rounding: Rounding) -> f64 {
        if self.bits == 0 {
            return 0.0;
        }
        let width = 128 - self.bits.leading_zeros() as i32;
        // As many bits as fit; none below the unit, where subnormal floats end.
        let cut = (width - PRECISION).max(-self.exponent);
        let significand = if cut > width {
            // Less than half a unit.
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
        // The leading 1 of the significand is not stored: adding it increments the exponent field, and so does a significand that
        // rounding made one bit longer. A subnormal significand has no such bit.
        let place = (self.exponent + cut).min(2046) as u64;
        let bits = ((place << (PRECISION - 1)) + significand).min(f64::INFINITY.to_bits());
        let magnitude = f64::from_bits(bits);
        if self.negative { -magnitude } else { magnitude }
    }
}

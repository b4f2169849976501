//! Sums of integers and durations, in 128 bits so that intermediate results do not overflow.

use std::cmp::Ordering;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::exact::Magnitude;
use super::{Averageable, ReduceError, Summable};

/// The exact sum of integers that can be removed again, in 16 bytes.
///
/// It adds modulo 2¹²⁸, so that an intermediate overflow is undone by later changes. The sum of all current rows always fits: there
/// are fewer than 2⁶³ rows, each below 2⁶⁴. (Durations would have to add up to 10²¹ years.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegerSum {
    // Two words, because an `i128` would align the state of each group to 16 bytes.
    low: u64,
    high: u64,
}

impl IntegerSum {
    /// Adds `diff` copies of a value, or removes them.
    #[inline]
    pub fn add(&mut self, value: i128, diff: i64) {
        *self = Self::from(self.get().wrapping_add(value.wrapping_mul(diff.into())));
    }

    /// The sum.
    #[inline]
    pub fn get(self) -> i128 {
        (u128::from(self.high) << 64 | u128::from(self.low)).cast_signed()
    }
}

impl From<i128> for IntegerSum {
    #[inline]
    fn from(sum: i128) -> Self {
        let bits = sum.cast_unsigned();
        IntegerSum { low: bits as u64, high: (bits >> 64) as u64 }
    }
}

macro_rules! integers {
    ($($integer:ident $article:literal),+) => {$(
        impl Summable for $integer {
            type Total = IntegerSum;

            #[inline]
            fn add(total: &mut IntegerSum, value: Self, diff: i64) {
                total.add(value.into(), diff);
            }

            fn sum(total: &IntegerSum) -> Result<Self, ReduceError> {
                let fits = Self::try_from(total.get());
                fits.map_err(|_| ReduceError::new(concat!("the sum does not fit ", $article, " ", stringify!($integer))))
            }
        }

        impl Averageable for $integer {
            type Mean = f64;

            fn mean(total: &IntegerSum, rows: i64) -> f64 {
                Magnitude::of_integer(total.get()).divided_by(rows).to_f64()
            }
        }
    )+};
}

integers!(i8 "an", i16 "an", i32 "an", i64 "an", u8 "a", u16 "a", u32 "a", u64 "a");

impl Summable for SignedDuration {
    type Total = IntegerSum;

    #[inline]
    fn add(total: &mut IntegerSum, value: Self, diff: i64) {
        total.add(value.as_nanos(), diff);
    }

    fn sum(total: &IntegerSum) -> Result<Self, ReduceError> {
        SignedDuration::try_from_nanos_i128(total.get())
            .ok_or_else(|| ReduceError::new("the sum does not fit a SignedDuration"))
    }
}

impl Averageable for SignedDuration {
    type Mean = SignedDuration;

    fn mean(total: &IntegerSum, rows: i64) -> SignedDuration {
        let (sum, rows) = (total.get(), i128::from(rows));
        let (whole, rest) = (sum.div_euclid(rows), sum.rem_euclid(rows));
        // To the nearest nanosecond; ties go to the even one.
        let up = match (2 * rest).cmp(&rows.abs()) {
            Ordering::Less => false,
            Ordering::Equal => whole & 1 == 1,
            Ordering::Greater => true,
        };
        let mean = if up { whole + rows.signum() } else { whole };
        // A mean lies between its values, so it fits.
        SignedDuration::try_from_nanos_i128(mean).unwrap_or(if mean < 0 {
            SignedDuration::MIN
        } else {
            SignedDuration::MAX
        })
    }
}

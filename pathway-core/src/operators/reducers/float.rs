//! Sums and means of floats: exact, and rounded once.

use super::exact::ExactSum;
use super::{Averageable, ReduceError, Summable};

impl Summable for f64 {
    type Total = ExactSum;

    #[inline]
    fn add(total: &mut ExactSum, value: Self, diff: i64) {
        total.add(value, diff);
    }

    fn sum(total: &ExactSum) -> Result<Self, ReduceError> {
        Ok(total.to_f64())
    }
}

impl Averageable for f64 {
    type Mean = f64;

    fn mean(total: &ExactSum, rows: i64) -> f64 {
        total.mean(rows)
    }
}

impl Summable for f32 {
    type Total = ExactSum;

    #[inline]
    fn add(total: &mut ExactSum, value: Self, diff: i64) {
        total.add(value.into(), diff);
    }

    fn sum(total: &ExactSum) -> Result<Self, ReduceError> {
        Ok(total.to_f32())
    }
}

impl Averageable for f32 {
    type Mean = f64;

    fn mean(total: &ExactSum, rows: i64) -> f64 {
        total.mean(rows)
    }
}

//! Custom reducers inside `reduce!`.

use pathway::prelude::*;
use pathway::reducers::ReduceError;

use super::{Order, rows};

/// The geometric mean: a unit struct.
struct GeometricMean;

impl Reducer<f64> for GeometricMean {
    type State = (f64, i64);
    type Output = f64;

    fn update(&self, (logs, n): &mut (f64, i64), value: f64, diff: i64) {
        *logs += value.ln() * diff as f64;
        *n += diff;
    }

    fn output(&self, (logs, n): &(f64, i64)) -> Result<f64, ReduceError> {
        Ok((logs / *n as f64).exp())
    }
}

/// The number of values above a limit: a tuple struct with a parameter.
struct Above(f64);

impl Reducer<f64> for Above {
    type State = i64;
    type Output = i64;

    fn update(&self, n: &mut i64, value: f64, diff: i64) {
        *n += if value > self.0 { diff } else { 0 };
    }

    fn output(&self, n: &i64) -> Result<i64, ReduceError> {
        Ok(*n)
    }
}

/// A reducer that a function builds.
mod own {
    pub(super) fn above(limit: f64) -> super::Above {
        super::Above(limit)
    }
}

/// A reducer with two arguments, whose output is neither `Clone` nor a column type.
struct Weighted;

struct Mean(f64);

impl Reducer<(f64, i64)> for Weighted {
    type State = (f64, i64);
    type Output = Mean;

    fn update(&self, (total, n): &mut (f64, i64), (value, weight): (f64, i64), diff: i64) {
        *total += value * (weight * diff) as f64;
        *n += weight * diff;
    }

    fn output(&self, (total, n): &(f64, i64)) -> Result<Mean, ReduceError> {
        Ok(Mean(total / *n as f64))
    }
}

/// A reducer of the whole row.
struct Unpaid;

impl Reducer<Order> for Unpaid {
    type State = i64;
    type Output = i64;

    fn update(&self, n: &mut i64, order: Order, diff: i64) {
        *n += if order.paid { 0 } else { diff };
    }

    fn output(&self, n: &i64) -> Result<i64, ReduceError> {
        Ok(*n)
    }
}

#[test]
fn are_called_by_their_name_or_path() {
    let limit = 15.0;
    let rows = rows(|orders| {
        reduce!(o in orders => {
            geometric: (GeometricMean(o.price) * 1000.0).round(),
            by_path: self::GeometricMean(o.price) > 22.0,
            of_a_call: GeometricMean(f64::from(o.id as i32)) > 2.0,
            above: Above(o.price, limit),
            above_by_function: own::above(o.price * 2.0, limit),
            weighted: Weighted(o.price, o.quantity).0,
            unpaid: Unpaid(o),
        })
    });
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.geometric, row.by_path, row.of_a_call), (22134.0, true, true));
    assert_eq!((row.above, row.above_by_function, row.weighted, row.unpaid), (3, 4, 30.0, 2));
}

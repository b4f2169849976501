//! `bool_and` and `bool_or`: whether something holds for all rows of a group, or for any.

use super::{ReduceError, Reducer};

/// Whether a condition holds for all rows of a group.
///
/// ```
/// use pathway::reducers::{BoolAnd, Reducer};
///
/// let mut group = Default::default();
/// BoolAnd.update(&mut group, true, 2);
/// BoolAnd.update(&mut group, false, 1);
/// assert_eq!(Reducer::<bool>::output(&BoolAnd, &group), Ok(false));
/// BoolAnd.update(&mut group, false, -1);
/// assert_eq!(Reducer::<bool>::output(&BoolAnd, &group), Ok(true));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct BoolAnd;

/// Whether a condition holds for any row of a group.
///
/// ```
/// use pathway::reducers::{BoolOr, Reducer};
///
/// let mut group = Default::default();
/// BoolOr.update(&mut group, false, 2);
/// assert_eq!(Reducer::<bool>::output(&BoolOr, &group), Ok(false));
/// BoolOr.update(&mut group, true, 1);
/// assert_eq!(Reducer::<bool>::output(&BoolOr, &group), Ok(true));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct BoolOr;

impl<A: Condition> Reducer<A> for BoolAnd {
    type State = i64;
    type Output = bool;

    fn update(&self, against: &mut i64, condition: A, diff: i64) {
        *against = against.wrapping_add(if condition.holds() { 0 } else { diff });
    }

    fn output(&self, against: &i64) -> Result<bool, ReduceError> {
        Ok(*against <= 0)
    }
}

impl<A: Condition> Reducer<A> for BoolOr {
    type State = i64;
    type Output = bool;

    fn update(&self, in_favour: &mut i64, condition: A, diff: i64) {
        *in_favour = in_favour.wrapping_add(if condition.holds() { diff } else { 0 });
    }

    fn output(&self, in_favour: &i64) -> Result<bool, ReduceError> {
        Ok(*in_favour > 0)
    }
}

/// What holds or does not: a `bool`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a condition",
    label = "this is not a `bool`",
    note = "compare it with something, as in `o.price > 3.0`",
    note = "an `Option` column: say what a missing value counts, e.g. `o.x.unwrap_or(false)`"
)]
pub trait Condition {
    /// Whether it does.
    fn holds(self) -> bool;
}

impl Condition for bool {
    fn holds(self) -> bool {
        self
    }
}

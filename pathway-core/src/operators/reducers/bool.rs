//! `bool_and` and `bool_or`: whether a condition holds for all rows of a group, or for any row.

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

    fn update(&self, failing: &mut i64, condition: A, diff: i64) {
        *failing = failing.wrapping_add(if condition.holds() { 0 } else { diff });
    }

    fn output(&self, failing: &i64) -> Result<bool, ReduceError> {
        Ok(*failing <= 0)
    }
}

impl<A: Condition> Reducer<A> for BoolOr {
    type State = i64;
    type Output = bool;

    fn update(&self, holding: &mut i64, condition: A, diff: i64) {
        *holding = holding.wrapping_add(if condition.holds() { diff } else { 0 });
    }

    fn output(&self, holding: &i64) -> Result<bool, ReduceError> {
        Ok(*holding > 0)
    }
}

/// A condition: a `bool`. It is implemented for `bool` only.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a condition",
    label = "this is not a `bool`",
    note = "compare it with something, as in `o.price > 3.0`",
    note = "for an `Option` column, choose what `None` counts as, e.g. `o.x.unwrap_or(false)`"
)]
pub trait Condition: Sealed {
    /// Whether the condition holds.
    fn holds(self) -> bool;
}

/// Keeps [`Condition`] from being implemented outside of this crate.
pub trait Sealed {}

impl Sealed for bool {}

impl Condition for bool {
    fn holds(self) -> bool {
        self
    }
}

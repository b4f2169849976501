//! `count`: the number of rows of a group.

use super::{ReduceError, Reducer};
use crate::data::Datum;

/// The number of rows of a group.
///
/// It counts rows, whatever the argument is: `None` counts like any other value.
///
/// ```
/// use pathway::reducers::{Count, Reducer};
///
/// let mut rows = Default::default();
/// Count.update(&mut rows, (), 3);
/// Count.update(&mut rows, (), -1);
/// assert_eq!(Reducer::<()>::output(&Count, &rows), Ok(2));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Count;

impl<A: Datum> Reducer<A> for Count {
    type State = i64;
    type Output = i64;

    #[inline]
    fn update(&self, rows: &mut i64, _argument: A, diff: i64) {
        // The order of changes within a commit is arbitrary: an intermediate overflow is harmless, because later changes undo it.
        *rows = rows.wrapping_add(diff);
    }

    fn output(&self, rows: &i64) -> Result<i64, ReduceError> {
        Ok(*rows)
    }
}

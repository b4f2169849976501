//! Reducers of the rows that meet a condition: SQL's `FILTER (WHERE …)`.

use serde::{Deserialize, Serialize};

use super::{Input, ReduceError, Reducer};

/// Reduces the rows of a group whose argument is not `None`. The other rows have no effect.
///
/// It is what `sum(o.price) where o.paid` calls in `reduce!`. As a value, its argument says which rows count:
/// `o.paid.then_some(o.price)`.
///
/// The value is an `Option`: `None` while no row of the group counts.
///
/// Memory: that of the reducer, and 8 bytes.
///
/// ```
/// use pathway::reducers::{Filtered, Reducer, Sum};
///
/// let (paid, mut total) = (Filtered::new(Sum), Default::default());
/// paid.update(&mut total, None::<i64>, 1);
/// assert_eq!(Reducer::<Option<i64>>::output(&paid, &total), Ok(None));
/// paid.update(&mut total, Some(7_i64), 2);
/// assert_eq!(Reducer::<Option<i64>>::output(&paid, &total), Ok(Some(14)));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Filtered<R> {
    reducer: R,
}

impl<R> Filtered<R> {
    /// The reducer of the rows that count.
    pub const fn new(reducer: R) -> Self {
        Filtered { reducer }
    }
}

/// The state of [`Filtered`] for a group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FilteredState<S> {
    /// How many rows count.
    rows: i64,
    /// The state of the reducer, which has seen only these rows.
    state: S,
}

impl<A, R: Reducer<A>> Reducer<Option<A>> for Filtered<R> {
    const ORDERED: bool = R::ORDERED;

    type State = FilteredState<R::State>;
    type Output = Option<R::Output>;

    fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
        self.reducer.prepare(input)
    }

    #[inline]
    fn update(&self, group: &mut Self::State, argument: Option<A>, diff: i64) {
        if let Some(argument) = argument {
            group.rows = group.rows.wrapping_add(diff);
            self.reducer.update(&mut group.state, argument, diff);
        }
    }

    #[inline]
    fn update_row(&self, group: &mut Self::State, row: u64, argument: Option<A>, diff: i64) {
        if let Some(argument) = argument {
            group.rows = group.rows.wrapping_add(diff);
            self.reducer.update_row(&mut group.state, row, argument, diff);
        }
    }

    fn finish_commit(&self, group: &mut Self::State) {
        if group.rows == 0 {
            // As a group without rows loses its state.
            group.state = R::State::default();
        } else {
            self.reducer.finish_commit(&mut group.state);
        }
    }

    fn output(&self, group: &Self::State) -> Result<Option<R::Output>, ReduceError> {
        if group.rows > 0 { self.reducer.output(&group.state).map(Some) } else { Ok(None) }
    }
}

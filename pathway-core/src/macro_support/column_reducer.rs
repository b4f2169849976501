//! A reducer whose errors name the column of its result.

use crate::operators::reducers::{Input, ReduceError, Reducer};

/// A reducer whose errors name its column. See [`column_reducer`].
#[derive(Debug)]
pub struct ColumnReducer<R> {
    column: &'static str,
    reducer: R,
}

/// Adds the name of the column to a reducer's errors: `total: the sum does not fit an i64`.
pub fn column_reducer<R>(column: &'static str, reducer: R) -> ColumnReducer<R> {
    ColumnReducer { column, reducer }
}

impl<A, R: Reducer<A>> Reducer<A> for ColumnReducer<R> {
    const ORDERED: bool = R::ORDERED;

    type State = R::State;
    type Output = R::Output;

    fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
        self.reducer.prepare(input).map_err(|error| error.of(self.column))
    }

    #[inline]
    fn update(&self, state: &mut R::State, argument: A, diff: i64) {
        self.reducer.update(state, argument, diff);
    }

    #[inline]
    fn update_row(&self, state: &mut R::State, row: u64, argument: A, diff: i64) {
        self.reducer.update_row(state, row, argument, diff);
    }

    #[inline]
    fn finish_commit(&self, state: &mut R::State) {
        self.reducer.finish_commit(state);
    }

    #[inline]
    fn output(&self, state: &R::State) -> Result<R::Output, ReduceError> {
        self.reducer.output(state).map_err(|error| error.of(self.column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::reducers::{Quantile, Sum, Unique};

    #[test]
    fn an_error_names_its_column() {
        let reducers = (column_reducer("total", Sum), column_reducer("city", Unique));
        let mut state = Default::default();
        reducers.update(&mut state, (100_u8, 7_i64), 2);
        assert_eq!(reducers.output(&state), Ok((200, 7)));
        reducers.update(&mut state, (100, 8), 1);
        let error = Reducer::<(u8, i64)>::output(&reducers, &state).unwrap_err();
        assert_eq!(error.to_string(), "total: the sum does not fit a u8");

        let refused =
            Reducer::<i64>::prepare(&mut column_reducer("high", Quantile::new(1.5)), Input::default()).unwrap_err();
        assert_eq!(refused.to_string(), "high: `quantile` of 1.5: the fraction must be between 0 and 1");
    }
}

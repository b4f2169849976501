//! Custom reducers that cannot take a row back.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::arrivals::Arrivals;
use super::{Input, ReduceError, Reducer, Saved};
use crate::data::Datum;

/// Adds the rows of a group one after the other, without a way to take one back.
///
/// It is the simple way to write a reducer of your own: call it in `reduce!` by the name of its type, like any other reducer.
/// Rows are added in the order of their arrival. When a row is removed, the state is recomputed from the remaining rows in the
/// same order: once per commit, at the cost of one `add` for each row.
///
/// Memory: the state; also the arguments of all rows if the table can lose rows. If rows can be taken back, as from a sum,
/// implement [`Reducer`] instead, which keeps no rows.
///
/// ```
/// use pathway::prelude::*;
/// use pathway::reducers::ReduceError;
///
/// /// A moving average: each value counts as much as all previous ones together.
/// struct Smoothed;
///
/// impl Accumulator for Smoothed {
///     type Argument = f64;
///     type State = Option<f64>;
///     type Output = f64;
///
///     fn add(&self, mean: &mut Option<f64>, value: f64) {
///         *mean = Some(mean.map_or(value, |mean| (mean + value) / 2.0));
///     }
///
///     fn output(&self, mean: &Option<f64>) -> Result<f64, ReduceError> {
///         mean.ok_or_else(|| ReduceError::new("no values"))
///     }
/// }
///
/// # #[derive(Schema)] struct Reading { value: f64 }
/// # let pipeline = Pipeline::new();
/// # let readings = pipeline.rows([1.0, 2.0, 4.0].map(|value| Reading { value }));
/// let smooth = reduce!(r in readings => { value: Smoothed(r.value) }).collect();
/// pipeline.run()?;
/// assert_eq!(smooth.rows()[0].value, 2.75);
/// # Ok::<(), pathway::Error>(())
/// ```
///
/// As a method: `readings.reduce(Fold::new(Smoothed), |r| r.value, |value| Smooth { value })`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an accumulator",
    label = "not an accumulator",
    note = "an accumulator of your own is a type that implements `Accumulator`"
)]
pub trait Accumulator: Send + Sync + 'static {
    /// The argument for each row; a tuple for several arguments.
    type Argument: Datum;

    /// The state of a group. Its default is the state without rows.
    type State: Default + Saved;

    /// The value of a group.
    type Output: 'static;

    /// Adds a row.
    fn add(&self, state: &mut Self::State, argument: Self::Argument);

    /// The value of a group that has rows.
    ///
    /// # Errors
    /// The group has no value; see [`Reducer::output`].
    fn output(&self, state: &Self::State) -> Result<Self::Output, ReduceError>;
}

/// The reducer that an [`Accumulator`] makes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fold<T> {
    accumulator: T,
    append_only: bool,
}

impl<T: Accumulator> Fold<T> {
    /// The reducer of an accumulator.
    pub const fn new(accumulator: T) -> Self {
        Fold { accumulator, append_only: false }
    }

    /// The state of the current rows.
    fn recomputed(&self, rows: &Arrivals<T::Argument>) -> T::State {
        let mut state = T::State::default();
        rows.each().for_each(|argument| self.accumulator.add(&mut state, argument.clone_datum()));
        state
    }
}

/// The state of [`Fold`] for a group.
#[derive(Serialize, Deserialize)]
#[serde(bound = "S: Saved, A: Datum")]
pub struct Folded<S, A> {
    state: S,
    /// The arguments of all rows; empty if rows are never removed.
    rows: Arrivals<A>,
    /// Whether the state contains rows that have been removed.
    stale: bool,
}

impl<S, A> fmt::Debug for Folded<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folded").field("stale", &self.stale).finish_non_exhaustive()
    }
}

impl<S: Default, A> Default for Folded<S, A> {
    fn default() -> Self {
        Folded { state: S::default(), rows: Arrivals::default(), stale: false }
    }
}

#[cfg(test)]
impl<S, A: Datum> Folded<S, A> {
    pub(super) fn keeps_no_rows(&self) -> bool {
        self.rows.is_empty()
    }
}

impl<T: Accumulator> Reducer<T::Argument> for Fold<T> {
    const ORDERED: bool = true;

    type State = Folded<T::State, T::Argument>;
    type Output = T::Output;

    fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
        self.append_only = input.append_only;
        Ok(())
    }

    fn update(&self, folded: &mut Self::State, argument: T::Argument, diff: i64) {
        self.update_row(folded, 0, argument, diff);
    }

    fn update_row(&self, Folded { state, rows, stale }: &mut Self::State, row: u64, argument: T::Argument, diff: i64) {
        *stale |= diff < 0 || rows.has_debt();
        if !*stale {
            (0..diff).for_each(|_| self.accumulator.add(state, argument.clone_datum()));
        }
        if !self.append_only {
            rows.update(row, argument, diff);
        }
    }

    fn finish_commit(&self, folded: &mut Self::State) {
        if folded.stale {
            folded.state = self.recomputed(&folded.rows);
            folded.stale = false;
        }
    }

    fn output(&self, Folded { state, rows, stale }: &Self::State) -> Result<T::Output, ReduceError> {
        if *stale { self.accumulator.output(&self.recomputed(rows)) } else { self.accumulator.output(state) }
    }
}

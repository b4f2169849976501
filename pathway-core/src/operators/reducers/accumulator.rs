//! Reducers of one's own that cannot take a row back.

use super::arrivals::Arrivals;
use super::{Input, ReduceError, Reducer};
use crate::data::Datum;

/// What takes the rows of a group in, one after the other, and can't give one back.
///
/// It is the easy way to a reducer of one's own: in `reduce!` it is called like any other, by its type's name.
/// The rows come in the order of their arrival. When one goes, the state is made anew of those that are
/// left, in the order in which they came: once in a commit, at the cost of one `add` for each.
///
/// Over a table whose rows never go, the state is all that is kept. Else the arguments are kept, too.
/// What can take a row back, as a sum can, is better made a [`Reducer`], which keeps no rows.
///
/// ```
/// use pathway::prelude::*;
/// use pathway::reducers::ReduceError;
///
/// /// A moving average: each value counts as much as all before it.
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
///         mean.ok_or_else(|| ReduceError::new("nothing came"))
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
    /// What is taken in for each row; several arguments are a tuple.
    type Argument: Datum;

    /// What is kept for each group. Its default is the state of a group without rows.
    type State: Default + 'static;

    /// What the group's rows become.
    type Output: 'static;

    /// Takes a row in.
    fn add(&self, state: &mut Self::State, argument: Self::Argument);

    /// The value of a group that has rows.
    ///
    /// # Errors
    /// The value cannot be told: see [`Reducer::output`].
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

    /// The state of the rows that are there.
    fn anew(&self, kept: &Arrivals<T::Argument>) -> T::State {
        let mut state = T::State::default();
        kept.each().for_each(|argument| self.accumulator.add(&mut state, argument.clone_datum()));
        state
    }
}

/// What [`Fold`] keeps for a group.
pub struct Folded<S, A> {
    state: S,
    /// What was taken in; nothing where no row ever goes.
    kept: Arrivals<A>,
    /// Whether the state has taken in what is not there any more.
    stale: bool,
}

impl<S: Default, A> Default for Folded<S, A> {
    fn default() -> Self {
        Folded { state: S::default(), kept: Arrivals::default(), stale: false }
    }
}

#[cfg(test)]
impl<S, A: Datum> Folded<S, A> {
    pub(super) fn keeps_nothing(&self) -> bool {
        self.kept.is_empty()
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

    fn update_row(&self, Folded { state, kept, stale }: &mut Self::State, row: u64, argument: T::Argument, diff: i64) {
        *stale |= diff < 0 || kept.owes();
        if !*stale {
            (0..diff).for_each(|_| self.accumulator.add(state, argument.clone_datum()));
        }
        if !self.append_only {
            kept.update(row, argument, diff);
        }
    }

    fn finish_commit(&self, folded: &mut Self::State) {
        if folded.stale {
            folded.state = self.anew(&folded.kept);
            folded.stale = false;
        }
    }

    fn output(&self, Folded { state, kept, stale }: &Self::State) -> Result<T::Output, ReduceError> {
        if *stale { self.accumulator.output(&self.anew(kept)) } else { self.accumulator.output(state) }
    }
}

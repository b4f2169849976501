//! `earliest` and `latest`: the value that came first, and the one that came last.

use super::arrivals::Arrivals;
use super::{Input, ReduceError, Reducer};
use crate::data::Datum;

/// The value of the row that came first, of those that are there.
///
/// It is by arrival, not by a column: for that, take [`ArgMin`](super::ArgMin). Where rows were gathered by key before,
/// those of one commit come in their own order, column by column; in a session window rows come in the order of
/// event time. `None` is a value like any other.
///
/// Over a table whose rows never go it keeps one value, else all.
///
/// ```
/// use pathway::reducers::{Earliest, Reducer};
///
/// let (earliest, mut values) = (Earliest::new(), Default::default());
/// for (value, diff) in [(3_i64, 1), (5, 1), (4, 1), (3, -1)] {
///     earliest.update(&mut values, value, diff);
/// }
/// assert_eq!(Reducer::<i64>::output(&earliest, &values), Ok(5));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Earliest {
    append_only: bool,
}

/// The value of the row that came last, of those that are there.
///
/// A row that replaces another by its primary key comes anew, even if the value is the same. For the rest see
/// [`Earliest`]; instead of by arrival, by a column it is [`ArgMax`](super::ArgMax).
///
/// ```
/// use pathway::reducers::{Latest, Reducer};
///
/// let (latest, mut values) = (Latest::new(), Default::default());
/// for (value, diff) in [(3_i64, 1), (5, 1), (4, 1), (4, -1)] {
///     latest.update(&mut values, value, diff);
/// }
/// assert_eq!(Reducer::<i64>::output(&latest, &values), Ok(5));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Latest {
    append_only: bool,
}

macro_rules! by_arrival {
    ($reducer:ident, $end:ident, |$values:ident| $replaces:expr) => {
        impl $reducer {
            /// The reducer.
            pub const fn new() -> Self {
                $reducer { append_only: false }
            }
        }

        impl<A: Datum> Reducer<A> for $reducer {
            const ORDERED: bool = true;

            type State = Arrivals<A>;
            type Output = A;

            fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
                self.append_only = input.append_only;
                Ok(())
            }

            #[inline]
            fn update(&self, values: &mut Arrivals<A>, argument: A, diff: i64) {
                self.update_row(values, 0, argument, diff);
            }

            #[inline]
            fn update_row(&self, $values: &mut Arrivals<A>, row: u64, argument: A, diff: i64) {
                if !self.append_only {
                    $values.update(row, argument, diff);
                } else if diff > 0 && $replaces {
                    $values.keep(argument);
                }
            }

            fn output(&self, values: &Arrivals<A>) -> Result<A, ReduceError> {
                values.$end().map(A::clone_datum).ok_or_else(ReduceError::nothing_left)
            }
        }
    };
}

by_arrival!(Earliest, first, |values| values.is_empty());
by_arrival!(Latest, last, |values| true);

//! `earliest` and `latest`: the value that arrived first, and the one that arrived last.

use super::arrivals::Arrivals;
use super::{Input, ReduceError, Reducer};
use crate::data::Datum;

/// The value of the current row that arrived first.
///
/// Arrival counts, not a column; for the latter, use [`ArgMin`](struct@super::ArgMin). After rows were grouped by key, those of one
/// commit are in the order of the rows themselves, column by column; in a session window, rows are in the order of event time.
/// `None` is a value like any other, as in SQL's `first_value`: the row that arrived first may have no value. To skip it, write
/// `earliest(o.city) where o.city.is_some()`.
///
/// Memory: one value if the table only grows, otherwise all values.
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

/// The value of the current row that arrived last.
///
/// A row that replaces another one by its primary key is a new arrival, even if the value is the same. Otherwise it works as
/// [`Earliest`]. To select by a column instead, use [`ArgMax`](struct@super::ArgMax).
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
    ($reducer:ident, $pick:ident, |$values:ident| $replaces:expr) => {
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
                    $values.replace(argument);
                }
            }

            fn output(&self, values: &Arrivals<A>) -> Result<A, ReduceError> {
                values.$pick().map(A::clone_datum).ok_or_else(ReduceError::nothing_left)
            }
        }
    };
}

by_arrival!(Earliest, first, |values| values.is_empty());
by_arrival!(Latest, last, |values| true);

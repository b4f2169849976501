//! `within`: joins rows that happened at about the same time.

mod bounds;
mod operator;
mod timed;

pub use super::interval::bounds::Interval;

use std::fmt;
use std::sync::Arc;

use super::Join;
use super::interval::operator::IntervalOperator;
pub(super) use super::interval::operator::{Changes, Distance, Timelines};
use super::interval::timed::Timed;
use super::kind::JoinSpec;
use crate::data::{Datum, KeptRow, Schema};
use crate::operators::state::time_input;
use crate::operators::window::{EventTime, length_text};
use crate::plan::{Table, TimeInput};

impl<L: Schema, R: Schema, K: Datum, A: KeptRow, B: KeptRow> Join<L, R, K, A, B> {
    /// Restricts the join to pairs whose times are close: the time of the right row minus the time of the left row must be in
    /// the interval. Both bounds are inclusive; a right row before the left row has a negative distance.
    ///
    /// Both sides are live, as in any join. Pairs are found by key and time: a change costs as much as the pairs that it changes,
    /// however many rows its key has.
    ///
    /// The event time of the result is the least of its own and that of both sides, so that windows over it wait for the side that
    /// is read slower; see [`Windows::allowed_lateness`](crate::operators::window::Windows::allowed_lateness). Rows change
    /// results of earlier rows of the other side: a right row those of left rows that are up to `to` earlier, a left row those of
    /// right rows that are up to `-from` earlier. Give windows by the time of that side as much allowed lateness.
    ///
    /// Memory: the rows of both sides by key and time. For each key, its own size and 76 bytes. For each time of either side, a
    /// row and 40 bytes, in a list that grows from one entry; more than 32 times are in chunks. Further rows of the same time
    /// are in a list of their own. To bound the memory, [`forget`](Table::forget) rows of one side when the other side can have
    /// no more rows that are close enough.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Order { id: i64, user: i64, at: i64 }
    /// # #[derive(Schema)] struct Click { user: i64, at: i64, page: String }
    /// # #[derive(Schema, Debug, PartialEq)] struct Led { order: i64, page: String }
    /// # let pipeline = Pipeline::new();
    /// let orders = pipeline.rows([Order { id: 1, user: 7, at: 100 }]);
    /// let clicks = pipeline.rows([(7, 95, "tea"), (7, 30, "milk"), (8, 99, "rice")].map(|(user, at, page)| Click { user, at, page: page.into() }));
    /// let led = orders
    ///     .join(&clicks)
    ///     .on(|o| o.user, |c| c.user)
    ///     .within(|o| o.at, |c| c.at, -60..=0) // The click came up to 60 before the order.
    ///     .inner(|o, c| Led { order: o.id, page: c.page.clone() })
    ///     .collect();
    /// # pipeline.run()?;
    /// assert_eq!(led.rows(), [Led { order: 1, page: "tea".into() }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn within<T: EventTime>(
        self,
        left: impl Fn(&L) -> T + Send + Sync + 'static,
        right: impl Fn(&R) -> T + Send + Sync + 'static,
        interval: impl Interval<T>,
    ) -> IntervalJoin<L, R, K, A, B> {
        let bounds = interval.ticks().and_then(|(from, to)| match from <= to {
            true => Ok((from, to)),
            false => Err("the end of the interval is before its start, so that no pair is in it".to_owned()),
        });
        let (from, to) = bounds.unwrap_or_else(|error| {
            self.left.fail(format!("a join of {:?} and {:?}: {error}", self.left, self.right));
            (0, 0)
        });
        let within = format!("within {} to {}", length_text::<T>(from), length_text::<T>(to));
        let left: TimeOf<L> = Arc::new(move |row| left(row).ticks());
        let right: TimeOf<R> = Arc::new(move |row| right(row).ticks());
        let inputs = [time_input::<L, T>(&self.left, &left), time_input::<R, T>(&self.right, &right)];
        IntervalJoin { join: self, times: (left, right), range: Distance { from, to }, within, inputs }
    }
}

/// Computes the event time of a row.
type TimeOf<T> = Arc<dyn Fn(&T) -> i128 + Send + Sync>;

/// A join of rows whose times are close; see [`Join::within`].
#[must_use = "call `.inner(..)`, `.left(..)`, `.right(..)` or `.full(..)` to make the table"]
pub struct IntervalJoin<L, R, K, A = L, B = R> {
    join: Join<L, R, K, A, B>,
    times: (TimeOf<L>, TimeOf<R>),
    range: Distance,
    /// How close they are, as text.
    within: String,
    /// Both sides with their times, which event time does not pass.
    inputs: [TimeInput; 2],
}

impl<L: Schema, R: Schema, K: Datum, A: KeptRow, B: KeptRow> IntervalJoin<L, R, K, A, B> {
    /// A row for each pair.
    pub fn inner<O: Schema>(self, row: impl Fn(&A::View, &B::View) -> O + Send + Sync + 'static) -> Table<O> {
        self.table(JoinSpec::inner(row))
    }

    /// A row for each pair, and one for each left row without a right row that is close enough. The latter is removed when
    /// such a right row arrives.
    pub fn left<O: Schema>(self, row: impl Fn(&A::View, Option<&B::View>) -> O + Send + Sync + 'static) -> Table<O> {
        self.table(JoinSpec::left(row))
    }

    /// A row for each pair, and one for each right row without a left row that is close enough.
    pub fn right<O: Schema>(self, row: impl Fn(Option<&A::View>, &B::View) -> O + Send + Sync + 'static) -> Table<O> {
        self.table(JoinSpec::right(row))
    }

    /// A row for each pair, and one for each row of either side without a row of the other side that is close enough.
    pub fn full<O: Schema>(
        self,
        row: impl Fn(Option<&A::View>, Option<&B::View>) -> O + Send + Sync + 'static,
    ) -> Table<O> {
        self.table(JoinSpec::full(row))
    }

    fn table<O: Schema>(self, spec: JoinSpec<A, B, O>) -> Table<O> {
        let IntervalJoin { join, times: (left, right), range, within, inputs } = self;
        let append_only = join.is_append_only(spec.kind);
        let detail = format!("{}, {within}", spec.kind);
        let spec = spec.with_condition(join.condition.clone());
        let parameter = format!("{}, within {} to {}", spec.state_parameter(), range.from, range.to);
        let (left_keep, right_keep) = (join.left_keep.clone(), join.right_keep.clone());
        let keep = (
            move |row| Timed { time: left(&row), row: left_keep.take(row) },
            move |row| Timed { time: right(&row), row: right_keep.take(row) },
        );
        let operator = move || IntervalOperator::new(range, spec.clone());
        let joined = join.operator_by_time("interval_join", append_only, inputs, keep, operator);
        joined.with_state_parameter(parameter).with_details([detail])
    }
}

impl<L: Schema, R: Schema, K, A, B> fmt::Debug for IntervalJoin<L, R, K, A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IntervalJoin { join, range, .. } = self;
        f.debug_struct("IntervalJoin")
            .field("join", join)
            .field("ticks", &(range.from..=range.to))
            .finish_non_exhaustive()
    }
}

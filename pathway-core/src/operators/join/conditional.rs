//! The condition of a join, and the rows of one side that such a join emits by themselves, because they match no row of the other
//! side, or some.

use std::cmp::Ordering;
use std::sync::Arc;

use super::interval::{Changes, Distance, Timelines};
use super::kind::{Alone, JoinKind};
use super::ranges::{Range, Ranges};
use super::two_sided::Sides;
use crate::data::{Datum, sort_by};
use crate::operators::sorted_chunks::binary_search_by;

/// Which pairs of rows with the same key match.
pub(super) struct Condition<L, R> {
    pub(super) meets: Arc<Meets<L, R>>,
    /// The ranges of the rows, if only pairs whose ranges overlap can meet the condition.
    pub(super) ranges: Option<Ranges<L, R>>,
    /// How the operators apply a commit. The pointers keep joins without a condition from being compiled with this code.
    pub(super) commit_sides: CommitSides<L, R>,
    pub(super) commit_timelines: CommitTimelines<L, R>,
}

pub(super) type Meets<L, R> = dyn Fn(&L, &R) -> bool + Send + Sync;

/// Emits a pair, or a row of one side by itself, so many times.
pub(super) type Emit<'a, L, R> = &'a mut dyn FnMut(Option<&L>, Option<&R>, i64);

type CommitSides<L, R> =
    fn(&mut Sides<L, R>, &Condition<L, R>, &mut Vec<(L, i64)>, &mut Vec<(R, i64)>, JoinKind, Emit<'_, L, R>);

type CommitTimelines<L, R> =
    fn(&mut Timelines<L, R>, &Meets<L, R>, &mut Changes<L>, &mut Changes<R>, Distance, JoinKind, Emit<'_, L, R>);

impl<L: Datum, R: Datum> Condition<L, R> {
    pub(super) fn new(meets: impl Fn(&L, &R) -> bool + Send + Sync + 'static) -> Self {
        Condition {
            meets: Arc::new(meets),
            ranges: None,
            commit_sides: Sides::commit_with,
            commit_timelines: Timelines::commit_with,
        }
    }
}

impl<L, R> Condition<L, R> {
    /// The range in which right rows can match a left row.
    pub(super) fn range_of_left(&self, row: &L) -> Range {
        self.ranges.as_ref().map_or(Range::ALL, |ranges| (ranges.left)(row))
    }

    /// The range in which left rows can match a right row.
    pub(super) fn range_of_right(&self, row: &R) -> Range {
        self.ranges.as_ref().map_or(Range::ALL, |ranges| (ranges.right)(row))
    }
}

impl<L, R> Clone for Condition<L, R> {
    fn clone(&self) -> Self {
        let Condition { meets, ranges, commit_sides, commit_timelines } = self;
        Condition {
            meets: Arc::clone(meets),
            ranges: ranges.clone(),
            commit_sides: *commit_sides,
            commit_timelines: *commit_timelines,
        }
    }
}

/// The rows of one side that a commit changes, matches or unmatches.
///
/// Without a condition, whether a row matches depends on the number of other rows. With one, it depends on the row: the other rows
/// are searched for one that meets the condition, before the commit and after it. So nothing is kept of the condition, and
/// a program may change it as any other closure.
pub(super) struct AffectedRows<T>(Vec<AffectedRow<T>>);

struct AffectedRow<T> {
    /// The row's time, if it is joined by time.
    time: i128,
    row: T,
    /// How many copies were emitted by themselves before the commit.
    before: i64,
}

impl<T: Datum> AffectedRows<T> {
    /// Finds them before the commit is applied. `changed` are the rows of this side that it changes, in order; `pairs` are rows of
    /// this side with changed rows of the other side; `copies_alone` returns how many copies of a row are emitted by themselves.
    pub(super) fn find<'a, S: 'a>(
        changed: impl Iterator<Item = (i128, &'a T)>,
        pairs: impl Iterator<Item = (i128, &'a T, &'a S)>,
        meets: impl Fn(&T, &S) -> bool,
        copies_alone: impl Fn(i128, &T) -> i64,
    ) -> Self {
        let mut rows: Vec<_> = changed.collect();
        let changed = rows.len();
        for (time, row, other) in pairs {
            // A row that is removed never exists together with one that is inserted: the condition is not asked about them.
            let is_changed = binary_search_by(&rows[..changed], |one| by_time_and_row(one, &(time, row))).is_ok();
            if !is_changed && meets(row, other) {
                rows.push((time, row));
            }
        }
        sort_by(&mut rows, by_time_and_row);
        rows.dedup_by(|one, other| by_time_and_row(one, other).is_eq());
        let affected =
            |(time, row): (i128, &T)| AffectedRow { time, row: row.clone_datum(), before: copies_alone(time, row) };
        AffectedRows(rows.into_iter().map(affected).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Calls `emit` with what the commit, which is applied, has changed.
    pub(super) fn emit(self, copies_alone: impl Fn(i128, &T) -> i64, mut emit: impl FnMut(&T, i64)) {
        for AffectedRow { time, row, before } in self.0 {
            let diff = copies_alone(time, &row) - before;
            if diff != 0 {
                emit(&row, diff);
            }
        }
    }
}

fn by_time_and_row<T: Datum>((time, row): &(i128, &T), (other_time, other): &(i128, &T)) -> Ordering {
    time.cmp(other_time).then_with(|| row.compare(other))
}

/// How many of a row's copies are emitted by themselves. `matches` says of each other row that is near whether it matches.
pub(super) fn copies_alone(alone: Alone, copies: i64, mut matches: impl Iterator<Item = bool>) -> i64 {
    let is_emitted = copies > 0 && matches.any(|matches| matches) == (alone == Alone::Matched);
    if is_emitted { copies } else { 0 }
}

//! The kinds of joins, and how each makes its rows.

use std::fmt;
use std::sync::Arc;

use crate::data::{Datum, KeptRow};

/// Which rows a join emits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JoinKind {
    /// Pairs.
    Inner,
    /// Pairs, and unmatched left rows.
    Left,
    /// Pairs, and unmatched right rows.
    Right,
    /// Pairs, and unmatched rows of both sides.
    Full,
    /// Matched left rows, however many right rows match.
    Semi,
    /// Unmatched left rows.
    Anti,
}

impl fmt::Display for JoinKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            JoinKind::Inner => "inner",
            JoinKind::Left => "left",
            JoinKind::Right => "right",
            JoinKind::Full => "full",
            JoinKind::Semi => "semi",
            JoinKind::Anti => "anti",
        })
    }
}

impl JoinKind {
    /// Whether it emits pairs of rows.
    pub(super) fn emits_pairs(self) -> bool {
        !matches!(self, JoinKind::Semi | JoinKind::Anti)
    }

    /// Whether it emits left rows that match a right row, by themselves.
    pub(super) fn emits_left_matched(self) -> bool {
        self == JoinKind::Semi
    }

    /// Whether it emits left rows that match no right row.
    pub(super) fn emits_left_unmatched(self) -> bool {
        matches!(self, JoinKind::Left | JoinKind::Full | JoinKind::Anti)
    }

    /// Whether it emits right rows that match no left row.
    pub(super) fn emits_right_unmatched(self) -> bool {
        matches!(self, JoinKind::Right | JoinKind::Full)
    }

    /// Whether the result only grows if both sides do: no row depends on the absence of another.
    pub(super) fn is_monotonic(self) -> bool {
        matches!(self, JoinKind::Inner | JoinKind::Semi)
    }
}

/// Makes a row of a left row, a right row, or both; `None` if the kind of join has no row for them.
pub(super) type MakeRow<L, R, O> = Arc<dyn Fn(Option<&L>, Option<&R>) -> Option<O> + Send + Sync>;

/// A kind of join, with the function that makes its rows.
pub(super) struct JoinSpec<L, R, O> {
    pub(super) kind: JoinKind,
    pub(super) row: MakeRow<L, R, O>,
}

/// The program's functions get what it sees of the rows that are kept.
impl<L: KeptRow, R: KeptRow, O: 'static> JoinSpec<L, R, O> {
    pub(super) fn inner(row: impl Fn(&L::View, &R::View) -> O + Send + Sync + 'static) -> Self {
        JoinSpec { kind: JoinKind::Inner, row: Arc::new(move |left, right| Some(row(left?.view(), right?.view()))) }
    }

    pub(super) fn left(row: impl Fn(&L::View, Option<&R::View>) -> O + Send + Sync + 'static) -> Self {
        JoinSpec { kind: JoinKind::Left, row: Arc::new(move |left, right| Some(row(left?.view(), right.map(R::view)))) }
    }

    pub(super) fn right(row: impl Fn(Option<&L::View>, &R::View) -> O + Send + Sync + 'static) -> Self {
        JoinSpec {
            kind: JoinKind::Right,
            row: Arc::new(move |left, right| Some(row(left.map(L::view), right?.view()))),
        }
    }

    pub(super) fn full(row: impl Fn(Option<&L::View>, Option<&R::View>) -> O + Send + Sync + 'static) -> Self {
        JoinSpec {
            kind: JoinKind::Full,
            row: Arc::new(move |left, right| Some(row(left.map(L::view), right.map(R::view)))),
        }
    }
}

impl<L: Datum, R: Datum> JoinSpec<L, R, L> {
    /// A join that emits left rows as they are: [`JoinKind::Semi`] or [`JoinKind::Anti`].
    pub(super) fn left_rows(kind: JoinKind) -> Self {
        JoinSpec { kind, row: Arc::new(|left, _| left.map(L::clone_datum)) }
    }
}

impl<L, R, O> Clone for JoinSpec<L, R, O> {
    fn clone(&self) -> Self {
        JoinSpec { kind: self.kind, row: Arc::clone(&self.row) }
    }
}

//! The kinds of joins, and how each makes its rows.

use std::fmt;
use std::sync::Arc;

use super::conditional::Condition;
use crate::data::{Datum, KeptRow};

/// Which rows of a side a join emits by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alone {
    Matched,
    Unmatched,
}

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

    /// Whether it emits rows of one side by themselves.
    pub(super) fn emits_unpaired(self) -> bool {
        self != JoinKind::Inner
    }

    /// Whether it emits left rows by themselves, and then the matched or the unmatched ones.
    pub(super) fn left_alone(self) -> Option<Alone> {
        match self {
            JoinKind::Left | JoinKind::Full | JoinKind::Anti => Some(Alone::Unmatched),
            JoinKind::Semi => Some(Alone::Matched),
            JoinKind::Inner | JoinKind::Right => None,
        }
    }

    /// The same of right rows.
    pub(super) fn right_alone(self) -> Option<Alone> {
        self.emits_right_unmatched().then_some(Alone::Unmatched)
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
    /// It has no row for a pair that does not meet the condition.
    pub(super) row: MakeRow<L, R, O>,
    pub(super) condition: Option<Condition<L, R>>,
}

/// The program's functions get what it sees of the rows that are kept.
impl<L: KeptRow, R: KeptRow, O: 'static> JoinSpec<L, R, O> {
    pub(super) fn inner(row: impl Fn(&L::View, &R::View) -> O + Send + Sync + 'static) -> Self {
        JoinSpec::new(JoinKind::Inner, Arc::new(move |left, right| Some(row(left?.view(), right?.view()))))
    }

    pub(super) fn left(row: impl Fn(&L::View, Option<&R::View>) -> O + Send + Sync + 'static) -> Self {
        JoinSpec::new(JoinKind::Left, Arc::new(move |left, right| Some(row(left?.view(), right.map(R::view)))))
    }

    pub(super) fn right(row: impl Fn(Option<&L::View>, &R::View) -> O + Send + Sync + 'static) -> Self {
        JoinSpec::new(JoinKind::Right, Arc::new(move |left, right| Some(row(left.map(L::view), right?.view()))))
    }

    pub(super) fn full(row: impl Fn(Option<&L::View>, Option<&R::View>) -> O + Send + Sync + 'static) -> Self {
        let row = move |left: Option<&L>, right: Option<&R>| Some(row(left.map(L::view), right.map(R::view)));
        JoinSpec::new(JoinKind::Full, Arc::new(row))
    }
}

impl<L: Datum, R: Datum> JoinSpec<L, R, L> {
    /// A join that emits left rows as they are: [`JoinKind::Semi`] or [`JoinKind::Anti`].
    pub(super) fn left_rows(kind: JoinKind) -> Self {
        let row = |left: Option<&L>, right: Option<&R>| if right.is_none() { left.map(L::clone_datum) } else { None };
        JoinSpec::new(kind, Arc::new(row))
    }
}

impl<L: 'static, R: 'static, O: 'static> JoinSpec<L, R, O> {
    fn new(kind: JoinKind, row: MakeRow<L, R, O>) -> Self {
        JoinSpec { kind, row, condition: None }
    }

    /// The same join, of which only the pairs that meet the condition match.
    pub(super) fn with_condition(self, condition: Option<Condition<L, R>>) -> Self {
        let Some(condition) = condition else { return self };
        let JoinSpec { kind, row, .. } = self;
        let meets = Arc::clone(&condition.meets);
        let row = move |left: Option<&L>, right: Option<&R>| match (left, right) {
            (Some(left), Some(right)) if !meets(left, right) => None,
            (left, right) => row(left, right),
        };
        JoinSpec { kind, row: Arc::new(row), condition: Some(condition) }
    }

    /// Whether the changes of a key must be applied in the order of their rows: a condition is asked about rows that are looked up
    /// among them.
    pub(super) fn needs_order(&self) -> bool {
        self.condition.is_some() && self.kind.emits_unpaired()
    }

    /// What tells the state of a join by time from that of another one: if it emits rows of one side by themselves, it keeps numbers
    /// of matches, unless it has a condition.
    pub(super) fn state_parameter(&self) -> String {
        match &self.condition {
            Some(_) if self.kind.emits_unpaired() => format!("{} with a condition", self.kind),
            _ => self.kind.to_string(),
        }
    }
}

impl<L, R, O> Clone for JoinSpec<L, R, O> {
    fn clone(&self) -> Self {
        JoinSpec { kind: self.kind, row: Arc::clone(&self.row), condition: self.condition.clone() }
    }
}

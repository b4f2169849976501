//! Splits the `within …` or `asof …` clause of a `join!` into the times of each side.

use quote::{ToTokens, quote};
use syn::{BinOp, Expr, Ident, RangeLimits};

use super::Sides;
use crate::errors::Errors;
use crate::join::ast::{Join, TimeClause};
use crate::row::tokens::{mentions, without_parens};

/// The event time of each row, and which pairs of rows match.
pub(crate) struct Timing {
    pub(crate) left: Expr,
    pub(crate) right: Expr,
    pub(crate) kind: TimingKind,
}

impl Timing {
    /// Whether one row of the right side is found for each row of the left side.
    pub(super) fn is_asof(&self) -> bool {
        !matches!(self.kind, TimingKind::Within { .. })
    }
}

pub(crate) enum TimingKind {
    /// The interval in which the right time minus the left time lies, or the other way round if `reversed`.
    Within { interval: Expr, reversed: bool },
    /// The latest right row that is not after the left row.
    Backward,
    /// The earliest right row that is not before the left row.
    Forward,
    /// The right row that is nearest in time.
    Nearest,
}

/// Returns `None` without a clause, and for an invalid one, which is reported.
pub(super) fn check(join: &mut Join, errors: &mut Errors) -> Option<Timing> {
    let clause = join.time_clause.take()?;
    let (left, right) = (&join.left.row, &join.right.row);
    let (keyword, span) = clause.keyword();
    if join.asof_now {
        let message = format!(
            "`{keyword}` cannot be combined with `asof_now`, which joins each row when it arrives\n\
             help: remove `asof_now` to join by time"
        );
        errors.push(syn::Error::new(span, message));
        return None;
    }
    if !matches!(clause, TimeClause::Within { .. })
        && let Some(question_mark) = join.left.optional.take()
    {
        let message = format!(
            "`{left}` cannot be missing: `asof` looks for a row of `{right}` for each of its rows\nhelp: remove the `?`"
        );
        errors.push(syn::Error::new(question_mark, message));
    }
    match clause {
        TimeClause::Within { difference, interval, .. } => within(&difference, interval, left, right, errors),
        TimeClause::Asof { comparison, .. } => asof(&comparison, left, right, errors),
        TimeClause::Nearest { left: first, right: second, .. } => match Sides::of(&first, &second, left, right) {
            Some(Sides { left, right, .. }) => Some(Timing { left, right, kind: TimingKind::Nearest }),
            None => {
                let message = format!("`nearest` takes a time of each row, as in `asof {left}.at nearest {right}.at`");
                errors.error_spanned_by(quote!(#first nearest #second), message);
                None
            }
        },
    }
}

fn within(difference: &Expr, interval: Expr, left: &Ident, right: &Ident, errors: &mut Errors) -> Option<Timing> {
    let sides = match without_parens(difference) {
        Expr::Binary(binary) if matches!(binary.op, BinOp::Sub(_)) => {
            Sides::of(&binary.left, &binary.right, left, right)
        }
        _ => None,
    };
    let Some(Sides { left: left_time, right: right_time, left_is_first }) = sides else {
        let message =
            format!("expected the difference of a time of each row, as in `within {right}.at - {left}.at in …`");
        errors.error_spanned_by(difference, message);
        return None;
    };
    if let Some(row) = [left, right].into_iter().find(|row| mentions(interval.to_token_stream(), row)) {
        let message = format!("the interval is the same for all rows: it cannot depend on `{row}`");
        errors.error_spanned_by(&interval, message);
        return None;
    }
    if let Expr::Range(range) = without_parens(&interval) {
        if let RangeLimits::HalfOpen(dots) = &range.limits {
            errors.error_spanned_by(dots, "the interval includes both ends: write `..=` between them");
            return None;
        }
        if range.start.is_none() || range.end.is_none() {
            errors.error_spanned_by(&interval, "the interval needs two ends, as in `-5.minutes()..=5.minutes()`");
            return None;
        }
    }
    let kind = TimingKind::Within { interval, reversed: left_is_first };
    Some(Timing { left: left_time, right: right_time, kind })
}

fn asof(comparison: &Expr, left: &Ident, right: &Ident, errors: &mut Errors) -> Option<Timing> {
    let help = format!(
        "help: `asof {left}.at >= {right}.at` finds the latest row of `{right}`, `asof {left}.at <= {right}.at` the \
         earliest, and `asof {left}.at nearest {right}.at` the nearest"
    );
    let Expr::Binary(binary) = without_parens(comparison) else {
        errors.error_spanned_by(comparison, format!("`asof` takes a comparison of two times\n{help}"));
        return None;
    };
    let is_greater = match &binary.op {
        BinOp::Ge(_) => true,
        BinOp::Le(_) => false,
        BinOp::Gt(operator) => {
            errors.error_spanned_by(operator, "a row with the same time matches, too: write `>=`");
            return None;
        }
        BinOp::Lt(operator) => {
            errors.error_spanned_by(operator, "a row with the same time matches, too: write `<=`");
            return None;
        }
        other => {
            errors.error_spanned_by(other, format!("`asof` compares two times with `>=` or `<=`\n{help}"));
            return None;
        }
    };
    let Some(Sides { left, right, left_is_first }) = Sides::of(&binary.left, &binary.right, left, right) else {
        let message = format!("one side must be a time of `{left}` and the other a time of `{right}`\n{help}");
        errors.error_spanned_by(comparison, message);
        return None;
    };
    let kind = if is_greater == left_is_first { TimingKind::Backward } else { TimingKind::Forward };
    Some(Timing { left, right, kind })
}

//! Splits the `within …` or `asof …` clause of a `join!` into the times of each side.

use quote::{ToTokens, quote};
use syn::{BinOp, Expr, RangeLimits};

use super::names::{Names, Pair};
use crate::errors::Errors;
use crate::join::ast::TimeClause;
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

/// Returns `None` for an invalid clause, which is reported.
pub(super) fn check(clause: TimeClause, asof_now: bool, names: &Names<'_>, errors: &mut Errors) -> Option<Timing> {
    let (keyword, span) = clause.keyword();
    if asof_now {
        let message = format!(
            "`{keyword}` cannot be combined with `asof_now`, which joins each row when it arrives\n\
             help: remove `asof_now` to join by time"
        );
        errors.push(syn::Error::new(span, message));
        return None;
    }
    match clause {
        TimeClause::Within { difference, interval, .. } => within(&difference, interval, names, errors),
        TimeClause::Asof { comparison, .. } => asof(&comparison, names, errors),
        TimeClause::Nearest { left: first, right: second, .. } => match names.pair(&first, &second) {
            Some(Pair { left, right, .. }) => Some(Timing { left, right, kind: TimingKind::Nearest }),
            None => {
                let (left, right) = (names.first(), &names.right.row);
                let message = format!("`nearest` takes a time of each row, as in `asof {left}.at nearest {right}.at`");
                errors.error_spanned_by(quote!(#first nearest #second), message);
                None
            }
        },
    }
}

fn within(difference: &Expr, interval: Expr, names: &Names<'_>, errors: &mut Errors) -> Option<Timing> {
    let (left, right) = (names.first(), &names.right.row);
    let pair = match without_parens(difference) {
        Expr::Binary(binary) if matches!(binary.op, BinOp::Sub(_)) => names.pair(&binary.left, &binary.right),
        _ => None,
    };
    let Some(Pair { left: left_time, right: right_time, left_is_first }) = pair else {
        let message =
            format!("expected the difference of a time of each row, as in `within {right}.at - {left}.at in …`");
        errors.error_spanned_by(difference, message);
        return None;
    };
    let mut rows = names.left.iter().chain([names.right]).map(|side| &side.row);
    if let Some(row) = rows.find(|row| mentions(interval.to_token_stream(), row)) {
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

fn asof(comparison: &Expr, names: &Names<'_>, errors: &mut Errors) -> Option<Timing> {
    let (left, right) = (names.first(), &names.right.row);
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
    let Some(Pair { left, right, left_is_first }) = names.pair(&binary.left, &binary.right) else {
        let message = format!("one side must be a time of `{left}` and the other a time of `{right}`\n{help}");
        errors.error_spanned_by(comparison, message);
        return None;
    };
    let kind = if is_greater == left_is_first { TimingKind::Backward } else { TimingKind::Forward };
    Some(Timing { left, right, kind })
}

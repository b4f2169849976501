//! Checks the keys, the condition and the times of a `join!`, and how its columns use the two rows.

mod mentioned;
mod missing_row;
mod on;
mod timing;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::Expr;

pub(crate) use self::mentioned::Mentioned;
use self::on::{JoinKeys, OnClause};
pub(crate) use self::timing::{Timing, TimingKind};
use super::ast::{Join, Side};
use crate::errors::Errors;
use crate::row;
use crate::row::output::OutputRow;
use crate::row::rewriter::ExprContext;
use crate::row::row_access::rewrite_row_access;
use crate::row::tokens::mentions;

/// A `join!` whose expressions are split by side and rewritten for closures over their row.
pub(crate) struct CheckedJoin {
    pub(crate) left: Side,
    pub(crate) right: Side,
    pub(crate) asof_now: bool,
    pub(crate) keys: JoinKeys,
    /// The equalities of the keys, as text.
    pub(crate) keys_text: String,
    /// What a pair must meet besides equal keys.
    pub(crate) condition: Option<Expr>,
    pub(crate) timing: Option<Timing>,
    pub(crate) output: OutputRow,
    /// The columns of each row that the join keeps; `None` if it keeps the whole row.
    pub(crate) kept: (Option<Mentioned>, Option<Mentioned>),
}

const BOTH_ROWS_MAY_BE_MISSING: &str = "`..` needs a row that is never missing, but both rows have a `?`\n\
                                        name each column, as in `name: c.map(|c| c.name.clone())`";

/// Returns `None` if there is nothing to build; the errors say why.
pub(crate) fn check(mut join: Join, errors: &mut Errors) -> Option<CheckedJoin> {
    let (left, right) = (join.left.row.clone(), join.right.row.clone());
    if left == right {
        errors.error_spanned_by(&right, format!("both rows are named `{right}`: choose another name here"));
        return None;
    }
    if join.asof_now
        && let Some(question_mark) = join.left.optional.take()
    {
        let message =
            format!("`{left}` cannot be missing: `asof_now` joins each of its rows once\nhelp: remove the `?`");
        errors.push(syn::Error::new(question_mark, message));
    }
    let has_time_clause = join.time_clause.is_some();
    let timing = timing::check(&mut join, errors);
    let OnClause { keys, keys_text, condition } = on::check(&join.on, &left, &right, errors);
    if let (Some(condition), Some(timing)) = (&condition, &timing)
        && timing.is_asof()
    {
        let message = "`asof` finds rows by keys and times alone: it takes no other condition\n\
                       help: use `filter!` on a table before the join, or on its result";
        errors.error_spanned_by(condition, message);
        return None;
    }
    for side in [&join.left, &join.right].into_iter().filter(|side| side.optional.is_some()) {
        for column in &mut join.output.columns {
            missing_row::check(&mut column.value, &side.row, errors);
        }
    }
    let required = [&join.left, &join.right].into_iter().filter(|side| side.optional.is_none());
    let required: Vec<_> = required.map(|side| &side.row).collect();
    if required.is_empty() {
        row::rest::forbid(&mut join.output, BOTH_ROWS_MAY_BE_MISSING, errors);
    }
    row::rest::check(&mut join.output, &required, errors);
    row::where_clause::forbid(&mut join.output, errors);
    // Invalid keys and times have been reported. Code without them could cause other errors.
    let is_complete = !keys.left.is_empty() && timing.is_some() == has_time_clause;
    if !row::check::check(&mut join.output, errors) || !is_complete {
        return None;
    }
    let Join { left, right, asof_now, output, .. } = join;
    let mentioned = |side: &Side| match side.optional {
        // `asof` finds the least or the greatest of whole rows.
        _ if timing.as_ref().is_some_and(Timing::is_asof) => None,
        Some(_) => mentioned::of_option(&output, condition.as_ref(), &side.row),
        None => mentioned::of_row(&output, condition.as_ref(), &side.row),
    };
    let kept = (mentioned(&left), mentioned(&right));
    let mut checked = CheckedJoin { left, right, asof_now, keys, keys_text, condition, timing, output, kept };
    checked.rewrite(errors);
    Some(checked)
}

impl CheckedJoin {
    /// Rewrites the expressions for closures over the rows.
    fn rewrite(&mut self, errors: &mut Errors) {
        let CheckedJoin { left, right, keys, condition, timing, output, .. } = self;
        // A row that may be missing is an `Option` of a reference, and stays as it is written.
        for column in &mut output.columns {
            for side in [&*left, right].into_iter().filter(|side| side.optional.is_none()) {
                rewrite_row_access(&mut column.value, ExprContext::Value, &side.row, errors);
            }
        }
        // Both rows of a pair are there.
        if let Some(condition) = condition {
            for side in [&*left, right] {
                rewrite_row_access(condition, ExprContext::Place, &side.row, errors);
            }
        }
        let of_left = keys.left.iter_mut().map(|key| (key, &left.row));
        let of_right = keys.right.iter_mut().map(|key| (key, &right.row));
        let times =
            timing.iter_mut().flat_map(|timing| [(&mut timing.left, &left.row), (&mut timing.right, &right.row)]);
        for (expr, row) in of_left.chain(of_right).chain(times) {
            rewrite_row_access(expr, ExprContext::Value, row, errors);
        }
    }
}

/// Two expressions, of which one uses only the left row and the other only the right row.
struct Sides {
    left: Expr,
    right: Expr,
    /// Whether the first expression is the one of the left row.
    left_is_first: bool,
}

impl Sides {
    /// Returns `None` if an expression uses both rows or no row, or if both use the same one.
    fn of(first: &Expr, second: &Expr, left: &Ident, right: &Ident) -> Option<Sides> {
        let uses = |expr: &Expr, row| mentions(expr.to_token_stream(), row);
        match [uses(first, left), uses(first, right), uses(second, left), uses(second, right)] {
            [true, false, false, true] => {
                Some(Sides { left: first.clone(), right: second.clone(), left_is_first: true })
            }
            [false, true, true, false] => {
                Some(Sides { left: second.clone(), right: first.clone(), left_is_first: false })
            }
            _ => None,
        }
    }
}

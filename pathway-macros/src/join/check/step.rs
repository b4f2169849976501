//! Checks how one table of a `join!` is joined with those before it.

use proc_macro2::Span;
use syn::{BinOp, Expr, Ident};

use super::kept::StepColumns;
use super::missing_row;
use super::names::Names;
use super::on::{self, JoinKeys, OnClause};
use super::ranges::Ranges;
use super::timing::{self, Timing};
use crate::errors::Errors;
use crate::join::ast::{Side, Step, TimeClause};
use crate::row::rewriter::ExprContext;
use crate::row::row_access::rewrite_row_access;
use crate::row::text::text_of;

/// How a table is joined with those before it.
pub(crate) struct CheckedStep {
    pub(crate) asof_now: bool,
    pub(crate) keys: JoinKeys,
    /// The keys, as text.
    pub(crate) keys_text: String,
    /// What a pair must meet besides equal keys.
    pub(crate) condition: Option<Expr>,
    /// The ranges of the rows, if only pairs whose ranges overlap meet the condition.
    pub(crate) ranges: Option<Ranges>,
    pub(crate) timing: Option<Timing>,
    /// The columns that are named once, each with the row before the table whose column it is.
    pub(crate) shared: Vec<(Ident, Ident)>,
    /// Whether there is nothing of the tables before it in some rows of the result.
    pub(crate) left_is_optional: bool,
    pub(crate) columns: StepColumns,
}

/// Returns `None` if a step is a mistake, which is reported.
pub(super) fn check_all(steps: Vec<Step>, sides: &mut [Side], errors: &mut Errors) -> Option<Vec<CheckedStep>> {
    let mut checked = Some(Vec::new());
    for (number, step) in steps.into_iter().enumerate() {
        let is_there = check_left_is_there(&step, number, sides, errors);
        let step = Names::of(sides, number).and_then(|names| check(step, &names, errors));
        checked = checked.zip(step.filter(|_| is_there)).map(|(mut checked, step)| {
            checked.push(step);
            checked
        });
    }
    checked
}

/// Reports a `?` of rows that cannot be missing. That of a single row is removed, so that the mistake causes no other errors.
/// Returns whether there is something to build.
fn check_left_is_there(step: &Step, number: usize, sides: &mut [Side], errors: &mut Errors) -> bool {
    let Some((left, [right, ..])) = sides.split_at_mut_checked(number + 1) else { return true };
    let reason = match &step.time_clause {
        _ if step.asof_now => ("`asof_now` joins each of".to_owned(), " once"),
        Some(TimeClause::Asof { .. } | TimeClause::Nearest { .. }) => {
            (format!("`asof` looks for a row of `{}` for each of", right.row), "")
        }
        _ => return true,
    };
    if left.iter().any(|side| side.optional.is_none()) {
        return true;
    }
    let (why, end) = reason;
    let message = match &*left {
        [Side { row, .. }] => format!("`{row}` cannot be missing: {why} its rows{end}\nhelp: remove the `?`"),
        _ => format!(
            "the rows before `{}` cannot be missing all at once: {why} them{end}\n\
             help: remove the `?` of one that is always there",
            right.row
        ),
    };
    errors.push(syn::Error::new(left.last().and_then(|side| side.optional).unwrap_or_else(Span::call_site), message));
    if let [single] = left {
        single.optional = None;
    }
    left.len() == 1
}

fn check(step: Step, names: &Names<'_>, errors: &mut Errors) -> Option<CheckedStep> {
    let Step { asof_now, on, time_clause } = step;
    let tokens = on::tokens(&on);
    if let Some(later) = names.use_of_later(tokens) {
        let message = format!(
            "`{later}` is not joined yet: this `on` can use `{}` and the rows before it\n\
             help: compare `{later}` behind its own `on`",
            names.right.row
        );
        errors.error_spanned_by(later, message);
        return None;
    }
    let has_time_clause = time_clause.is_some();
    let mut timing = time_clause.and_then(|clause| timing::check(clause, asof_now, names, errors));
    let OnClause { mut keys, keys_text, mut condition, ranges, shared } = on::check(&on, names, errors);
    if let (Some(condition), Some(timing)) = (&condition, &timing)
        && timing.is_asof()
    {
        let message = "`asof` finds rows by keys and times alone: it takes no other condition\n\
                       help: use `filter!` on a table before the join, or on its result";
        errors.error_spanned_by(condition, message);
        return None;
    }
    let are_there = check_missing_rows(&mut keys, condition.as_mut(), timing.as_mut(), names, errors);
    let is_complete = !keys.left.is_empty() && timing.is_some() == has_time_clause;
    (are_there && is_complete).then(|| CheckedStep {
        asof_now,
        keys,
        keys_text,
        condition,
        // Other operators than that of live joins do not use them.
        ranges: ranges.filter(|_| !asof_now && !has_time_clause),
        timing,
        shared,
        left_is_optional: names.left_is_optional(),
        columns: StepColumns::default(),
    })
}

/// Reports each column that is taken from a row that may be missing. Returns whether there is none.
fn check_missing_rows(
    keys: &mut JoinKeys,
    mut condition: Option<&mut Expr>,
    mut timing: Option<&mut Timing>,
    names: &Names<'_>,
    errors: &mut Errors,
) -> bool {
    let mut are_there = true;
    for Side { row, .. } in names.missing() {
        for (key, other) in keys.left.iter_mut().zip(&keys.right) {
            let (text, other) = (text_of(&[&*key]), text_of(&[other]));
            are_there &= missing_row::check_key(key, row, &text, &other, errors);
        }
        if let Some(condition) = &mut condition {
            are_there &= check_condition(condition, row, errors);
        }
        if let Some(timing) = &mut timing {
            are_there &= missing_row::check_time(&mut timing.left, row, errors);
        }
    }
    are_there
}

/// The same of each part of `a && b`.
fn check_condition(condition: &mut Expr, row: &Ident, errors: &mut Errors) -> bool {
    match condition {
        Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
            let are_there = check_condition(&mut binary.left, row, errors);
            check_condition(&mut binary.right, row, errors) && are_there
        }
        condition => {
            let text = text_of(&[&*condition]);
            missing_row::check_condition(condition, row, &text, errors)
        }
    }
}

impl CheckedStep {
    /// Rewrites the expressions for closures over the rows.
    pub(super) fn rewrite(&mut self, sides: &[Side], number: usize, errors: &mut Errors) {
        let Some(names) = Names::of(sides, number) else { return };
        let CheckedStep { keys, condition, timing, .. } = self;
        for Side { row, .. } in names.present() {
            if let Some(condition) = condition {
                rewrite_row_access(condition, ExprContext::Place, row, errors);
            }
        }
        for Side { row, .. } in names.present().filter(|side| side.row != names.right.row) {
            let times = timing.iter_mut().map(|timing| &mut timing.left);
            for expr in keys.left.iter_mut().chain(times) {
                rewrite_row_access(expr, ExprContext::Value, row, errors);
            }
        }
        let times = timing.iter_mut().map(|timing| &mut timing.right);
        for expr in keys.right.iter_mut().chain(times) {
            rewrite_row_access(expr, ExprContext::Value, &names.right.row, errors);
        }
    }
}

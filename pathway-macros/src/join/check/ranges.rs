//! Finds the range in the condition of a `join!`: `(a.at..=a.expires).contains(&b.at)`, `a.at <= b.at && b.at <= a.expires`.
//!
//! It is only used to find rows, each of which the whole condition is asked about: the range may be wider than the condition.

use quote::ToTokens;
use syn::{BinOp, Expr, ExprMethodCall, UnOp};

use super::names::{Names, Pair};
use crate::row::tokens::without_parens;

/// The ranges of the rows of each side. Pairs that meet the condition have ranges that overlap.
pub(crate) struct Ranges {
    pub(crate) left: Ends,
    pub(crate) right: Ends,
}

/// The first and the last value of a range, if it has them.
pub(crate) struct Ends {
    pub(crate) first: Option<Expr>,
    pub(crate) last: Option<Expr>,
}

/// One comparison of both sides.
struct Bound {
    left: Expr,
    right: Expr,
    /// Whether the value of the left row is the lesser one.
    left_is_less: bool,
}

/// The ranges in these conditions, all of which must be met.
pub(super) fn find(conditions: &[Expr], names: &Names<'_>) -> Option<Ranges> {
    let (mut less, mut greater) = (Vec::new(), Vec::new());
    // A condition may keep those behind it from being evaluated: a value behind it may be one that cannot be computed.
    let mut is_first = true;
    for condition in conditions {
        let bounds = bounds(condition, names);
        let is_safe = |expr: &Expr| is_column(expr) || (is_first && is_sum(expr));
        let is_usable = |bound: &Bound| is_safe(&bound.left) && is_safe(&bound.right);
        let are_all = !bounds.is_empty() && bounds.iter().all(is_usable);
        for bound in bounds.into_iter().filter(is_usable) {
            if bound.left_is_less { less.push(bound) } else { greater.push(bound) }
        }
        is_first &= are_all;
    }
    choose(&less, &greater)
}

fn choose(less: &[Bound], greater: &[Bound]) -> Option<Ranges> {
    let pairs = || less.iter().flat_map(|less| greater.iter().map(move |greater| (less, greater)));
    // A value between two others is better than two comparisons that may have nothing to do with each other.
    let is_between =
        |(less, greater): &(&Bound, &Bound)| is_same(&less.right, &greater.right) || is_same(&less.left, &greater.left);
    if let Some((less, greater)) = pairs().find(is_between).or_else(|| pairs().next()) {
        let left = Ends { first: Some(less.left.clone()), last: Some(greater.left.clone()) };
        let right = Ends { first: Some(greater.right.clone()), last: Some(less.right.clone()) };
        return Some(Ranges { left, right });
    }
    let (bound, left_is_less) =
        less.first().map(|bound| (bound, true)).or(greater.first().map(|bound| (bound, false)))?;
    let (left, right) = (Some(bound.left.clone()), Some(bound.right.clone()));
    let left = if left_is_less { Ends { first: left, last: None } } else { Ends { first: None, last: left } };
    Some(Ranges { left, right: Ends { first: right.clone(), last: right } })
}

fn is_same(one: &Expr, other: &Expr) -> bool {
    one.to_token_stream().to_string() == other.to_token_stream().to_string()
}

/// The comparisons that a condition consists of.
fn bounds(condition: &Expr, names: &Names<'_>) -> Vec<Bound> {
    let bound = |lesser: &Expr, greater: &Expr| {
        let Pair { left, right, left_is_first } = names.pair(value(lesser), value(greater))?;
        Some(Bound { left, right, left_is_less: left_is_first })
    };
    match without_parens(condition) {
        Expr::Binary(binary) => match binary.op {
            BinOp::Le(_) | BinOp::Lt(_) => bound(&binary.left, &binary.right).into_iter().collect(),
            BinOp::Ge(_) | BinOp::Gt(_) => bound(&binary.right, &binary.left).into_iter().collect(),
            _ => Vec::new(),
        },
        Expr::MethodCall(call) => match contains(call) {
            Some((first, last, within)) => {
                let first = first.and_then(|first| bound(first, within));
                first.into_iter().chain(last.and_then(|last| bound(within, last))).collect()
            }
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The ends and the value of `(first..=last).contains(&value)`.
fn contains(call: &ExprMethodCall) -> Option<(Option<&Expr>, Option<&Expr>, &Expr)> {
    let Expr::Range(range) = without_parens(&call.receiver) else { return None };
    let within = call.args.first().filter(|_| call.args.len() == 1 && call.method == "contains")?;
    Some((range.start.as_deref(), range.end.as_deref(), within))
}

/// The expression without parentheses and `&`.
fn value(expr: &Expr) -> &Expr {
    match without_parens(expr) {
        Expr::Reference(reference) if reference.mutability.is_none() => value(&reference.expr),
        expr => expr,
    }
}

/// Whether an expression is a column, or a part of one.
fn is_column(expr: &Expr) -> bool {
    match value(expr) {
        Expr::Path(path) => path.path.get_ident().is_some(),
        Expr::Field(field) => is_column(&field.base),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Deref(_)) && is_column(&unary.expr),
        _ => false,
    }
}

/// Whether an expression is a sum or a difference of columns and constants: `a.at + 10.minutes()`.
fn is_sum(expr: &Expr) -> bool {
    let is_literal = |expr: &Expr| matches!(value(expr), Expr::Lit(_));
    match value(expr) {
        Expr::Binary(binary) => {
            matches!(binary.op, BinOp::Add(_) | BinOp::Sub(_)) && is_sum(&binary.left) && is_sum(&binary.right)
        }
        Expr::Cast(cast) => is_sum(&cast.expr),
        Expr::MethodCall(call) => is_literal(&call.receiver) && call.args.is_empty(),
        other => is_literal(other) || is_column(other),
    }
}

//! Takes the keys of a `join!` apart, and looks at how its rows are used.

use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{BinOp, Expr, Ident, PatIdent};

use super::ast::Join;
use super::times::{self, Timing};
use crate::errors::Errors;
use crate::row;
use crate::row::place::clone_datum;
use crate::row::tokens::mentions;

/// The keys of each side, in the same order.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) left: Vec<Expr>,
    pub(crate) right: Vec<Expr>,
}

/// The most keys: the longest tuple that is a datum.
const MOST_KEYS: usize = 12;

/// Of `..o` where either row can be missing.
const MAY_BE_MISSING: &str = "both rows may be missing, as their `?` says, and then they have no columns\n\
                              name each column, as in `name: c.map(|c| c.name.clone())`";

/// None: nothing can be built, which was reported.
pub(crate) fn check(join: &mut Join, errors: &mut Errors) -> Option<(Keys, Option<Timing>)> {
    let (left, right) = (join.left.row.clone(), join.right.row.clone());
    if left == right {
        errors.at(&right, format!("both rows are called `{right}`: choose another name here"));
        return None;
    }
    if join.asof_now
        && let Some(mark) = join.left.optional.take()
    {
        let message = format!("the rows of `{left}` are events that are answered: they can't be missing");
        errors.take::<()>(Err(syn::Error::new(mark, message)));
    }
    let has_times = join.times.is_some();
    let timing = times::check(join, errors);
    let mut keys = Keys::default();
    equations(&join.on, &left, &right, &mut keys, errors);
    if let Some(key) = keys.left.get(MOST_KEYS) {
        errors.at(
            key,
            format!("tables are joined on at most {MOST_KEYS} keys\nhelp: put some of them into one, as a tuple"),
        );
    }
    for side in [&join.left, &join.right].into_iter().filter(|side| side.optional.is_some()) {
        for column in &mut join.output.columns {
            fields_of_missing(&mut column.value, &side.row, errors);
        }
    }
    let there = [&join.left, &join.right].into_iter().filter(|side| side.optional.is_none());
    let there: Vec<_> = there.map(|side| &side.row).collect();
    if there.is_empty() {
        row::rest::forbid(&mut join.output, MAY_BE_MISSING, errors);
    }
    row::rest::check(&mut join.output, &there, errors);
    // Of keys and times that could not be read it was said what is wrong; what else is wrong may follow from that.
    let is_read = !keys.left.is_empty() && timing.is_some() == has_times;
    (row::check::check(&mut join.output, errors) && is_read).then_some((keys, timing))
}

/// `a == b && c == d`.
fn equations(expr: &Expr, left: &Ident, right: &Ident, keys: &mut Keys, errors: &mut Errors) {
    let example = format!("as in `on {left}.id == {right}.id`");
    match expr {
        Expr::Paren(paren) => equations(&paren.expr, left, right, keys, errors),
        Expr::Group(group) => equations(&group.expr, left, right, keys, errors),
        Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
            equations(&binary.left, left, right, keys, errors);
            equations(&binary.right, left, right, keys, errors);
        }
        Expr::Binary(binary) if matches!(binary.op, BinOp::Eq(_)) => {
            let of = |side: &Expr, row| mentions(side.to_token_stream(), row);
            let (one, two) = (&*binary.left, &*binary.right);
            match [of(one, left), of(one, right), of(two, left), of(two, right)] {
                [true, false, false, true] => keys.add(one, two),
                [false, true, true, false] => keys.add(two, one),
                _ => errors.at(
                    expr,
                    format!(
                        "one side of `==` must speak of `{left}` alone and the other of `{right}` alone, {example}\n\
                         help: for any other condition, `filter!` a table before the join or the joined rows behind it"
                    ),
                ),
            }
        }
        Expr::Assign(assign) => errors.at(assign.eq_token, format!("write `==` between the two columns, {example}")),
        other => errors.at(
            other,
            format!(
                "tables are joined on columns that are equal, {example}; several with `&&` between them\n\
                 help: for any other condition, `filter!` the joined rows"
            ),
        ),
    }
}

impl Keys {
    fn add(&mut self, left: &Expr, right: &Expr) {
        self.left.push(left.clone());
        self.right.push(right.clone());
    }
}

/// A row that may be missing is an `Option`, which has no columns.
fn fields_of_missing(expr: &mut Expr, row: &Ident, errors: &mut Errors) {
    let mut binds = Binds { row, found: false };
    binds.visit_expr_mut(expr);
    // What the name means then is a matter of scopes, which the compiler knows better.
    if !binds.found {
        Fields { row, errors }.visit_expr_mut(expr);
    }
}

struct Binds<'a> {
    row: &'a Ident,
    found: bool,
}

impl VisitMut for Binds<'_> {
    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        self.found |= pattern.ident == *self.row;
        visit_mut::visit_pat_ident_mut(self, pattern);
    }
}

struct Fields<'a> {
    row: &'a Ident,
    errors: &'a mut Errors,
}

impl VisitMut for Fields<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        let Expr::Field(field) = expr else { return };
        if !matches!(&*field.base, Expr::Path(base) if base.path.is_ident(self.row)) {
            return;
        }
        let (row, column) = (self.row, field.member.to_token_stream());
        self.errors.at(
            &*field,
            format!(
                "`{row}` may be missing, as its `?` says\n\
                 help: `{row}.map(|{row}| {row}.{column}.clone())` is an `Option`, with `None` where it is missing"
            ),
        );
        // Goes on as if the cure had been taken, so that nothing else is wrong because of it.
        let copy = clone_datum(expr);
        *expr = Expr::Verbatim(quote!(#row.map(|#row| #copy)));
    }
}

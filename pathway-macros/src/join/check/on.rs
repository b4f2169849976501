//! Splits the `on` clause of a `join!` into the keys of each side and the condition that pairs of rows must meet.

use syn::{BinOp, Expr, Ident};

use super::Sides;
use crate::errors::Errors;
use crate::row::text::text_of;
use crate::row::tokens::without_parens;

/// The keys of each side, in the same order.
#[derive(Default)]
pub(crate) struct JoinKeys {
    pub(crate) left: Vec<Expr>,
    pub(crate) right: Vec<Expr>,
}

/// What stands behind `on`.
#[derive(Default)]
pub(super) struct OnClause {
    pub(super) keys: JoinKeys,
    /// The equalities of the keys, as text.
    pub(super) keys_text: String,
    /// What else a pair must meet.
    pub(super) condition: Option<Expr>,
}

/// The longest tuple that is a datum.
const MAX_KEYS: usize = 12;

/// Splits the clause. Without a valid equality, there are no keys.
pub(super) fn check(on: &Expr, left: &Ident, right: &Ident, errors: &mut Errors) -> OnClause {
    let mut parts = Parts::default();
    if !parts.split(on, left, right, errors) {
        return OnClause::default();
    }
    let Parts { keys, equalities, conditions } = parts;
    if keys.left.is_empty() {
        let example = format!("on {left}.id == {right}.id");
        let message = format!(
            "tables are joined on at least one equality of a column of each, as in `{example}`\n\
             help: other conditions come beside it: `{example} && …`"
        );
        errors.error_spanned_by(on, message);
    }
    if let Some(key) = keys.left.get(MAX_KEYS) {
        let message = format!("`join!` takes at most {MAX_KEYS} keys\nhelp: combine some of them in a tuple");
        errors.error_spanned_by(key, message);
    }
    let keys_text = match &*conditions {
        [] => text_of(std::slice::from_ref(on)),
        _ => equalities.iter().map(|key| text_of(std::slice::from_ref(key))).collect::<Vec<_>>().join(" && "),
    };
    // The compiler warns of parentheses around all of a closure's body.
    let condition = match &*conditions {
        [condition] => Some(without_parens(condition).clone()),
        _ => conditions.into_iter().reduce(|all, next| syn::parse_quote!(#all && #next)),
    };
    OnClause { keys, keys_text, condition }
}

/// The parts of `a == b && c < d`.
#[derive(Default)]
struct Parts {
    keys: JoinKeys,
    /// The equalities of the keys.
    equalities: Vec<Expr>,
    conditions: Vec<Expr>,
}

impl Parts {
    /// Returns false if a part is a mistake, which is reported.
    fn split(&mut self, part: &Expr, left: &Ident, right: &Ident, errors: &mut Errors) -> bool {
        match part {
            Expr::Paren(paren) if is_split(&paren.expr) => self.split(&paren.expr, left, right, errors),
            Expr::Group(group) if is_split(&group.expr) => self.split(&group.expr, left, right, errors),
            Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
                let is_valid = self.split(&binary.left, left, right, errors);
                self.split(&binary.right, left, right, errors) && is_valid
            }
            Expr::Binary(binary) if matches!(binary.op, BinOp::Eq(_)) => {
                match Sides::of(&binary.left, &binary.right, left, right) {
                    Some(sides) => {
                        self.keys.left.push(sides.left);
                        self.keys.right.push(sides.right);
                        self.equalities.push(part.clone());
                    }
                    None => self.conditions.push(part.clone()),
                }
                true
            }
            Expr::Assign(assign) => {
                let message = format!("write `==` between the two columns, as in `on {left}.id == {right}.id`");
                errors.error_spanned_by(assign.eq_token, message);
                false
            }
            condition => {
                self.conditions.push(condition.clone());
                true
            }
        }
    }
}

/// Whether parentheses around the expression are left out.
fn is_split(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => is_split(&paren.expr),
        Expr::Group(group) => is_split(&group.expr),
        Expr::Binary(binary) => matches!(binary.op, BinOp::And(_) | BinOp::Eq(_)),
        Expr::Assign(_) => true,
        _ => false,
    }
}

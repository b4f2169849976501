//! Splits the `on` condition of a `join!` into the keys of each side.

use syn::{BinOp, Expr, Ident};

use super::Sides;
use crate::errors::Errors;

/// The keys of each side, in the same order.
#[derive(Default)]
pub(crate) struct JoinKeys {
    pub(crate) left: Vec<Expr>,
    pub(crate) right: Vec<Expr>,
}

/// The longest tuple that is a datum.
const MAX_KEYS: usize = 12;

/// Splits the condition. Without a valid equation, there are no keys.
pub(super) fn check(on: &Expr, left: &Ident, right: &Ident, errors: &mut Errors) -> JoinKeys {
    let mut keys = JoinKeys::default();
    split(on, left, right, &mut keys, errors);
    if let Some(key) = keys.left.get(MAX_KEYS) {
        let message = format!("`join!` takes at most {MAX_KEYS} keys\nhelp: combine some of them in a tuple");
        errors.error_spanned_by(key, message);
    }
    keys
}

/// Splits `a == b && c == d`.
fn split(condition: &Expr, left: &Ident, right: &Ident, keys: &mut JoinKeys, errors: &mut Errors) {
    let example = format!("as in `on {left}.id == {right}.id`");
    match condition {
        Expr::Paren(paren) => split(&paren.expr, left, right, keys, errors),
        Expr::Group(group) => split(&group.expr, left, right, keys, errors),
        Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
            split(&binary.left, left, right, keys, errors);
            split(&binary.right, left, right, keys, errors);
        }
        Expr::Binary(binary) if matches!(binary.op, BinOp::Eq(_)) => {
            match Sides::of(&binary.left, &binary.right, left, right) {
                Some(sides) => {
                    keys.left.push(sides.left);
                    keys.right.push(sides.right);
                }
                None => {
                    let message = format!(
                        "one side of `==` must use only `{left}` and the other only `{right}`, {example}\n\
                         help: for any other condition, use `filter!` on a table before the join, or on its result"
                    );
                    errors.error_spanned_by(condition, message);
                }
            }
        }
        Expr::Assign(assign) => {
            errors.error_spanned_by(assign.eq_token, format!("write `==` between the two columns, {example}"));
        }
        other => {
            let message = format!(
                "tables are joined on equal columns, {example}; combine several with `&&`\n\
                 help: for any other condition, use `filter!` on the result of the join"
            );
            errors.error_spanned_by(other, message);
        }
    }
}

//! The parameters of builtin reducers, which are the same for all rows: `0.95` in `quantile(o.price, 0.95)`.

use std::cell::Cell;

use quote::ToTokens;
use syn::{Expr, ExprCall, ExprLit, ExprUnary, Ident, Lit, UnOp};

use super::builtin::{self, Builtin};
use super::classify::callee;
use crate::errors::Errors;
use crate::row::row_access::rewrite_row_access_without;
use crate::row::tokens::mentions;

/// A parameter of a builtin reducer.
pub(crate) struct Parameter {
    /// What messages call it.
    pub(crate) noun: &'static str,
    pub(crate) example: &'static str,
    kind: Kind,
}

/// The kind of a parameter, which says what literals are valid.
#[derive(Clone, Copy)]
enum Kind {
    /// A number between 0 and 1.
    Fraction,
    /// An integer of at least 1.
    Count,
    String,
}

pub(super) const FRACTION: Parameter = Parameter { noun: "a fraction", example: "0.95", kind: Kind::Fraction };
pub(super) const VALUE_COUNT: Parameter = Parameter { noun: "a number of values", example: "3", kind: Kind::Count };
pub(super) const SEPARATOR: Parameter = Parameter { noun: "a separator", example: "\", \"", kind: Kind::String };

/// Checks the parameters of a call, and returns them. An invalid one is replaced by its example.
pub(super) fn check(call: &ExprCall, builtin: &Builtin, row: &Ident, errors: &mut Errors) -> Vec<Expr> {
    let uses_row = |expr: &Expr| mentions(expr.to_token_stream(), row);
    let (arguments, given): (Vec<_>, Vec<_>) =
        call.args.iter().enumerate().partition(|(at, _)| *at < builtin.arguments);
    let (name, example) = (builtin.name, builtin.example(row));
    let is_swapped =
        !arguments.iter().any(|(_, argument)| uses_row(argument)) && given.iter().any(|(_, given)| uses_row(given));
    if is_swapped {
        errors.error_spanned_by(call, format!("`{name}` takes the value to reduce first, as in `{example}`"));
    }
    let checked = builtin.parameters.iter().zip(given).map(|(parameter, (_, given))| {
        let mut given = given.clone();
        let message = if uses_row(&given) {
            let noun = parameter.noun;
            Some(format!(
                "`{name}` takes {noun} that is the same for all rows, as in `{example}`: it cannot depend on `{row}`"
            ))
        } else {
            parameter.kind.check_literal(&given, name, &example)
        };
        if let Some(message) = message {
            if !is_swapped {
                errors.error_spanned_by(&given, message);
            }
            return parameter.example_expr(given);
        }
        let is_invalid = Cell::new(false);
        let forbidden = |call: &ExprCall| {
            let message = reducer_in_parameter(call, name);
            is_invalid.set(is_invalid.get() || message.is_some());
            message
        };
        rewrite_row_access_without(&mut given, row, &forbidden, errors);
        if is_invalid.get() { parameter.example_expr(given) } else { given }
    });
    checked.collect()
}

impl Parameter {
    /// The example, in place of an invalid parameter, so that the mistake causes no other errors.
    fn example_expr(&self, invalid: Expr) -> Expr {
        syn::parse_str(self.example).unwrap_or(invalid)
    }
}

impl Kind {
    /// The error message if the expression is a literal that is not valid.
    fn check_literal(self, given: &Expr, name: &str, example: &str) -> Option<String> {
        let number = number_literal(given)?;
        match self {
            Kind::Fraction if !(0.0..=1.0).contains(&number) => {
                Some(format!("`{name}` takes a fraction between 0 and 1, as in `{example}`"))
            }
            Kind::Count if number < 1.0 => {
                Some(format!("`{name}` takes a number of values of at least 1, as in `{example}`"))
            }
            Kind::Fraction | Kind::Count | Kind::String => None,
        }
    }
}

/// The value of a number literal, which may have a sign.
fn number_literal(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
        Expr::Lit(ExprLit { lit: Lit::Float(number), .. }) => number.base10_parse().ok(),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => number_literal(expr).map(|number| -number),
        Expr::Paren(paren) => number_literal(&paren.expr),
        Expr::Group(group) => number_literal(&group.expr),
        _ => None,
    }
}

/// The error message if a call in a parameter of `reducer` is a reducer call.
fn reducer_in_parameter(call: &ExprCall, reducer: &str) -> Option<String> {
    let inner = callee(call)?.get_ident()?;
    builtin::find(inner)?;
    Some(format!(
        "`{inner}` is a reducer, but this parameter of `{reducer}` must be known before the first row\n\
         help: if `{inner}` is a function of your own, write its path, as in `self::{inner}(…)`"
    ))
}

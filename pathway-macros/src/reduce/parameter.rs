//! What a reducer is told once, for all rows: `quantile(o.price, 0.95)`.

use std::cell::Cell;

use quote::ToTokens;
use syn::{Expr, ExprCall, ExprLit, ExprUnary, Ident, Lit, UnOp};

use super::builtin::{self, Builtin};
use super::probe::callee;
use crate::errors::Errors;
use crate::row::place::over_row_without;
use crate::row::tokens::mentions;

/// A parameter of a reducer that has a word of its own.
pub(crate) struct Parameter {
    /// What a message calls it.
    pub(crate) noun: &'static str,
    pub(crate) example: &'static str,
    kind: Kind,
}

/// What a parameter says, and so which values have no meaning.
#[derive(Clone, Copy)]
enum Kind {
    /// From 0 to 1.
    Share,
    /// At least one.
    Number,
    Text,
}

pub(super) const SHARE: Parameter = Parameter { noun: "a share", example: "0.95", kind: Kind::Share };
pub(super) const VALUES: Parameter = Parameter { noun: "a number of values", example: "3", kind: Kind::Number };
pub(super) const SEPARATOR: Parameter = Parameter { noun: "a separator", example: "\", \"", kind: Kind::Text };

/// Checks what a call has for parameters, and gives them, with examples for those that are wrong.
pub(super) fn check(call: &ExprCall, builtin: &Builtin, row: &Ident, errors: &mut Errors) -> Vec<Expr> {
    let speaks = |expr: &Expr| mentions(expr.to_token_stream(), row);
    let (arguments, given): (Vec<_>, Vec<_>) =
        call.args.iter().enumerate().partition(|(at, _)| *at < builtin.arguments);
    let (word, example) = (builtin.word, builtin.example(row));
    let turned_round =
        !arguments.iter().any(|(_, argument)| speaks(argument)) && given.iter().any(|(_, given)| speaks(given));
    if turned_round {
        errors.at(call, format!("`{word}` takes what it reduces first, as in `{example}`"));
    }
    let checked = builtin.parameters.iter().zip(given).map(|(parameter, (_, given))| {
        let mut given = given.clone();
        let fault = if speaks(&given) {
            let noun = parameter.noun;
            Some(format!(
                "`{word}` takes {noun} that is the same for all rows, as in `{example}`: it cannot speak of `{row}`"
            ))
        } else {
            parameter.kind.fault(&given, word, &example)
        };
        if let Some(fault) = fault {
            if !turned_round {
                errors.at(&given, fault);
            }
            return parameter.stand_in(given);
        }
        let is_wrong = Cell::new(false);
        let forbidden = |call: &ExprCall| {
            let why = reducer_in_a_parameter(call, word);
            is_wrong.set(is_wrong.get() || why.is_some());
            why
        };
        over_row_without(&mut given, row, &forbidden, errors);
        if is_wrong.get() { parameter.stand_in(given) } else { given }
    });
    checked.collect()
}

impl Parameter {
    /// What stands for a parameter that is wrong, so that nothing else goes wrong because of it.
    fn stand_in(&self, wrong: Expr) -> Expr {
        syn::parse_str(self.example).unwrap_or(wrong)
    }
}

impl Kind {
    /// What is wrong with a literal, if it is one.
    fn fault(self, given: &Expr, word: &str, example: &str) -> Option<String> {
        let number = literal(given)?;
        match self {
            Kind::Share if !(0.0..=1.0).contains(&number) => {
                Some(format!("`{word}` takes a share, from 0 to 1, as in `{example}`"))
            }
            Kind::Number if number < 1.0 => Some(format!("`{word}` takes at least one value, as in `{example}`")),
            Kind::Share | Kind::Number | Kind::Text => None,
        }
    }
}

/// The value of a number that is written out.
fn literal(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
        Expr::Lit(ExprLit { lit: Lit::Float(number), .. }) => number.base10_parse().ok(),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => literal(expr).map(|number| -number),
        Expr::Paren(paren) => literal(&paren.expr),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

/// Why a call inside a parameter cannot be made, if it is a reducer's.
fn reducer_in_a_parameter(call: &ExprCall, word: &str) -> Option<String> {
    let inner = callee(call)?.get_ident()?;
    builtin::find(inner)?;
    Some(format!(
        "`{inner}` is a reducer, and `{word}` is told here what is known before the first row\n\
         help: if this is a function of yours, write its path, as in `self::{inner}(…)`"
    ))
}

//! The conditions behind `where`: which rows the reducers of a column reduce.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, ExprCall, parse_quote};

use super::builtin;
use super::classify::callee;
use crate::errors::Errors;
use crate::row::row_access::rewrite_row_access_without;
use crate::row::span_range::{SpanRange, hygienic_local};
use crate::row::tokens::same_tokens;
use crate::row::where_clause::Where;

/// The conditions of all columns. Columns with the same condition share it: it is evaluated once for each row.
pub(crate) struct Conditions<'a> {
    row: &'a Ident,
    /// The name of a group's window.
    window: Option<&'a Ident>,
    /// Each condition as written, and as an expression over a row.
    conditions: Vec<(TokenStream, Expr)>,
}

impl<'a> Conditions<'a> {
    pub(crate) fn new(row: &'a Ident, window: Option<&'a Ident>) -> Self {
        Conditions { row, window, conditions: Vec::new() }
    }

    /// Adds the condition of a column, and returns its index. `None` if there is none after the keyword.
    pub(crate) fn add(&mut self, clause: &Where, errors: &mut Errors) -> Option<usize> {
        let Some(condition) = &clause.condition else {
            let message = format!("expected a condition after `where`, as in `where {}.price > 100.0`", self.row);
            errors.error_spanned_by(clause.tokens(), message);
            return None;
        };
        let source = condition.to_token_stream();
        let is_same = |(earlier, _): &(TokenStream, _)| same_tokens(earlier.clone(), source.clone());
        if let Some(index) = self.conditions.iter().position(is_same) {
            return Some(index);
        }
        let condition = self.of_a_row(condition.clone(), errors);
        self.conditions.push((source, condition));
        Some(self.conditions.len() - 1)
    }

    pub(crate) fn into_exprs(self) -> Vec<Expr> {
        self.conditions.into_iter().map(|(_, condition)| condition).collect()
    }

    /// Rewrites a condition for a closure over a row.
    fn of_a_row(&self, mut condition: Expr, errors: &mut Errors) -> Expr {
        if let Some(window) = self.window.and_then(|window| find(condition.to_token_stream(), window)) {
            let message = format!(
                "`{window}` is the window of a group, but the condition of `where` is evaluated for one row at a time\n\
                 help: use the time of the row"
            );
            errors.error_spanned_by(window, message);
            return parse_quote!(true);
        }
        rewrite_row_access_without(&mut condition, self.row, &reducer_in_condition, errors);
        SpanRange::of(&condition).call("condition", &condition)
    }
}

/// The local variable that says whether a row meets a condition.
pub(crate) fn condition_variable(index: usize) -> Ident {
    hygienic_local(&format!("condition{index}"))
}

/// The value of a column with a condition. `results` are the variables of its reducers' results, each an `Option`, which is `None`
/// while no row meets the condition.
///
/// If no rows have a value for all these reducers, the column has that value. Otherwise, the column is an `Option`.
pub(crate) fn value_of_column(value: &Expr, results: &[Ident], has_value_of_no_rows: bool) -> Expr {
    let spans = SpanRange::of(value);
    // No code of the user, so that no lint of Clippy is about it.
    let [first, last] = [spans.first, spans.last].map(|span| Span::mixed_site().located_at(span));
    if has_value_of_no_rows {
        let value = quote_spanned!(first=> { #(let #results = ::pathway::__private::or_default(#results);)* #value });
        return Expr::Verbatim(value);
    }
    let present = spans.call("present", value);
    let into_option = quote_spanned!(last=> .into_option ());
    spans.call(
        "identity",
        &quote_spanned! {first=>
            match (#(#results,)*) {
                (#(::core::option::Option::Some(#results),)*) => {
                    use ::pathway::__private::IntoOption as _;
                    #present #into_option
                }
                _ => ::core::option::Option::None,
            }
        },
    )
}

/// The error message if a call in a condition is a reducer call.
fn reducer_in_condition(call: &ExprCall) -> Option<String> {
    let name = callee(call)?.get_ident()?;
    builtin::find(name)?;
    Some(format!(
        "`{name}` is used in a condition, which is evaluated for one row at a time\n\
         help: reduce first, and `filter!` the groups by the result\n\
         help: if `{name}` is a function of your own, write its path, as in `self::{name}(…)`"
    ))
}

/// The identifier where the tokens contain it, other than as a field or method.
fn find(tokens: TokenStream, ident: &Ident) -> Option<Ident> {
    let mut after_dot = false;
    for token in tokens {
        match &token {
            TokenTree::Ident(found) if !after_dot && found == ident => return Some(found.clone()),
            TokenTree::Group(group) => {
                if let Some(found) = find(group.stream(), ident) {
                    return Some(found);
                }
            }
            _ => {}
        }
        after_dot = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
    }
    None
}

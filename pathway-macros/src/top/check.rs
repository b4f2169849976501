//! Checks the parts of a `top!`, and how they use the row.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, ExprLit, Lit, parse_quote};

use super::ast::{OrderBy, Top};
use super::output;
use crate::errors::Errors;
use crate::row;
use crate::row::expand::value_tokens;
use crate::row::key::Key;
use crate::row::key_names::KeyNames;
use crate::row::rewriter::ExprContext;
use crate::row::row_access::rewrite_row_access;
use crate::row::tokens::{mentions, without_parens};

/// A `top!` whose expressions are those of closures.
pub(crate) struct CheckedTop {
    pub(crate) top: Top,
    /// What pictures of the pipeline show.
    pub(crate) text: String,
    /// The names by which the new row uses keys, each with the value of its key for a row.
    pub(crate) key_names: Vec<(Ident, Expr)>,
    /// The name of the rank, as the new row uses it.
    pub(crate) rank: Option<Ident>,
}

/// The longest tuple that is a datum.
const MAX_VALUES: usize = 12;

/// The name of the rank of a row.
const RANK: &str = "rank";

/// Rewrites the expressions for closures over the row. Returns `None` if there is no row to build.
pub(crate) fn check(mut top: Top, errors: &mut Errors) -> Option<CheckedTop> {
    let text = text(&top);
    let Top { n, binding, keys, order, output } = &mut top;
    let row = &binding.row;
    check_number(n, row, errors);
    let rank = Ident::new(RANK, row.span());
    if *row == rank {
        errors.error_spanned_by(row, "`rank` is the rank of a row in its group: give the row another name");
    }
    let mut names = KeyNames::new(keys, &[(row, "row"), (&rank, "rank of a row")], errors);
    check_lengths(keys, order, errors);
    check_order(order, row, errors);
    let rank = match output {
        Some(output) => {
            row::where_clause::forbid(output, errors);
            let has_row = row::rest::check(output, &[row], errors);
            if !row::check::check(output, errors) || !has_row {
                return None;
            }
            let rank = find_rank(value_tokens(output));
            output::rewrite_columns(output, row, &mut names, errors);
            rank
        }
        None => None,
    };
    let key_names = names.into_bound().into_iter().map(|(name, key)| {
        let mut value = keys[key].expr.clone();
        rewrite_row_access(&mut value, ExprContext::Place, row, errors);
        (name, value)
    });
    let key_names = key_names.collect();
    for key in keys.iter_mut() {
        rewrite_row_access(&mut key.expr, ExprContext::Value, row, errors);
    }
    Some(CheckedTop { top, text, key_names, rank })
}

/// Reports more keys, or columns of the order, than a tuple can hold.
fn check_lengths(keys: &[Key], order: &[OrderBy], errors: &mut Errors) {
    let too_many = keys.get(MAX_VALUES).map(|key| &key.expr).or(order.get(MAX_VALUES).map(|by| &by.expr));
    if let Some(expr) = too_many {
        let message = format!("`top!` takes at most {MAX_VALUES} keys, and as many columns after `order`");
        errors.error_spanned_by(expr, message);
    }
}

/// Rewrites the columns after `order`, and reports those that cannot order rows.
fn check_order(order: &mut [OrderBy], row: &Ident, errors: &mut Errors) {
    for by in order {
        if let Expr::Closure(_) = without_parens(&by.expr) {
            let message =
                format!("the order is an expression over the row, not a closure: write `order {row}.price desc`");
            errors.error_spanned_by(&by.expr, message);
            by.expr = parse_quote!(0_i64);
        } else if mentions(by.expr.to_token_stream(), row) {
            rewrite_row_access(&mut by.expr, ExprContext::Value, row, errors);
        } else {
            let message = format!("this is the same for all rows: order by a column, as in `order {row}.price desc`");
            errors.error_spanned_by(&by.expr, message);
        }
    }
}

/// Reports a number that is no number of rows, and continues with another one.
fn check_number(n: &mut Expr, row: &Ident, errors: &mut Errors) {
    let message = if mentions(n.to_token_stream(), row) {
        format!("the number of rows is the same for all groups: it cannot depend on `{row}`")
    } else if is_zero(n) {
        "`top!` takes a number of rows of at least 1, as in `10 of b in bids`".to_owned()
    } else {
        return;
    };
    errors.error_spanned_by(&*n, message);
    *n = parse_quote!(1);
}

fn is_zero(n: &Expr) -> bool {
    matches!(without_parens(n), Expr::Lit(ExprLit { lit: Lit::Int(n), .. }) if n.base10_digits() == "0")
}

/// The first use of the rank, other than as a field or method.
fn find_rank(tokens: TokenStream) -> Option<Ident> {
    let mut after_dot = false;
    for token in tokens {
        match &token {
            TokenTree::Ident(found) if !after_dot && found == RANK => return Some(found.clone()),
            TokenTree::Group(group) => {
                if let Some(found) = find_rank(group.stream()) {
                    return Some(found);
                }
            }
            TokenTree::Literal(literal) => {
                // A string that captures it.
                let text = literal.to_string();
                if ["{rank}", "{rank:"].iter().any(|captured| text.contains(captured)) {
                    return Some(Ident::new(RANK, literal.span()));
                }
            }
            _ => {}
        }
        after_dot = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
    }
    None
}

/// `10 by b.auction order b.price desc`.
fn text(top: &Top) -> String {
    let mut text = row::text::text_of(&[&top.n]);
    if !top.keys.is_empty() {
        let keys: Vec<_> = top.keys.iter().map(Key::text).collect();
        text += &format!(" by {}", keys.join(", "));
    }
    let order: Vec<_> = top.order.iter().map(OrderBy::text).collect();
    text + " order " + &order.join(", ")
}

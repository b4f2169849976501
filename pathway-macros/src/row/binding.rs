//! Parses the beginning of a macro: `o in orders`, and the `=>` after it.

use proc_macro2::TokenTree;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::{Expr, Ident, Token};

use crate::errors::Errors;

/// `o in orders`: the name of a row, and the table that it comes from.
pub(crate) struct Binding {
    pub(crate) row: Ident,
    pub(crate) table: Expr,
}

impl Binding {
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let row = parse_row_name(input, "o in orders")?;
        let table = parse_in_table(input, "o in orders")?;
        Ok(Binding { row, table })
    }
}

/// Parses the name of a row. `example` is for the error message.
pub(crate) fn parse_row_name(input: ParseStream<'_>, example: &str) -> syn::Result<Ident> {
    if !input.peek(Ident) && !input.peek(Token![_]) {
        return Err(input.error(format!("expected a name for the row and its table, as in `{example}`")));
    }
    input.call(Ident::parse_any)
}

/// Parses `in` and the table after it.
pub(crate) fn parse_in_table(input: ParseStream<'_>, example: &str) -> syn::Result<Expr> {
    if !input.peek(Token![in]) {
        return Err(input.error(format!("expected `in` and the table after the row's name, as in `{example}`")));
    }
    input.parse::<Token![in]>()?;
    input.call(Expr::parse_without_eager_brace)
}

/// Whether the next token is this contextual keyword.
pub(crate) fn peek_keyword(input: ParseStream<'_>, keyword: &str) -> bool {
    input.fork().parse::<Ident>().is_ok_and(|found| found == keyword)
}

/// Parses the `=>`. If it is missing, misspelt, or not the next token, reports that and continues where it should be.
pub(crate) fn parse_arrow(input: ParseStream<'_>, expected: &str, errors: &mut Errors) -> syn::Result<()> {
    if !input.peek(Token![=>]) {
        let error = input.error(format!("expected {expected}"));
        if input.is_empty() {
            return Err(error);
        }
        errors.push(error);
        skip_to_arrow(input)?;
    }
    input.parse::<Option<Token![=>]>>()?;
    Ok(())
}

/// Skips the tokens before the `=>`. Without one, skips only the token that was probably meant as one.
fn skip_to_arrow(input: ParseStream<'_>) -> syn::Result<()> {
    let ahead = input.fork();
    while !ahead.is_empty() && !ahead.peek(Token![=>]) {
        ahead.parse::<TokenTree>()?;
    }
    if !ahead.is_empty() {
        input.advance_to(&ahead);
    } else if input.peek(Token![->]) {
        input.parse::<Token![->]>()?;
    } else if input.peek(Token![=]) || input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

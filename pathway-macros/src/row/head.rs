//! How a macro begins: `o in orders`, and the `=>` behind it.

use proc_macro2::TokenTree;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::{Expr, Ident, Token};

use crate::errors::Errors;

/// `o in orders`: the row's name, and any expression of a table.
pub(crate) struct Head {
    pub(crate) row: Ident,
    pub(crate) table: Expr,
}

impl Head {
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(Ident) && !input.peek(Token![_]) {
            return Err(input.error("expected a name for the row and its table, as in `o in orders`"));
        }
        let row = input.call(Ident::parse_any)?;
        if !input.peek(Token![in]) {
            return Err(input.error("expected `in` and the table behind the row's name, as in `o in orders`"));
        }
        input.parse::<Token![in]>()?;
        let table = input.call(Expr::parse_without_eager_brace)?;
        Ok(Head { row, table })
    }
}

/// Takes the `=>`, and reports one that is missing, misspelt, or further behind.
pub(crate) fn arrow(input: ParseStream<'_>, expected: &str, errors: &mut Errors) -> syn::Result<()> {
    if !input.peek(Token![=>]) {
        let error = input.error(format!("expected {expected}"));
        if input.is_empty() {
            return Err(error);
        }
        errors.take::<()>(Err(error));
        skip_to_arrow(input)?;
    }
    input.parse::<Option<Token![=>]>>()?;
    Ok(())
}

/// Goes to the `=>` if there is one, else over what stands in its place.
pub(crate) fn skip_to_arrow(input: ParseStream<'_>) -> syn::Result<()> {
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

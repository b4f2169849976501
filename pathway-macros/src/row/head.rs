//! How a macro begins: `o in orders`, and the `=>` behind it.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
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
            return Err(
                input.error(format!("expected `in` and the table behind the row's name, as in `{row} in orders`"))
            );
        }
        input.parse::<Token![in]>()?;
        let table = input.call(Expr::parse_without_eager_brace)?;
        Ok(Head { row, table })
    }
}

/// Takes the `=>`. One that is missing or misspelt is reported, and taken as written.
pub(crate) fn arrow(input: ParseStream<'_>, expected: &str, errors: &mut Errors) -> syn::Result<()> {
    if input.peek(Token![=>]) {
        input.parse::<Token![=>]>()?;
        return Ok(());
    }
    if input.is_empty() {
        return Err(input.error(format!("expected {expected}")));
    }
    errors.take::<()>(Err(input.error(format!("expected {expected}"))));
    if input.peek(Token![->]) {
        input.parse::<Token![->]>()?;
    } else if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
    } else if input.peek(Token![,]) {
        input.parse::<Token![,]>()?;
    }
    Ok(())
}

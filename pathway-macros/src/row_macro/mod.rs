//! `row! { o.id, cost: o.price * 2.0 }`: one row, as an expression.

mod ast;
mod check;
mod expand;

use proc_macro2::TokenStream;

use crate::row::expand_macro;

pub(crate) fn row(input: TokenStream) -> TokenStream {
    expand_macro(input, ast::Row::parse, check::check, expand::expand)
}

#[cfg(test)]
mod tests;

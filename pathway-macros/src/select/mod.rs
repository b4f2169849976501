//! `select!(o in orders => { id: o.id })`.

mod ast;
mod check;
mod expand;

use proc_macro2::TokenStream;

use crate::row::expand_macro;

pub(crate) fn select(input: TokenStream) -> TokenStream {
    expand_macro(input, ast::Select::parse, check::check, expand::expand)
}

#[cfg(test)]
mod tests;

//! `filter!(o in orders => o.price > 100.0)`.

mod ast;
mod check;
mod expand;

use proc_macro2::TokenStream;

use crate::row::expand_macro;

pub(crate) fn filter(input: TokenStream) -> TokenStream {
    expand_macro(input, ast::Filter::parse, check::check, expand::expand)
}

#[cfg(test)]
mod tests;

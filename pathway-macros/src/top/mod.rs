//! `top!(10 of b in bids by b.auction order b.price desc => { ..b, rank })`.

mod ast;
mod check;
mod expand;
mod output;

use proc_macro2::TokenStream;

use crate::row::expand_macro;

pub(crate) fn top(input: TokenStream) -> TokenStream {
    expand_macro(input, ast::Top::parse, check::check, expand::expand)
}

#[cfg(test)]
mod tests;

//! `filter!(o in orders => o.price > 100.0)`.

mod ast;
mod expand;

use proc_macro2::TokenStream;
use syn::parse::Parser;

use crate::errors::Errors;
use crate::row::expand::only;

pub(crate) fn filter(input: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let parsed = (|input: syn::parse::ParseStream<'_>| ast::Filter::parse(input, &mut errors)).parse2(input);
    match errors.take(parsed) {
        Some(filter) => expand::expand(filter, errors),
        None => only(errors),
    }
}

#[cfg(test)]
mod tests;

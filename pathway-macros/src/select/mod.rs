//! `select!(o in orders => { id: o.id })`.

mod ast;
mod expand;

use proc_macro2::TokenStream;
use syn::parse::Parser;

use crate::errors::Errors;
use crate::row::check::check;
use crate::row::expand::only;
use crate::row::rest;

pub(crate) fn select(input: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let parsed = (|input: syn::parse::ParseStream<'_>| ast::Select::parse(input, &mut errors)).parse2(input);
    match errors.take(parsed) {
        Some(mut select) => {
            rest::check(&mut select.output, &[&select.head.row], &mut errors);
            if check(&mut select.output, &mut errors) { expand::expand(select, errors) } else { only(errors) }
        }
        None => only(errors),
    }
}

#[cfg(test)]
mod tests;

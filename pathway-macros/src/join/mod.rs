//! `join!(o in orders, c? in customers on o.customer == c.id => { order: o.id })`.

mod ast;
mod check;
mod expand;
mod times;

use proc_macro2::TokenStream;
use syn::parse::Parser;

use crate::errors::Errors;
use crate::row::expand::only;

pub(crate) fn join(input: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let parsed = (|input: syn::parse::ParseStream<'_>| ast::Join::parse(input, &mut errors)).parse2(input);
    match errors.take(parsed) {
        Some(mut join) => match check::check(&mut join, &mut errors) {
            Some((keys, timing)) => expand::expand(join, keys, timing, errors),
            None => only(errors),
        },
        None => only(errors),
    }
}

#[cfg(test)]
mod tests;

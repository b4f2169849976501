//! `reduce!(o in orders by o.city => { city: o.city, total: sum(o.price) })`.
//!
//! [`check`] takes the outputs apart into keys, reducer calls and what is left of each expression;
//! [`expand`] puts them together as three closures: the key of a row, the reducers' arguments of a row,
//! and the output of a group.

mod ast;
mod builtin;
mod check;
mod expand;
mod keys;
mod parameter;
mod probe;
mod reduction;
mod window;

use proc_macro2::TokenStream;
use syn::parse::Parser;

use crate::errors::Errors;
use crate::row::expand::only;

pub(crate) fn reduce(input: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let parsed = (|input: syn::parse::ParseStream<'_>| ast::Reduce::parse(input, &mut errors)).parse2(input);
    match errors.take(parsed) {
        Some(reduce) => match check::check(reduce, &mut errors) {
            Some(plan) => expand::expand(&plan, errors),
            None => only(errors),
        },
        None => only(errors),
    }
}

#[cfg(test)]
mod tests;

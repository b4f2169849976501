//! `reduce!(o in orders by o.city => { city: o.city, total: sum(o.price) })`.
//!
//! [`check`] splits each output into keys, reducer calls, and the rest of the expression. [`expand`] generates three
//! closures: the key of a row, the arguments of the reducers for a row, and the output of a group.

mod ast;
mod check;
mod expand;

use proc_macro2::TokenStream;

use crate::row::expand_macro;

pub(crate) fn reduce(input: TokenStream) -> TokenStream {
    expand_macro(input, ast::Reduce::parse, check::check, expand::expand)
}

#[cfg(test)]
mod tests;

//! `join!(o in orders, c? in customers on o.customer == c.id => { order: o.id })`.

mod ast;
mod check;
mod expand;

use proc_macro2::TokenStream;

use crate::row::expand_macro;

pub(crate) fn join(input: TokenStream) -> TokenStream {
    expand_macro(input, ast::Join::parse, check::check, expand::expand)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_tables;

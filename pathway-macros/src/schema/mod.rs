//! `#[derive(Schema)]`: makes a struct a row.

mod ast;
mod check;
mod expand;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::errors::Errors;
use crate::generics::default_crate_path;
pub(crate) use expand::{fallback_datum, json_string};

/// Returns the impls of the row, and the compile errors.
///
/// An invalid attribute is left out of the impls. If the input cannot be a row at all, fallback impls keep the rest of
/// the program from failing for the same reason.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::new();
    let impls = match ast::Row::parse(input, &mut errors) {
        Some(row) if check::check(&row, &mut errors) => expand::expand(&row),
        row => expand::fallback(input, row.map_or_else(default_crate_path, |row| row.krate)),
    };
    let errors = errors.into_compile_errors();
    quote!(#errors #impls)
}

#[cfg(test)]
mod tests;

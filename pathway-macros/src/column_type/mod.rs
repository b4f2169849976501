//! `#[derive(ColumnType)]`: makes an enum without fields, or a newtype, the type of a column.

mod ast;
mod check;
mod expand;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::errors::Errors;
use crate::generics::default_crate_path;

/// Returns the impls of the column type, and the compile errors.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::new();
    let column_type = ast::ColumnType::parse(input, &mut errors);
    let is_valid = check::check(input, column_type.as_ref(), &mut errors);
    let impls = match column_type {
        Some(column_type) if is_valid => expand::expand(&column_type),
        column_type => expand::fallback(input, column_type.map_or_else(default_crate_path, |parsed| parsed.krate)),
    };
    let errors = errors.into_compile_errors();
    quote!(#errors #impls)
}

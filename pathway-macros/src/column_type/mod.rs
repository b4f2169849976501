//! `#[derive(ColumnType)]`: an enum without fields, or a newtype, becomes the type of a column.

mod ast;
mod expand;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::errors::Errors;
use crate::generics::{facade, forbid_lifetimes};

/// The impls of the column type, and the compile errors.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::new();
    let seen = ast::ColumnType::see(input, &mut errors);
    let owned = forbid_lifetimes(&input.generics, &mut errors);
    let impls = match (seen, owned) {
        (Some(column_type), Some(())) => expand::column_type(&column_type),
        (seen, _) => expand::stand_in(input, seen.map_or_else(facade, |column_type| column_type.krate)),
    };
    let errors = errors.into_tokens();
    quote::quote!(#errors #impls)
}

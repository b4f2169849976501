//! Generates the impls of `OneColumn` and `OnePayload`, for payloads that are a bare text or bytes.

use proc_macro2::TokenStream;
use quote::quote;

use super::flatten::bounded_generics;
use super::metadata;
use crate::schema::ast::Row;

/// Implements `OneColumn` for a row with one column, and `OnePayload` for a row with one column that is read from the
/// payload.
pub(super) fn impls(row: &Row) -> Option<TokenStream> {
    let Row { ident, krate, columns, flattened, .. } = row;
    if !flattened.is_empty() {
        return None;
    }
    let mut of_payload = columns.iter().filter(|column| column.metadata.is_none());
    let payload = of_payload.next().filter(|_| of_payload.next().is_none());
    let only = columns.first().filter(|_| columns.len() == 1);
    if payload.is_none() && only.is_none() {
        return None;
    }
    let generics = bounded_generics(row);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let one_column = only.map(|column| {
        let (field, ty) = (&column.field, &column.ty);
        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::__private::OneColumn<#ty> for #ident #type_generics #where_clause {
                fn column(&self) -> &#ty {
                    &self.#field
                }
            }
        }
    });
    let one_payload = payload.map(|payload| {
        let ty = &payload.ty;
        let fields = columns.iter().map(|column| {
            let field = &column.field;
            match &column.metadata {
                Some(metadata) => {
                    let value = metadata::read(metadata, column, krate);
                    quote!(#field: #value)
                }
                None => quote!(#field: payload),
            }
        });
        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::__private::OnePayload<#ty> for #ident #type_generics #where_clause {
                fn from_payload(
                    payload: #ty,
                    message: &#krate::__private::Message<'_>,
                ) -> ::core::result::Result<Self, #krate::__private::DecodeError> {
                    ::core::result::Result::Ok(Self { #(#fields),* })
                }
            }
        }
    });
    Some(quote!(#one_column #one_payload))
}

//! Generates the types and the value of a row's primary key.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::fields::Field;
use super::flatten::schema_item;
use crate::generics::private_path_at;
use crate::schema::ast::{Column, Row};

/// The parts of the primary key.
pub(super) struct PrimaryKey {
    /// The type that says whether there is a key.
    pub(super) presence: TokenStream,
    pub(super) types: Vec<TokenStream>,
    pub(super) values: Vec<TokenStream>,
    /// The span of the first type.
    pub(super) span: Span,
}

impl PrimaryKey {
    /// The key columns of the row, and the keys of its flattened rows, in the order of the fields.
    pub(super) fn of(row: &Row) -> PrimaryKey {
        let krate = &row.krate;
        let has_own = row.columns.iter().any(|column| column.primary_key);
        let presence = if has_own { quote!(#krate::__private::HasKey) } else { quote!(#krate::__private::NoKey) };
        let mut key = PrimaryKey { presence, types: Vec::new(), values: Vec::new(), span: Span::call_site() };
        for field in Field::all(row).into_iter().rev() {
            match field {
                Field::Column(Column { field, ty, primary_key: true, .. }) => {
                    key.types.push(quote!(#ty));
                    key.values.push(quote!(<#ty as #krate::__private::Datum>::clone_datum(&self.#field)));
                    key.span = ty.span();
                }
                Field::Flattened(flattened) if !flattened.replaceable => {
                    let (field, presence) = (&flattened.field, &key.presence);
                    let [of_field, key_type, primary_key] =
                        ["KeyPresence", "Key", "primary_key"].map(|item| schema_item(flattened, item, krate));
                    let private = private_path_at(krate, flattened.ty.span());
                    key.presence =
                        quote_spanned!(flattened.ty.span()=> <#of_field as #private::KeyPresence>::Or<#presence>);
                    key.types.push(key_type);
                    key.values.push(quote!(#primary_key(&self.#field)));
                    key.span = flattened.ty.span();
                }
                Field::Column(_) | Field::Flattened(_) => {}
            }
        }
        key.types.reverse();
        key.values.reverse();
        key
    }
}

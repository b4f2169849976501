//! Generates the code of a row: its impls of `Datum` and `Schema`.
//!
//! Only what depends on the fields is generated. Everything else is a function in the facade's `__private` module.
//! Every body starts with a call of `column_type::<T>()` for the type of each field, with the span of that type. A type
//! that cannot be a column is so reported under the type, and once: the compiler drops errors that repeat each other.

mod datum;
mod decode;
mod encode;
mod extends;
mod extensible;
mod fields;
mod flatten;
mod metadata;
mod one_column;
mod path_trie;
mod primary_key;
mod replaced_columns;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{DeriveInput, Path};

pub(crate) use self::datum::fallback as fallback_datum;
pub(crate) use self::encode::json_string;
use self::fields::{Field, column_type_checks};
use self::flatten::NameCheck;
use self::primary_key::PrimaryKey;
use self::replaced_columns::Rows;
use super::ast::{Column, Row};
use crate::generics::fallback_generics;
use crate::messages::display_tokens;

/// The impls of a row.
pub(crate) fn expand(row: &Row) -> TokenStream {
    let datum = datum::impls(row);
    let NameCheck { item: name_check, statement } = flatten::name_check(row);
    let schema = schema_impl(row, &statement);
    let one_column = one_column::impls(row);
    let (extends, extensible) = (extends::impls(row), extensible::impls(row));
    quote!(#datum #schema #one_column #extends #extensible #name_check)
}

/// Impls for input that cannot be a row, so that code that uses the type causes no other errors. They never run.
pub(crate) fn fallback(input: &DeriveInput, krate: Path) -> TokenStream {
    let ident = &input.ident;
    let name = ident.unraw().to_string();
    let generics = fallback_generics(&input.generics, &krate);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let datum = fallback_datum(&input.ident, &generics, &krate);
    let show = show_type(&krate);
    quote! {
        #datum

        #[automatically_derived]
        impl #impl_generics #krate::__private::Schema for #ident #type_generics #where_clause {
            const NAME: &'static ::core::primitive::str = #name;
            const COLUMNS: #krate::__private::Columns = #krate::__private::Columns { fields: &[], names: &[] };
            type KeyPresence = #krate::__private::NoKey;
            type Key = ();
            fn primary_key(&self) {}
            fn decode_row(
                _: #krate::__private::JsonText<'_>,
                _: &#krate::__private::Message<'_>,
            ) -> ::core::result::Result<Self, #krate::__private::DecodeError> {
                loop {}
            }
            fn encode_columns(&self, _: &mut #krate::__private::Vec<::core::primitive::u8>) {}
            fn zip_columns(&self, _: &Self, _: &mut #show) {}
        }

        #[automatically_derived]
        impl #impl_generics #krate::__private::Extends<Self> for #ident #type_generics #where_clause {
            fn base(&self) -> &Self {
                self
            }
        }
    }
}

/// The type of the callback that `zip_columns` passes each column to.
fn show_type(krate: &Path) -> TokenStream {
    quote! {
        dyn ::core::ops::FnMut(
            &'static #krate::__private::Column,
            &dyn #krate::__private::DynValue,
            &dyn #krate::__private::DynValue,
        )
    }
}

fn schema_impl(row: &Row, name_check: &TokenStream) -> TokenStream {
    let Row { ident, krate, .. } = row;
    let name = ident.unraw().to_string();
    let generics = flatten::bounded_generics(row);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let checks = column_type_checks(row);
    let columns = Field::all(row).into_iter().map(|field| match field {
        Field::Column(column) => {
            let column = column_entry(column, krate);
            quote!(#krate::__private::SchemaField::Column(#column))
        }
        Field::Flattened(flattened) => {
            let (columns, replaceable) = (flatten::schema_item(flattened, "COLUMNS", krate), flattened.replaceable);
            quote!(#krate::__private::SchemaField::Flattened { columns: &#columns, replaceable: #replaceable })
        }
    });
    let names = Field::all(row).into_iter().map(|field| field.name_and_type().0.unraw().to_string());
    let PrimaryKey { presence, types, values, span } = PrimaryKey::of(row);
    let key = quote_spanned!(span=> (#(#types,)*));
    // Without a key the body stays empty: clippy warns about a `()` in the user's crate.
    let key_value = (!values.is_empty()).then(|| quote!(#checks (#(#values,)*)));
    let metadata = metadata::metadata_const(row);
    let rows = Rows { one: quote!(self), two: quote!(other), is_extended: false };
    let zip_columns = replaced_columns::zip_columns_body(row, &rows);
    let show = show_type(krate);
    let decode = decode::body(row);
    let encode =
        replaced_columns::or_by_column(row, &encode::body(row), &quote!(#krate::__private::encode_columns(self, out)));
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::__private::Schema for #ident #type_generics #where_clause {
            const NAME: &'static ::core::primitive::str = #name;
            const COLUMNS: #krate::__private::Columns =
                #krate::__private::Columns { fields: &[#(#columns),*], names: &[#(#names),*] };
            type KeyPresence = #presence;
            type Key = #key;
            #metadata

            fn primary_key(&self) -> Self::Key {
                #key_value
            }

            fn decode_row(
                document: #krate::__private::JsonText<'_>,
                message: &#krate::__private::Message<'_>,
            ) -> ::core::result::Result<Self, #krate::__private::DecodeError> {
                #checks
                #name_check
                #decode
            }

            fn encode_columns(&self, out: &mut #krate::__private::Vec<::core::primitive::u8>) {
                #checks
                #encode
            }

            fn zip_columns(&self, other: &Self, show: &mut #show) {
                #checks
                #zip_columns
            }
        }
    }
}

/// The column's entry in `COLUMNS`.
fn column_entry(column: &Column, krate: &Path) -> TokenStream {
    let Column { name, ty, primary_key, .. } = column;
    let type_name = display_tokens(ty);
    let path = match &column.pointer {
        Some(pointer) => {
            let text = &pointer.text;
            quote!(::core::option::Option::Some(#text))
        }
        None => quote!(::core::option::Option::None),
    };
    quote! {
        #krate::__private::Column {
            name: #name,
            type_name: #type_name,
            primary_key: #primary_key,
            path: #path,
        }
    }
}

//! The code of a row: its impls of `Datum` and `Schema`.
//!
//! What can be a plain function stands in the crate (`__private`); what is written here is what names the fields.
//! Every body says `column_type::<T>()` for each field's type first, with the span of that type: a type that
//! can't be a column is told there, in the same words from every body, and rustc tells it once.

mod datum;
mod decode;
mod fields;
mod rest;
mod single;

use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DeriveInput, Path};

pub(crate) use datum::stand_in as datum_stand_in;

use self::fields::{Field, checks};
use super::ast::{Column, Row};
use crate::generics::stand_in as stand_in_generics;
use crate::words::written;

/// The impls of a row.
pub(crate) fn row(row: &Row) -> TokenStream {
    let datum = datum::datum(row);
    let (distinct_names, in_bodies) = row.distinct_names();
    let schema = schema(row, &in_bodies);
    let single = single::single(row);
    quote!(#datum #schema #single #distinct_names)
}

/// Impls for what can't be a row, so that nothing else is blamed for it.
pub(crate) fn stand_in(input: &DeriveInput, krate: Path) -> TokenStream {
    let ident = &input.ident;
    let name = ident.unraw().to_string();
    let generics = stand_in_generics(&input.generics, &krate);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let datum = datum_stand_in(&input.ident, &generics, &krate);
    let show = show(&krate);
    quote! {
        #datum

        #[automatically_derived]
        impl #impl_generics #krate::__private::Schema for #ident #type_generics #where_clause {
            const NAME: &'static ::core::primitive::str = #name;
            const COLUMNS: #krate::__private::Columns = #krate::__private::Columns { fields: &[] };
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
    }
}

/// What `zip_columns` shows the columns to.
fn show(krate: &Path) -> TokenStream {
    quote! {
        dyn ::core::ops::FnMut(
            &'static #krate::__private::Column,
            &dyn #krate::__private::DynValue,
            &dyn #krate::__private::DynValue,
        )
    }
}

fn schema(row: &Row, distinct_names: &TokenStream) -> TokenStream {
    let Row { ident, krate, .. } = row;
    let name = ident.unraw().to_string();
    let generics = row.bounded();
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let checks = checks(row);
    let columns = Field::all(row).into_iter().map(|field| match field {
        Field::Column(column) => {
            let column = describe(column, krate);
            quote!(#krate::__private::SchemaField::Column(#column))
        }
        Field::Flat(flat) => {
            let (part, replaceable) = (flat.row(krate), flat.replaceable);
            quote!(#krate::__private::SchemaField::Flattened { columns: &#part::COLUMNS, replaceable: #replaceable })
        }
    });
    let Keys { keying, types, values, span } = keys(row);
    let key = quote_spanned!(span=> (#(#types,)*));
    // Without a key the body stays empty: a `()` there would set off clippy in the user's crate.
    let key_value = (!values.is_empty()).then(|| quote!(#checks (#(#values,)*)));
    let metadata = metadata(row);
    let zip_columns = rest::zip_columns(row);
    let show = show(krate);
    let decode = decode::body(row);
    let encode = rest::or_by_column(row, &encode(row), &quote!(#krate::__private::encode_columns(self, out)));
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::__private::Schema for #ident #type_generics #where_clause {
            const NAME: &'static ::core::primitive::str = #name;
            const COLUMNS: #krate::__private::Columns = #krate::__private::Columns { fields: &[#(#columns),*] };
            type KeyPresence = #keying;
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
                #distinct_names
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

/// What the columns of flattened rows want of a message beside the payload.
fn metadata(row: &Row) -> Option<TokenStream> {
    let krate = &row.krate;
    let own = row.columns.iter().filter_map(|column| column.metadata.as_ref()?.wants(column, krate));
    let of_flats = row.flats.iter().map(|flat| {
        let part = flat.row(krate);
        quote!(#part::METADATA)
    });
    let all = own.chain(of_flats).map(|wants| quote!(.and(#wants))).reduce(|all, more| quote!(#all #more))?;
    let metadata = quote!(#krate::__private::Metadata);
    Some(quote!(const METADATA: #metadata = #metadata::NONE #all;))
}

/// The parts of the primary key.
struct Keys {
    keying: TokenStream,
    types: Vec<TokenStream>,
    values: Vec<TokenStream>,
    /// Of the first one.
    span: Span,
}

fn keys(row: &Row) -> Keys {
    let krate = &row.krate;
    let own = row.columns.iter().any(|column| column.primary_key);
    let keying = if own { quote!(#krate::__private::HasKey) } else { quote!(#krate::__private::NoKey) };
    let mut keys = Keys { keying, types: Vec::new(), values: Vec::new(), span: Span::call_site() };
    for field in Field::all(row).into_iter().rev() {
        match field {
            Field::Column(Column { field, ty, primary_key: true, .. }) => {
                keys.types.push(quote!(#ty));
                keys.values.push(quote!(<#ty as #krate::__private::Datum>::clone_datum(&self.#field)));
                keys.span = ty.span();
            }
            Field::Flat(flat) if !flat.replaceable => {
                let (part, field, keying) = (flat.row(krate), &flat.field, &keys.keying);
                keys.keying = quote!(<#part::KeyPresence as #krate::__private::KeyPresence>::Or<#keying>);
                keys.types.push(quote!(#part::Key));
                keys.values.push(quote!(#part::primary_key(&self.#field)));
                keys.span = flat.ty.span();
            }
            Field::Column(_) | Field::Flat(_) => {}
        }
    }
    keys.types.reverse();
    keys.values.reverse();
    keys
}

/// The column's entry in `COLUMNS`.
pub(crate) fn describe(column: &Column, krate: &Path) -> TokenStream {
    let Column { name, ty, primary_key, .. } = column;
    let type_name = written(ty);
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

/// Writes the members. What stands between two values is one piece of text.
fn encode(row: &Row) -> TokenStream {
    let krate = &row.krate;
    // Whether a comma is to follow: a flattened row has written one behind its last column.
    let mut open = false;
    let mut members = TokenStream::new();
    for field in Field::all(row) {
        let comma = if open { "," } else { "" };
        match field {
            Field::Column(Column { field, ty, name, .. }) => {
                let label = Literal::byte_string(format!("{comma}{}:", json_string(name)).as_bytes());
                members.extend(quote! {
                    out.extend_from_slice(#label);
                    <#ty as #krate::__private::EncodeJson>::encode_json(&self.#field, out);
                });
                open = true;
            }
            Field::Flat(flat) => {
                let (field, part) = (&flat.field, flat.row(krate));
                let comma = open.then(|| quote!(out.push(b',');));
                members.extend(quote!(#comma #part::encode_columns(&self.#field, out);));
                open = false;
            }
        }
    }
    let comma = open.then(|| quote!(out.push(b',');));
    quote!(#members #comma)
}

/// A text as JSON.
pub(crate) fn json_string(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            c if c < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_when_the_program_compiles() {
        assert_eq!(json_string("city"), r#""city""#);
        assert_eq!(json_string("a\"b\\c\n\u{1}å"), "\"a\\\"b\\\\c\\n\\u0001å\"");
    }
}

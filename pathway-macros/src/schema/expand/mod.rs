//! The code of a row: its impls of `Datum` and `Schema`.
//!
//! What can be a plain function stands in the crate (`__private`); what is written here is what names the fields.
//! Every body says `column_type::<T>()` for each field's type first, with the span of that type: a type that
//! can't be a column is told there, in the same words from every body, and rustc tells it once.

mod datum;
mod decode;
mod single;

use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DeriveInput, Path};

pub(crate) use datum::stand_in as datum_stand_in;

use super::ast::{Column, Row};
use super::beside::metadata;
use crate::generics::{bounded, stand_in as stand_in_generics};
use crate::words::written;

/// The impls of a row.
pub(crate) fn row(row: &Row) -> TokenStream {
    let datum = datum::datum(row);
    let schema = schema(row);
    let single = single::single(row);
    quote!(#datum #schema #single)
}

/// Impls for what can't be a row, so that nothing else is blamed for it.
pub(crate) fn stand_in(input: &DeriveInput, krate: Path) -> TokenStream {
    let ident = &input.ident;
    let name = ident.unraw().to_string();
    let generics = stand_in_generics(&input.generics, &krate);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let datum = datum_stand_in(&input.ident, &generics, &krate);
    quote! {
        #datum

        #[automatically_derived]
        impl #impl_generics #krate::__private::Schema for #ident #type_generics #where_clause {
            const NAME: &'static ::core::primitive::str = #name;
            const COLUMNS: &'static [#krate::__private::Column] = &[];
            const HAS_KEY: ::core::primitive::bool = false;
            type Key = ();
            fn primary_key(&self) {}
            fn decode_row(
                _: #krate::__private::JsonText<'_>,
                _: &#krate::__private::Message<'_>,
            ) -> ::core::result::Result<Self, #krate::__private::Reject> {
                loop {}
            }
            fn encode_columns(&self, _: &mut #krate::__private::Vec<::core::primitive::u8>) {}
            fn visit_columns(&self, _: &mut dyn ::core::ops::FnMut(&dyn #krate::__private::EncodeText)) {}
        }
    }
}

/// One check a column, on the type's own span.
fn checks(row: &Row) -> TokenStream {
    let krate = &row.krate;
    row.columns
        .iter()
        .map(|Column { ty, .. }| quote_spanned!(ty.span()=> #krate::__private::column_type::<#ty>();))
        .collect()
}

fn schema(row: &Row) -> TokenStream {
    let Row { ident, krate, .. } = row;
    let name = ident.unraw().to_string();
    let generics = bounded(&row.generics, krate);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let checks = checks(row);
    let columns = row.columns.iter().map(|column| describe(column, krate));
    let keys: Vec<_> = row.columns.iter().filter(|column| column.primary_key).collect();
    let has_key = !keys.is_empty();
    let key_types = keys.iter().map(|column| &column.ty);
    let key_span = keys.first().map_or_else(Span::call_site, |column| column.ty.span());
    let key = quote_spanned!(key_span=> (#(#key_types,)*));
    let key_values =
        keys.iter().map(|Column { field, ty, .. }| quote!(<#ty as #krate::__private::Datum>::duplicate(&self.#field)));
    // Without a key the body stays empty: a `()` there would set off clippy in the user's crate.
    let key_value = has_key.then(|| quote!(#checks (#(#key_values,)*)));
    let decode = decode::body(row);
    let encode = encode(row);
    let metadata = metadata(&row.columns, krate);
    let fields = row.columns.iter().map(|column| &column.field);
    let types = row.columns.iter().map(|column| &column.ty);
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::__private::Schema for #ident #type_generics #where_clause {
            const NAME: &'static ::core::primitive::str = #name;
            const COLUMNS: &'static [#krate::__private::Column] = &[#(#columns),*];
            const HAS_KEY: ::core::primitive::bool = #has_key;
            #metadata
            type Key = #key;

            fn primary_key(&self) -> Self::Key {
                #key_value
            }

            fn decode_row(
                document: #krate::__private::JsonText<'_>,
                message: &#krate::__private::Message<'_>,
            ) -> ::core::result::Result<Self, #krate::__private::Reject> {
                #checks
                #decode
            }

            fn encode_columns(&self, out: &mut #krate::__private::Vec<::core::primitive::u8>) {
                #checks
                #encode
            }

            fn visit_columns(&self, visit: &mut dyn ::core::ops::FnMut(&dyn #krate::__private::EncodeText)) {
                #checks
                #(#krate::__private::visit_column::<#types>(visit, &self.#fields);)*
            }
        }
    }
}

/// The column's entry in `COLUMNS`.
fn describe(column: &Column, krate: &Path) -> TokenStream {
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
    let members = row.columns.iter().enumerate().map(|(number, Column { field, ty, name, .. })| {
        let comma = if number == 0 { "" } else { "," };
        let label = Literal::byte_string(format!("{comma}{}:", json_string(name)).as_bytes());
        quote! {
            out.extend_from_slice(#label);
            <#ty as #krate::__private::EncodeJson>::encode_json(&self.#field, out);
        }
    });
    quote! {
        #(#members)*
        out.push(b',');
    }
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

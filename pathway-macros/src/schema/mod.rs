//! `#[derive(Schema)]`: a struct becomes a row.

mod ast;
mod check;
mod expand;
mod flatten;
mod metadata;
mod pointer;
mod trie;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::errors::Errors;
pub(crate) use expand::{datum_stand_in, json_string};

/// The impls of the row, and the compile errors.
///
/// What is wrong is left out of the impls; where nothing can be expanded, an impl stands in for the real one, so
/// that the rest of the program is not blamed for the same mistake.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::new();
    let impls = match ast::Row::see(input, &mut errors) {
        Some(row) if check::check(&row, &mut errors) => expand::row(&row),
        seen => expand::stand_in(input, seen.map_or_else(crate::generics::facade, |row| row.krate)),
    };
    let errors = errors.into_tokens();
    quote::quote!(#errors #impls)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages of a derive, in order.
    fn messages(input: DeriveInput) -> Vec<String> {
        let mut errors = Errors::new();
        if let Some(row) = ast::Row::see(&input, &mut errors) {
            check::check(&row, &mut errors);
        }
        errors.into_messages()
    }

    #[test]
    fn every_mistake_is_reported() {
        let messages = messages(syn::parse_quote! {
            #[schema(rename_all = "camels", primary_key)]
            struct Order {
                #[schema(primary, path = "a/b")]
                #[schema(rename = "x", rename = "y")]
                id: i64,
                #[schema(default = 1, default)]
                diff: i64,
                #[schema(primary_key)]
                x: Option<i64>,
            }
        });
        let headlines: Vec<_> = messages.iter().map(|message| message.lines().next().unwrap_or("")).collect();
        assert_eq!(
            headlines,
            [
                "`camels` is not a way of writing names (did you mean `camelCase`?)",
                "`primary_key` belongs on a field",
                "`primary` is unknown in `#[schema(…)]` (did you mean `primary_key`?)",
                "a JSON pointer begins with `/`: write \"/a/b\"",
                "`rename` is given twice: keep one",
                "`default` is given twice: keep one",
                "a column cannot be called `diff`: every message on the wire ends with a `diff` of its own",
                "two columns are called `x` on the wire",
                "the primary key `x` is optional: rows without a key could not be told apart",
            ]
        );
    }

    #[test]
    fn a_struct_with_mistakes_still_becomes_a_row() {
        let output = derive(&syn::parse_quote! {
            struct Order {
                #[schema(unknown)]
                id: i64,
            }
        });
        let file: syn::File = syn::parse2(output).expect("the output is Rust");
        let impls = file.items.iter().filter(|item| matches!(item, syn::Item::Impl(_))).count();
        assert_eq!(impls, 5);
    }

    #[test]
    fn the_expansion_grows_with_the_columns_and_no_faster() {
        let size = |columns: usize| {
            let fields = (0..columns).map(|number| quote::format_ident!("column_{number}"));
            let input = syn::parse_quote!(struct Wide { #(#fields: i64),* });
            derive(&input).to_string().len()
        };
        assert!(size(200) < size(100) * 21 / 10);
    }
}

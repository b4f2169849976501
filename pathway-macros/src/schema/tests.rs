//! Tests of `#[derive(Schema)]`. The snapshots in `tests/expand/schema/` show its whole expansion.

use syn::DeriveInput;

use super::{ast, check, derive};
use crate::errors::Errors;

/// The messages of a derive, in order.
fn messages(input: DeriveInput) -> Vec<String> {
    let mut errors = Errors::new();
    if let Some(row) = ast::Row::parse(&input, &mut errors) {
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
            "unknown rename rule `camels` (did you mean `camelCase`?)",
            "`primary_key` belongs on a field",
            "unknown attribute `primary` in `#[schema(…)]` (did you mean `primary_key`?)",
            "a JSON pointer starts with `/`: write \"/a/b\"",
            "duplicate attribute `rename`: keep one",
            "duplicate attribute `default`: keep one",
            "a column cannot be named `diff`: every message on the wire already has a `diff` field",
            "two columns are named `x` on the wire",
            "the primary key `x` is an `Option`: rows without a key cannot be told apart",
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
    assert_eq!(impls, 6);
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

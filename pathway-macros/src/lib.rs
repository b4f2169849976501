//! The macros of the `pathway` crate: the entry points.
//!
//! Each macro has a folder with the same three steps: `ast` parses the user's tokens into structs, `check` applies the
//! rules that need the whole input, and `expand` generates the code. The steps collect their errors in `errors`, so
//! that one compilation reports all of them. The macros are documented in the facade crate, where their examples run.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod attr;
mod column_type;
mod errors;
#[cfg(test)]
mod expand_tests;
mod filter;
mod generics;
mod join;
mod messages;
mod reduce;
mod rename_rule;
mod row;
mod row_macro;
mod schema;
mod select;
mod top;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

#[expect(missing_docs, reason = "documented where it is re-exported: its doctests need the facade")]
#[proc_macro_derive(Schema, attributes(schema))]
pub fn derive_schema(input: TokenStream) -> TokenStream {
    schema::derive(&parse_macro_input!(input as DeriveInput)).into()
}

#[expect(missing_docs, reason = "documented where it is re-exported: its doctests need the facade")]
#[proc_macro_derive(ColumnType, attributes(column))]
pub fn derive_column_type(input: TokenStream) -> TokenStream {
    column_type::derive(&parse_macro_input!(input as DeriveInput)).into()
}

#[expect(missing_docs, reason = "documented where it is re-exported: its doctests need the facade")]
#[proc_macro]
pub fn filter(input: TokenStream) -> TokenStream {
    filter::filter(input.into()).into()
}

#[expect(missing_docs, reason = "documented where it is re-exported: its doctests need the facade")]
#[proc_macro]
pub fn select(input: TokenStream) -> TokenStream {
    select::select(input.into()).into()
}

#[expect(missing_docs, reason = "documented where it is re-exported: its doctests need the facade")]
#[proc_macro]
pub fn reduce(input: TokenStream) -> TokenStream {
    reduce::reduce(input.into()).into()
}

#[expect(missing_docs, reason = "documented where it is re-exported: its doctests need the facade")]
#[proc_macro]
pub fn join(input: TokenStream) -> TokenStream {
    join::join(input.into()).into()
}

#[expect(missing_docs, reason = "documented where it is re-exported: its doctests need the facade")]
#[proc_macro]
pub fn top(input: TokenStream) -> TokenStream {
    top::top(input.into()).into()
}

#[expect(missing_docs, reason = "documented where it is re-exported: its doctests need the facade")]
#[proc_macro]
pub fn row(input: TokenStream) -> TokenStream {
    row_macro::row(input.into()).into()
}

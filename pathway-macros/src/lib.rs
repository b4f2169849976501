//! The macros of the `pathway` crate.

mod errors;
mod filter;
mod reduce;
mod row;
mod select;
mod words;

use proc_macro::TokenStream;

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

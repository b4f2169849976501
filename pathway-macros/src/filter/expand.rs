//! Generates the code of a `filter!`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::ast::Filter;
use crate::row::expand::{closure_param, table_ref};

pub(crate) fn expand(filter: &Filter) -> TokenStream {
    let Filter { binding, condition } = filter;
    let table = table_ref(&binding.table);
    let row = closure_param(&binding.row, &condition.to_token_stream());
    quote!(#table.filter(move |#row| #condition))
}

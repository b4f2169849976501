//! Generates the code of a `select!`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::ast::{Elements, Select};
use crate::row::expand::{closure_param, struct_definition, struct_expr, table_ref, value_tokens};
use crate::row::span_range::{SpanRange, hygienic_local};

pub(crate) fn expand(select: &Select) -> TokenStream {
    let Select { binding, elements, output } = select;
    let struct_definition = struct_definition(output);
    let struct_expr = struct_expr(output);
    let table = table_ref(&binding.table);
    let lists = elements.iter().map(|elements| elements.list.to_token_stream());
    let row = closure_param(&binding.row, &lists.chain([value_tokens(output)]).collect());
    if elements.is_empty() {
        return quote!(#struct_definition #table.select(move |#row| #struct_expr));
    }
    let rows = hygienic_local("rows");
    let push = quote!(#rows.push(#struct_expr););
    let loops = elements.iter().rev().fold(push, |body, Elements { pattern, keyword, list }| {
        let list = SpanRange::of(list).call("elements", list);
        quote!(for #pattern #keyword #list { #body })
    });
    quote!(#struct_definition ::pathway::__private::select_elements(#table, move |#row, #rows| #loops))
}

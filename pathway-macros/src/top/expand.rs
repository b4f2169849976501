//! Generates the code of a `top!`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::ast::Top;
use super::check::CheckedTop;
use crate::row::expand::{
    closure_of_values, closure_param, shown, struct_definition, struct_expr, table_ref, value_tokens,
};
use crate::row::span_range::SpanRange;

pub(crate) fn expand(CheckedTop { top, text, rank }: &CheckedTop) -> TokenStream {
    let Top { n, binding, keys, order, output } = top;
    let struct_definition = struct_definition(output);
    let struct_expr = struct_expr(output);
    let table = table_ref(&binding.table);
    let keys: Vec<_> = keys.iter().map(|key| SpanRange::of(&key.expr).call("key", &key.expr)).collect();
    let key = closure_of_values(&binding.row, &keys);
    let order: Vec<_> = order
        .iter()
        .map(|by| {
            let function = if by.is_descending { "descending" } else { "order" };
            SpanRange::of(&by.expr).call(function, &by.expr)
        })
        .collect();
    let order = closure_of_values(&binding.row, &order);
    let row = closure_param(&binding.row, &value_tokens(output));
    let rank = match rank {
        Some(rank) => quote!(#rank),
        None => quote!(_),
    };
    let top_call = quote_spanned!(output.brace=> .top(#n, #order, move |#row, #rank| #struct_expr));
    let top = shown(text, &quote!(#table.group_by(#key) #top_call));
    quote!(#struct_definition #top)
}

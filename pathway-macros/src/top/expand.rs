//! Generates the code of a `top!`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use super::ast::Top;
use super::check::CheckedTop;
use crate::row::expand::{
    closure_of_values, closure_param, shown, struct_definition, struct_expr, table_ref, value_tokens,
};
use crate::row::output::OutputRow;
use crate::row::span_range::SpanRange;

pub(crate) fn expand(checked: &CheckedTop) -> TokenStream {
    let CheckedTop { top: Top { n, binding, keys, order, output }, text, .. } = checked;
    let struct_definition = output.as_ref().map(struct_definition);
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
    let top_call = match output {
        Some(output) => {
            let new_row = new_row(checked, output);
            quote_spanned!(output.brace=> .top(#n, #order, #new_row))
        }
        None => quote!(.top(#n, #order, |row, _| ::pathway::__private::clone_datum(row))),
    };
    let top = shown(text, &quote!(#table.group_by(#key) #top_call));
    quote!(#struct_definition #top)
}

/// The closure that makes the new row of a row and its rank.
fn new_row(CheckedTop { top, key_names, rank, .. }: &CheckedTop, output: &OutputRow) -> TokenStream {
    let struct_expr = struct_expr(output);
    let values = key_names.iter().map(|(_, value)| value.to_token_stream());
    let row = closure_param(&top.binding.row, &values.chain([value_tokens(output)]).collect());
    let rank = match rank {
        Some(rank) => quote!(#rank),
        None => quote!(_),
    };
    if key_names.is_empty() {
        return quote_spanned!(output.brace=> move |#row, #rank| #struct_expr);
    }
    let names = key_names.iter().map(|(name, value)| {
        let is_place =
            matches!(value, Expr::Field(_) | Expr::Path(_) | Expr::MethodCall(_) | Expr::Call(_) | Expr::Paren(_));
        let place = if is_place { value.to_token_stream() } else { quote!((#value)) };
        let reference = SpanRange::of(value).reference(&place);
        // What one of the user's macros does with its arguments is not known, nor is a name that is misspelt.
        quote!(#[allow(unused_variables)] let #name = #reference;)
    });
    quote_spanned!(output.brace=> move |#row, #rank| { #(#names)* #struct_expr })
}

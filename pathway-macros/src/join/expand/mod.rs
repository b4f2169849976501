//! Generates the code of a `join!`.

mod columns;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use self::columns::kept_columns;
use super::ast::Side;
use super::check::{CheckedJoin, Timing, TimingKind};
use crate::row::expand::{
    closure_of_values, closure_param, shown, struct_definition, struct_expr, table_ref, value_tokens,
};
use crate::row::span_range::SpanRange;

pub(crate) fn expand(join: &CheckedJoin) -> TokenStream {
    let CheckedJoin { left, right, asof_now, keys, keys_text, condition, timing, output, kept } = join;
    let struct_definition = struct_definition(output);
    let (left_table, right_table) = (table_ref(&left.table), table_ref(&right.table));
    let (left_key, right_key) = (key_closure(left, &keys.left), key_closure(right, &keys.right));
    let (left_columns, keep_left) = kept_columns(left, true, kept.0.as_ref());
    let (right_columns, keep_right) = kept_columns(right, false, kept.1.as_ref());
    let condition = condition.as_ref().map(|condition| condition_call(condition, left, right));
    let asof_now = asof_now.then(|| quote!(.asof_now()));
    let timing = timing.as_ref().map(|timing| timing_call(timing, left, right));
    let values = value_tokens(output);
    let [left_row, right_row] = [left, right].map(|side| closure_param(&side.row, &values));
    let struct_expr = struct_expr(output);
    let method = Ident::new(method(left, right), output.brace);
    let rows = quote_spanned!(output.brace=> .#method(move |#left_row, #right_row| #struct_expr));
    let keys = quote!(.on(#left_key, #right_key) #keep_left #keep_right #condition);
    let joined = quote!(#left_table.join(#right_table) #keys #asof_now #timing #rows);
    let joined = shown(&format!("on {keys_text}"), &joined);
    quote!(#left_columns #right_columns #struct_definition #joined)
}

/// The closure that returns the keys of a row.
fn key_closure(side: &Side, keys: &[Expr]) -> TokenStream {
    let keys: Vec<_> = keys.iter().map(|key| SpanRange::of(key).call("key", key)).collect();
    closure_of_values(&side.row, &keys)
}

/// The method call for what a pair must meet besides equal keys.
fn condition_call(condition: &Expr, left: &Side, right: &Side) -> TokenStream {
    let condition = condition.to_token_stream();
    let [left, right] = [left, right].map(|side| closure_param(&side.row, &condition));
    quote!(.and(move |#left, #right| #condition))
}

/// The method call for the `within` or `asof` clause.
fn timing_call(timing: &Timing, left: &Side, right: &Side) -> TokenStream {
    let [left, right] = [(&timing.left, left), (&timing.right, right)].map(|(time, side)| {
        let time = SpanRange::of(time).call("time", time);
        let row = closure_param(&side.row, &time.to_token_stream());
        quote!(move |#row| #time)
    });
    match &timing.kind {
        TimingKind::Within { interval, reversed: false } => quote!(.within(#left, #right, #interval)),
        TimingKind::Within { interval, reversed: true } => {
            let interval = SpanRange::of(interval).call("reversed", interval);
            quote!(.within(#left, #right, #interval))
        }
        TimingKind::Backward => quote!(.asof(#left, #right)),
        TimingKind::Forward => quote!(.asof(#left, #right).forward()),
        TimingKind::Nearest => quote!(.asof(#left, #right).nearest()),
    }
}

/// The method for the kind of join.
fn method(left: &Side, right: &Side) -> &'static str {
    match (left.optional, right.optional) {
        (None, None) => "inner",
        (None, Some(_)) => "left",
        (Some(_), None) => "right",
        (Some(_), Some(_)) => "full",
    }
}

//! Generates the code of a `reduce!`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use super::ast::Window;
use super::check::{CheckedReduce, Keys, ReducerCall, condition_variable, result_variable};
use crate::row::expand::{closure_of_values, closure_param, shown, struct_definition, struct_expr, table_ref};
use crate::row::span_range::{SpanRange, hygienic_local};

/// The longest tuple of reducers that is a reducer. More reducers are nested in tuples of tuples.
const MAX_TUPLE_LEN: usize = 12;

pub(crate) fn expand(reduce: &CheckedReduce) -> TokenStream {
    let struct_definition = struct_definition(&reduce.output);
    let table = table_ref(&reduce.binding.table);
    let window = window(reduce);
    let group_by = group_by(reduce);
    let reducers = nested(reduce.output.brace, reduce.reducer_calls.iter().map(|call| call.reducer.clone()));
    let arguments = arguments(reduce);
    let output = output(reduce);
    // All tokens have the user's hygiene, so that the compiler can point from the call to the reducer that is wrong.
    let reduce_call = quote_spanned!(reduce.output.brace=> .reduce(#reducers, #arguments, #output));
    let has_user_reducer = reduce.reducer_calls.iter().any(|call| !call.is_builtin);
    let into_reducer_trait = has_user_reducer.then(|| {
        quote!(
            use ::pathway::__private::IntoReducer as _;
        )
    });
    let reduced = quote!(#table #window #group_by #reduce_call);
    let reduced = match &*reduce.keys_text {
        "" => reduced,
        keys => shown(&format!("by {keys}"), &reduced),
    };
    quote!(#into_reducer_trait #struct_definition #reduced)
}

fn window(reduce: &CheckedReduce) -> Option<TokenStream> {
    let Window { time, part, windows, .. } = reduce.window.as_ref()?;
    let row = closure_param(&reduce.binding.row, &time.to_token_stream());
    let time = SpanRange::of(time).call("time", time);
    let time_by = part.as_ref().map(|part| {
        let part = closure_of_values(&reduce.binding.row, &[SpanRange::of(part).call("key", part)]);
        quote!(.time_by(#part))
    });
    Some(quote!(.window(move |#row| #time, ::pathway::windows::#windows) #time_by))
}

fn group_by(reduce: &CheckedReduce) -> Option<TokenStream> {
    let keys: Vec<_> = reduce.keys.iter().map(|key| SpanRange::of(key).call("key", key)).collect();
    let closure = closure_of_values(&reduce.binding.row, &keys);
    (!keys.is_empty()).then(|| quote!(.group_by(#closure)))
}

/// The closure that returns the arguments of the reducers for a row.
fn arguments(reduce: &CheckedReduce) -> TokenStream {
    let arguments = nested(reduce.output.brace, reduce.reducer_calls.iter().map(|call| call.argument.clone()));
    let conditions = reduce.conditions.iter().enumerate().map(|(index, condition)| {
        let variable = condition_variable(index);
        quote!(let #variable = #condition;)
    });
    let body = if reduce.conditions.is_empty() { arguments } else { quote!({ #(#conditions)* #arguments }) };
    let row = closure_param(&reduce.binding.row, &body);
    quote!(move |#row| #body)
}

/// The closure that returns the row of a group from its keys, its window and the results of the reducers.
fn output(reduce: &CheckedReduce) -> TokenStream {
    let keys: Vec<_> = (0..reduce.keys.len()).map(Keys::variable).collect();
    let keys = match keys.as_slice() {
        [] => TokenStream::new(),
        [key] => quote!(#key,),
        keys => quote!((#(#keys),*),),
    };
    let values = (0..reduce.reducer_calls.len()).map(|index| value_variable(index).into_token_stream());
    let values = nested(Span::mixed_site(), values);
    let bindings = reduce.reducer_calls.iter().enumerate().map(|(index, call)| bindings(index, call));
    let struct_expr: Expr = struct_expr(&reduce.output);
    let window = reduce.window.as_ref().map(|window| match &window.name {
        Some(name) => quote!(#name,),
        None => quote!(_,),
    });
    let names = reduce.key_names.iter().map(|(name, key)| {
        let key = Keys::variable(*key);
        // What one of the user's macros does with its arguments is not known, nor is a name that is misspelt.
        quote!(#[allow(unused_variables)] let #name = #key;)
    });
    quote!(move |#keys #window #values| { #(#names)* #(#bindings)* #struct_expr })
}

/// A variable for each use of a result. All but the last one to be bound are clones.
fn bindings(index: usize, call: &ReducerCall) -> TokenStream {
    let value = value_variable(index);
    let clones = (1..call.uses).map(|usage| {
        let clone = result_variable(index, usage);
        quote!(let #clone = ::pathway::__private::clone_datum(&#value);)
    });
    let moved = result_variable(index, 0);
    quote!(#(#clones)* let #moved = #value;)
}

/// The items in one tuple if it is short enough, else in a tuple of tuples.
fn nested(span: Span, items: impl Iterator<Item = TokenStream>) -> TokenStream {
    let mut items: Vec<_> = items.collect();
    while items.len() > MAX_TUPLE_LEN {
        items = items.chunks(MAX_TUPLE_LEN).map(|chunk| quote_spanned!(span=> (#(#chunk,)*))).collect();
    }
    quote_spanned!(span=> (#(#items,)*))
}

fn value_variable(index: usize) -> Ident {
    hygienic_local(&format!("value{index}"))
}

//! A reducer call, taken out of the output that it is part of.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprCall, Path, Token};

use super::builtin::{self, Builtin};
use super::classify::{callee, needs_row};
use super::conditions::condition_variable;
use super::keys::Keys;
use super::parameter;
use crate::errors::Errors;
use crate::row::row_access::rewrite_row_access_without;
use crate::row::span_range::{SpanRange, hygienic_local};
use crate::row::tokens::same_tokens;

/// One reducer, its arguments for a row, and the uses of its result.
pub(crate) struct ReducerCall {
    /// The call as written, for [`ReducerCall::is_same_call`].
    source: TokenStream,
    /// The index of the condition of the rows that it reduces; `None` if it reduces all rows.
    condition: Option<usize>,
    /// Whether it is a builtin reducer, whose result is known to be a datum, which can be cloned.
    pub(crate) is_builtin: bool,
    /// The reducer as a value. It knows the first column that uses its result.
    pub(crate) reducer: TokenStream,
    /// Its arguments for a row: one value, or a tuple.
    pub(crate) argument: TokenStream,
    /// How many times the outputs use its result.
    pub(crate) uses: usize,
}

impl ReducerCall {
    /// A call of a builtin reducer. Its arguments need not use the row: `sum(1)`.
    pub(crate) fn builtin(
        call: &ExprCall,
        builtin: &Builtin,
        column: &Ident,
        row: &Ident,
        errors: &mut Errors,
    ) -> Self {
        let arguments: Vec<_> = call.args.iter().take(builtin.arguments).cloned().collect();
        // An unsuitable argument is reported under the argument, not under the name of the reducer.
        let spans = arguments.first().map_or_else(|| SpanRange::of(call), SpanRange::of);
        let SpanRange { first, last } = spans;
        let type_name = Ident::new(builtin.type_name, last);
        let mut reducer = quote_spanned!(first=> ::pathway::reducers::#type_name);
        if let Some(constructor) = builtin.constructor {
            let constructor = Ident::new(constructor, last);
            let parameters = parameter::check(call, builtin, row, errors);
            let parameters = spans.parenthesized(quote!(#(#parameters),*));
            reducer.extend(quote_spanned!(last=> ::#constructor #parameters));
        }
        ReducerCall {
            source: call.to_token_stream(),
            condition: None,
            is_builtin: true,
            reducer: column_reducer(spans, &reducer, column),
            argument: argument(arguments, builtin.argument_check, row, errors),
            uses: 0,
        }
    }

    /// A call of the user's own reducer. Arguments that do not use the row are its parameters.
    pub(crate) fn user(
        call: &ExprCall,
        path: &Path,
        column: &Ident,
        row: &Ident,
        keys: &Keys,
        errors: &mut Errors,
    ) -> Self {
        let (arguments, parameters): (Vec<_>, Vec<_>) = call
            .args
            .iter()
            .cloned()
            .partition(|argument| needs_row(argument, row, keys) || keys.find(argument).is_some());
        let parameters: Punctuated<_, Token![,]> = parameters.into_iter().collect();
        let reducer = if parameters.is_empty() { quote!(#path) } else { quote!(#path(#parameters)) };
        // The value may be a reducer or an accumulator. This expression is a reducer in both cases.
        let spans = SpanRange::of(path);
        let user_reducer = spans.call("user_reducer", &reducer);
        let [folded, into_reducer] = ["folded", "into_reducer"].map(|method| Ident::new(method, spans.last));
        let no_arguments = spans.parenthesized(TokenStream::new());
        let reducer = quote_spanned!(spans.last=> #user_reducer.#folded #no_arguments.#into_reducer #no_arguments);
        ReducerCall {
            source: call.to_token_stream(),
            condition: None,
            is_builtin: false,
            reducer: column_reducer(spans, &reducer, column),
            argument: argument(arguments, None, row, errors),
            uses: 0,
        }
    }

    /// Reduces only the rows that meet a condition. The argument is evaluated for those.
    pub(crate) fn filter_by(&mut self, condition: usize) {
        let (reducer, argument, variable) = (&self.reducer, &self.argument, condition_variable(condition));
        self.reducer = SpanRange::of(reducer).call("filtered", reducer).into_token_stream();
        self.argument = quote! {
            if #variable { ::core::option::Option::Some(#argument) } else { ::core::option::Option::None }
        };
        self.condition = Some(condition);
    }

    /// Whether another call, of the rows that meet a condition, can share the result of this one.
    pub(crate) fn is_same_call(&self, call: &ExprCall, condition: Option<usize>) -> bool {
        self.is_builtin && self.condition == condition && same_tokens(self.source.clone(), call.to_token_stream())
    }

    /// The variable of the next use of the result. Each use has one of its own, since the result may not be `Copy`.
    pub(crate) fn use_result(&mut self, index: usize) -> Ident {
        self.uses += 1;
        result_variable(index, self.uses - 1)
    }
}

/// The local variable that holds a result for one of its uses.
pub(crate) fn result_variable(index: usize, usage: usize) -> Ident {
    hygienic_local(&format!("result{index}_{usage}"))
}

/// The reducer with the name of its column, which its errors show.
fn column_reducer(spans: SpanRange, reducer: &TokenStream, column: &Ident) -> TokenStream {
    let column = column.unraw().to_string();
    spans.call("column_reducer", &quote!(#column, #reducer)).into_token_stream()
}

fn argument(mut arguments: Vec<Expr>, argument_check: Option<&str>, row: &Ident, errors: &mut Errors) -> TokenStream {
    for argument in &mut arguments {
        rewrite_row_access_without(argument, row, &reducer_in_argument, errors);
    }
    match arguments.as_slice() {
        [only] => match argument_check {
            Some(check) => SpanRange::of(only).call(check, only).into_token_stream(),
            None => only.to_token_stream(),
        },
        several => quote!((#(#several),*)),
    }
}

/// The error message if a call in the argument of a reducer is a reducer call.
fn reducer_in_argument(call: &ExprCall) -> Option<String> {
    let name = callee(call)?.get_ident()?;
    builtin::find(name)?;
    Some(format!(
        "`{name}` is used in the argument of another reducer, which is evaluated for one row at a time\n\
         help: reduce twice: use the result of one `reduce!` as the table of another\n\
         help: if `{name}` is a function of your own, write its path, as in `self::{name}(…)`"
    ))
}

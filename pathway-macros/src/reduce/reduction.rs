//! A reducer call, taken out of the output that it stands in.

use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprCall, Path, Token};

use super::builtin::{self, Builtin};
use super::keys::Keys;
use super::parameter;
use super::probe::{callee, needs_row};
use crate::errors::Errors;
use crate::row::extent::{Extent, local};
use crate::row::place::over_row_without;
use crate::row::tokens::same_tokens;

/// One reducer with what it is fed.
pub(crate) struct Reduction {
    /// The call as written, for [`Reduction::is`].
    source: TokenStream,
    /// Whether it is one of ours: only then is it known that its output can be copied.
    pub(crate) builtin: bool,
    /// The reducer as a value, which knows in which column its result stands first.
    pub(crate) reducer: TokenStream,
    /// What it is fed for each row.
    pub(crate) argument: TokenStream,
    /// In how many places its result is used.
    pub(crate) uses: usize,
}

impl Reduction {
    /// A call of one of our words. Its arguments need not mention the row: `sum(1)`.
    pub(crate) fn builtin(
        call: &ExprCall,
        builtin: &Builtin,
        column: &Ident,
        row: &Ident,
        errors: &mut Errors,
    ) -> Self {
        let arguments: Vec<_> = call.args.iter().take(builtin.arguments).cloned().collect();
        // What a reducer cannot take is told of the argument, not of the reducer's word.
        let Extent { first, last } = arguments.first().map_or_else(|| Extent::of(call), Extent::of);
        let reducer = Ident::new(builtin.reducer, last);
        let mut reducer = quote_spanned!(first=> ::pathway::reducers::#reducer);
        if let Some(constructor) = builtin.constructor {
            let constructor = Ident::new(constructor, last);
            let parameters = parameter::check(call, builtin, row, errors);
            let mut group = Group::new(Delimiter::Parenthesis, quote!(#(#parameters),*));
            group.set_span(last);
            reducer.extend(quote_spanned!(last=> ::#constructor #group));
        }
        Reduction {
            source: call.to_token_stream(),
            builtin: true,
            reducer: named(Extent { first, last }, &reducer, column),
            argument: argument(arguments, builtin.check, row, errors),
            uses: 0,
        }
    }

    /// A call of the user's own reducer: arguments that do not speak of the row are its parameters.
    pub(crate) fn own(
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
        // It may be an accumulator, which makes a reducer.
        let extent = Extent::of(path);
        let (own, made) = (extent.call("user_reducer", &reducer), Ident::new("into_reducer", extent.last));
        let mut nothing = Group::new(Delimiter::Parenthesis, TokenStream::new());
        nothing.set_span(extent.last);
        let reducer = quote_spanned!(extent.last=> #own.#made #nothing);
        Reduction {
            source: call.to_token_stream(),
            builtin: false,
            reducer: named(extent, &reducer, column),
            argument: argument(arguments, None, row, errors),
            uses: 0,
        }
    }

    /// Whether another call can use the result of this one.
    pub(crate) fn is(&self, call: &ExprCall) -> bool {
        self.builtin && same_tokens(self.source.clone(), call.to_token_stream())
    }

    /// What stands for the call in the output, once for each use: results may not be `Copy`.
    pub(crate) fn read(&mut self, index: usize, call: &ExprCall) -> Expr {
        self.uses += 1;
        Extent::of(call).call("identity", &result(index, self.uses - 1))
    }
}

/// A reducer that tells its column when it cannot tell its value.
fn named(extent: Extent, reducer: &TokenStream, column: &Ident) -> TokenStream {
    let column = column.unraw().to_string();
    extent.call("column_reducer", &quote!(#column, #reducer)).into_token_stream()
}

/// The local variable that holds a result for one of its uses.
pub(crate) fn result(index: usize, usage: usize) -> Ident {
    local(&format!("result{index}_{usage}"))
}

fn argument(mut arguments: Vec<Expr>, check: Option<&str>, row: &Ident, errors: &mut Errors) -> TokenStream {
    for argument in &mut arguments {
        over_row_without(argument, row, &reducer_of_one_row, errors);
    }
    match arguments.as_slice() {
        [only] => match check {
            Some(check) => Extent::of(only).call(check, only).into_token_stream(),
            None => only.to_token_stream(),
        },
        several => quote!((#(#several),*)),
    }
}

/// Why a call inside a reducer's argument cannot be made, if it is a reducer's.
fn reducer_of_one_row(call: &ExprCall) -> Option<String> {
    let word = callee(call)?.get_ident()?;
    builtin::find(word)?;
    Some(format!(
        "`{word}` stands inside another reducer, which is fed one row at a time\n\
         help: reduce twice, with one `reduce!` behind the other\n\
         help: if this is a function of yours, write its path, as in `self::{word}(…)`"
    ))
}

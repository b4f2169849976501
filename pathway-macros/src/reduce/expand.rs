//! The code of a `reduce!`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use super::check::Plan;
use super::keys::Keys;
use super::reduction::{Reduction, result};
use super::window::Window;
use crate::errors::Errors;
use crate::row::expand::{block, construction, declaration, parameter, table};
use crate::row::extent::{Extent, local};

/// The longest tuple of reducers that is a reducer. More of them are nested.
const LONGEST_TUPLE: usize = 12;

pub(crate) fn expand(plan: &Plan, errors: Errors) -> TokenStream {
    let declaration = declaration(&plan.output);
    let table = table(&plan.head.table);
    let group_by = group_by(plan);
    let window = window(plan);
    let reducers = nested(plan.output.brace, plan.reductions.iter().map(|reduction| reduction.reducer.clone()));
    let arguments = arguments(plan);
    let output = output(plan);
    // All in the user's own hygiene, else the compiler cannot go from the call to the reducer that is wrong in it.
    let user = plan.output.brace;
    let reduce = quote_spanned!(user=> .reduce(#reducers, #arguments, #output));
    let has_own = plan.reductions.iter().any(|reduction| !reduction.builtin);
    let own = has_own.then(|| {
        quote!(
            #[allow(unused_imports)]
            use ::pathway::__private::IntoReducer as _;
        )
    });
    block(errors, &quote!(#own #declaration #table #window #group_by #reduce))
}

fn window(plan: &Plan) -> Option<TokenStream> {
    let Window { time, windows, .. } = plan.window.as_ref()?;
    let row = parameter(&plan.head.row, &time.to_token_stream());
    let time = Extent::of(time).call("time", time);
    Some(quote!(.window(move |#row| #time, ::pathway::windows::#windows)))
}

fn group_by(plan: &Plan) -> TokenStream {
    let keys: Vec<_> = plan.keys.iter().map(|key| Extent::of(key).call("key", key)).collect();
    let row = parameter(&plan.head.row, &quote!(#(#keys)*));
    match keys.as_slice() {
        [] => TokenStream::new(),
        [key] => quote!(.group_by(move |#row| #key)),
        keys => quote!(.group_by(move |#row| (#(#keys),*))),
    }
}

/// What the reducers are fed for a row.
fn arguments(plan: &Plan) -> TokenStream {
    let arguments = nested(plan.output.brace, plan.reductions.iter().map(|reduction| reduction.argument.clone()));
    let row = parameter(&plan.head.row, &arguments);
    quote!(move |#row| #arguments)
}

/// The row of a group, from its keys and results.
fn output(plan: &Plan) -> TokenStream {
    let keys: Vec<_> = (0..plan.keys.len()).map(Keys::variable).collect();
    let keys = match keys.as_slice() {
        [] => TokenStream::new(),
        [key] => quote!(#key,),
        keys => quote!((#(#keys),*),),
    };
    let results = nested(Span::mixed_site(), (0..plan.reductions.len()).map(|index| value(index).into_token_stream()));
    let bindings = plan.reductions.iter().enumerate().map(|(index, reduction)| bindings(index, reduction));
    let construction: Expr = construction(&plan.output);
    let window = plan.window.as_ref().map(|window| match &window.name {
        Some(name) => quote!(#name,),
        None => quote!(_,),
    });
    quote!(move |#keys #window #results| { #(#bindings)* #construction })
}

/// One variable for each use of a result: all but the last use get a copy.
fn bindings(index: usize, reduction: &Reduction) -> TokenStream {
    let value = value(index);
    let copies = (1..reduction.uses).map(|usage| {
        let copy = result(index, usage);
        quote!(let #copy = ::pathway::__private::clone_datum(&#value);)
    });
    let moved = result(index, 0);
    quote!(#(#copies)* let #moved = #value;)
}

/// A flat tuple as long as that can be, else a tuple of tuples.
fn nested(span: Span, items: impl Iterator<Item = TokenStream>) -> TokenStream {
    let mut items: Vec<_> = items.collect();
    while items.len() > LONGEST_TUPLE {
        items = items.chunks(LONGEST_TUPLE).map(|chunk| quote_spanned!(span=> (#(#chunk,)*))).collect();
    }
    quote_spanned!(span=> (#(#items,)*))
}

fn value(index: usize) -> proc_macro2::Ident {
    local(&format!("value{index}"))
}

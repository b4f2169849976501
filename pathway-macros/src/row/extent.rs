//! Keeps generated code under the words that it stands for.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

/// From the first to the last token of a piece of the user's source.
///
/// The compiler takes the span of an expression from its first to its last token, so what is generated
/// begins with a token at `first` and ends with one at `last`: then errors underline all that the user wrote.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) first: Span,
    pub(crate) last: Span,
}

impl Extent {
    pub(crate) fn of(source: &impl ToTokens) -> Self {
        let mut tokens = source.to_token_stream().into_iter();
        let first = tokens.next();
        let last = tokens.last().or_else(|| first.clone());
        Extent { first: first.map_or_else(Span::call_site, open), last: last.map_or_else(Span::call_site, close) }
    }

    /// `::pathway::__private::function(arguments)`.
    pub(crate) fn call(self, function: &str, arguments: &impl ToTokens) -> Expr {
        let function = Ident::new(function, self.first);
        let mut call = quote_spanned!(self.first=> ::pathway::__private::#function);
        let mut group = Group::new(Delimiter::Parenthesis, arguments.to_token_stream());
        group.set_span(self.last);
        call.extend([TokenTree::Group(group)]);
        Expr::Verbatim(call)
    }

    /// `&place`.
    pub(crate) fn reference(self, place: &impl ToTokens) -> TokenStream {
        let and = syn::token::And { spans: [self.first] };
        quote!(#and #place)
    }

    /// `*reference`, of a local variable.
    pub(crate) fn dereferenced(self, reference: &Ident) -> Expr {
        let mut reference = reference.clone();
        let star = syn::token::Star { spans: [reference.span().located_at(self.first)] };
        reference.set_span(reference.span().located_at(self.last));
        let path = syn::ExprPath { attrs: Vec::new(), qself: None, path: reference.into() };
        Expr::Unary(syn::ExprUnary { attrs: Vec::new(), op: syn::UnOp::Deref(star), expr: Box::new(Expr::Path(path)) })
    }
}

/// A local variable that the user's code can neither see nor shadow.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(&format!("__{name}"), Span::mixed_site())
}

fn open(token: TokenTree) -> Span {
    match token {
        TokenTree::Group(group) if group.delimiter() != Delimiter::None => group.span_open(),
        TokenTree::Group(group) => Extent::of(&group.stream()).first,
        token => token.span(),
    }
}

fn close(token: TokenTree) -> Span {
    match token {
        TokenTree::Group(group) if group.delimiter() != Delimiter::None => group.span_close(),
        TokenTree::Group(group) => Extent::of(&group.stream()).last,
        token => token.span(),
    }
}

//! Spans for generated code, so that errors underline the user's tokens that it replaces.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

/// The spans of the first and the last token of a piece of the user's source.
///
/// For the compiler, an expression reaches from its first to its last token. The code that is generated here begins
/// with a token at `first` and ends with one at `last`, so errors about it underline the user's whole expression.
#[derive(Clone, Copy)]
pub(crate) struct SpanRange {
    pub(crate) first: Span,
    pub(crate) last: Span,
}

impl SpanRange {
    pub(crate) fn of(source: &impl ToTokens) -> Self {
        let mut tokens = source.to_token_stream().into_iter();
        let first = tokens.next();
        let last = tokens.last().or_else(|| first.clone());
        SpanRange {
            first: first.map_or_else(Span::call_site, start_of),
            last: last.map_or_else(Span::call_site, end_of),
        }
    }

    /// `::pathway::__private::function(arguments)`.
    pub(crate) fn call(self, function: &str, arguments: &impl ToTokens) -> Expr {
        let function = Ident::new(function, self.first);
        let mut call = quote_spanned!(self.first=> ::pathway::__private::#function);
        call.extend([TokenTree::Group(self.parenthesized(arguments.to_token_stream()))]);
        Expr::Verbatim(call)
    }

    /// The tokens in parentheses, which have the last span.
    pub(crate) fn parenthesized(self, tokens: TokenStream) -> Group {
        let mut group = Group::new(Delimiter::Parenthesis, tokens);
        group.set_span(self.last);
        group
    }

    /// `&place`.
    pub(crate) fn reference(self, place: &impl ToTokens) -> TokenStream {
        let and = syn::token::And { spans: [self.first] };
        quote!(#and #place)
    }

    /// `*reference`, where `reference` is a local variable.
    pub(crate) fn dereference(self, reference: &Ident) -> Expr {
        let mut reference = reference.clone();
        let star = syn::token::Star { spans: [reference.span().located_at(self.first)] };
        reference.set_span(reference.span().located_at(self.last));
        let path = syn::ExprPath { attrs: Vec::new(), qself: None, path: reference.into() };
        Expr::Unary(syn::ExprUnary { attrs: Vec::new(), op: syn::UnOp::Deref(star), expr: Box::new(Expr::Path(path)) })
    }
}

/// A local variable that the user's code can neither name nor shadow.
pub(crate) fn hygienic_local(name: &str) -> Ident {
    Ident::new(&format!("__{name}"), Span::mixed_site())
}

fn start_of(token: TokenTree) -> Span {
    match token {
        TokenTree::Group(group) if group.delimiter() != Delimiter::None => group.span_open(),
        TokenTree::Group(group) => SpanRange::of(&group.stream()).first,
        token => token.span(),
    }
}

fn end_of(token: TokenTree) -> Span {
    match token {
        TokenTree::Group(group) if group.delimiter() != Delimiter::None => group.span_close(),
        TokenTree::Group(group) => SpanRange::of(&group.stream()).last,
        token => token.span(),
    }
}

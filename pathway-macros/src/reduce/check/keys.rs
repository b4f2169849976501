//! The keys of a `reduce!`, and the variables that replace them in the output of a group.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::Expr;

use crate::row::rewriter::ExprContext;
use crate::row::row_access::clone_datum;
use crate::row::span_range::{SpanRange, hygienic_local};
use crate::row::tokens::{same_tokens, without_parens};

/// The keys: first those that the user wrote, then those that were added after an error.
pub(crate) struct Keys {
    exprs: Vec<Expr>,
    written: usize,
}

impl Keys {
    pub(crate) fn new(written: Vec<Expr>) -> Self {
        Keys { written: written.len(), exprs: written }
    }

    /// The index of the key that has the same tokens as the expression, apart from parentheses around it.
    pub(crate) fn find(&self, expr: &Expr) -> Option<usize> {
        let tokens = without_parens(expr).to_token_stream();
        self.written().iter().position(|key| same_tokens(without_parens(key).to_token_stream(), tokens.clone()))
    }

    /// The keys that the user wrote.
    pub(crate) fn written(&self) -> &[Expr] {
        &self.exprs[..self.written]
    }

    /// Adds an expression that was reported as neither a key nor reduced.
    ///
    /// The compiler then knows its type, so the mistake causes no other errors.
    pub(crate) fn add(&mut self, expr: &Expr) -> usize {
        self.exprs.push(expr.clone());
        self.exprs.len() - 1
    }

    pub(crate) fn into_exprs(self) -> Vec<Expr> {
        self.exprs
    }

    /// The local variable that holds a reference to a key.
    pub(crate) fn variable(index: usize) -> Ident {
        hygienic_local(&format!("key{index}"))
    }

    /// Replaces an expression that is the key at `index`.
    pub(crate) fn replacement(expr: &Expr, index: usize, context: ExprContext) -> Expr {
        let place = SpanRange::of(expr).dereference(&Self::variable(index));
        if context == ExprContext::Value { clone_datum(&place) } else { place }
    }
}

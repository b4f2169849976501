//! The keys of a `reduce!`, and the variables that replace them in the output of a group.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::Expr;

use crate::errors::Errors;
use crate::row::key::Key;
use crate::row::key_names::{KeyNames, key_value};
use crate::row::rewriter::ExprContext;
use crate::row::span_range::{SpanRange, hygienic_local};
use crate::row::tokens::{same_tokens, without_parens};

/// The keys: first those that the user wrote, then those that were added after an error.
pub(crate) struct Keys {
    exprs: Vec<Expr>,
    written: usize,
    /// The names of those that the user wrote.
    pub(super) names: KeyNames,
}

impl Keys {
    /// `others` are the names of the row and of the window.
    pub(crate) fn new(written: Vec<Key>, others: &[(&Ident, &str)], errors: &mut Errors) -> Self {
        let mut names = KeyNames::new(&written, others, errors);
        names.bind_given();
        Keys { written: written.len(), exprs: written.into_iter().map(|key| key.expr).collect(), names }
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

    /// The keys, and the names to which the output binds them, each with the index of its key.
    pub(crate) fn into_parts(self) -> (Vec<Expr>, Vec<(Ident, usize)>) {
        (self.exprs, self.names.into_bound())
    }

    /// The local variable that holds a reference to a key.
    pub(crate) fn variable(index: usize) -> Ident {
        hygienic_local(&format!("key{index}"))
    }

    /// Replaces an expression that is the key at `index`.
    pub(crate) fn replacement(expr: &Expr, index: usize, context: ExprContext) -> Expr {
        key_value(&Self::variable(index), SpanRange::of(expr), context)
    }
}

//! The keys of a `reduce!`, and what stands for them where a group's output is made.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::Expr;

use crate::row::extent::{Extent, local};
use crate::row::place::clone_datum;
use crate::row::tokens::same_tokens;
use crate::row::walk::Use;

/// The keys, first those that the user wrote.
pub(crate) struct Keys {
    exprs: Vec<Expr>,
    written: usize,
}

impl Keys {
    pub(crate) fn new(written: Vec<Expr>) -> Self {
        Keys { written: written.len(), exprs: written }
    }

    /// Which key an expression is, token for token.
    pub(crate) fn find(&self, expr: &Expr) -> Option<usize> {
        let expr = bare(expr).to_token_stream();
        self.written().iter().position(|key| same_tokens(bare(key).to_token_stream(), expr.clone()))
    }

    pub(crate) fn written(&self) -> &[Expr] {
        &self.exprs[..self.written]
    }

    /// Takes what is no key for one after it was reported:
    /// its type is known then, and nothing else goes wrong because of it.
    pub(crate) fn add(&mut self, expr: &Expr) -> usize {
        self.exprs.push(expr.clone());
        self.exprs.len() - 1
    }

    pub(crate) fn into_exprs(self) -> Vec<Expr> {
        self.exprs
    }

    /// The local variable that holds a reference to a key.
    pub(crate) fn variable(index: usize) -> Ident {
        local(&format!("key{index}"))
    }

    /// What an expression becomes that is a key.
    pub(crate) fn read(expr: &Expr, index: usize, usage: Use) -> Expr {
        let place = Extent::of(expr).dereferenced(&Self::variable(index));
        if usage == Use::Value { clone_datum(&place) } else { place }
    }
}

/// Parentheses around a key do not make it another one.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(paren) => bare(&paren.expr),
        Expr::Group(group) => bare(&group.expr),
        expr => expr,
    }
}

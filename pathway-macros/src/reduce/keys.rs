//! The keys of a `reduce!`, and what stands for them where a group's output is made.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::Expr;

use crate::row::extent::{Extent, local};
use crate::row::place::duplicate;
use crate::row::tokens::same_tokens;
use crate::row::walk::Use;

/// The keys as they are written.
pub(crate) struct Keys(pub(crate) Vec<Expr>);

impl Keys {
    /// Which key an expression is, token for token.
    pub(crate) fn find(&self, expr: &Expr) -> Option<usize> {
        let expr = bare(expr).to_token_stream();
        self.0.iter().position(|key| same_tokens(bare(key).to_token_stream(), expr.clone()))
    }

    /// The local variable that holds a reference to a key.
    pub(crate) fn variable(index: usize) -> Ident {
        local(&format!("key{index}"))
    }

    /// What an expression becomes that is a key.
    pub(crate) fn read(expr: &Expr, index: usize, usage: Use) -> Expr {
        let place = Extent::of(expr).dereferenced(&Self::variable(index));
        if usage == Use::Value { duplicate(&place) } else { place }
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

//! The rows that a clause of a `join!` can use, and what they are there.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Expr;

use crate::join::ast::Side;
use crate::row::tokens::mentions;

/// The rows of the clause that stands behind the table `right`.
pub(super) struct Names<'a> {
    /// The tables before it.
    pub(super) left: &'a [Side],
    pub(super) right: &'a Side,
    /// The tables behind it, which the clause cannot use.
    pub(super) later: &'a [Side],
}

/// Two expressions, of which one uses only the right row and the other only rows before it.
pub(super) struct Pair {
    pub(super) left: Expr,
    pub(super) right: Expr,
    /// Whether the first expression is the one of the left rows.
    pub(super) left_is_first: bool,
}

impl<'a> Names<'a> {
    /// Those of the clause that joins `sides[step + 1]` with the tables before it.
    pub(super) fn of(sides: &'a [Side], step: usize) -> Option<Self> {
        let (left, rest) = sides.split_at_checked(step + 1)?;
        let (right, later) = rest.split_first()?;
        Some(Names { left, right, later })
    }

    /// Whether a row before the table may be missing in this clause: with the first `on`, both rows of a pair are there.
    pub(super) fn is_option(&self, side: &Side) -> bool {
        self.left.len() > 1 && side.optional.is_some() && side.row != self.right.row
    }

    /// The rows that are there.
    pub(super) fn present(&self) -> impl Iterator<Item = &'a Side> {
        self.left.iter().filter(|side| !self.is_option(side)).chain([self.right])
    }

    /// The rows that may be missing.
    pub(super) fn missing(&self) -> impl Iterator<Item = &'a Side> {
        self.left.iter().filter(|side| self.is_option(side))
    }

    /// Whether there is nothing of the tables before it in some rows of the result.
    pub(super) fn left_is_optional(&self) -> bool {
        self.left.iter().all(|side| side.optional.is_some())
    }

    /// The row before the table that examples use.
    pub(super) fn first(&self) -> &'a Ident {
        let first = self.left.iter().find(|side| !self.is_option(side)).or(self.left.first());
        &first.unwrap_or(self.right).row
    }

    /// Returns `None` if an expression uses rows of both sides or of none, or if both use the same side.
    pub(super) fn pair(&self, first: &Expr, second: &Expr) -> Option<Pair> {
        let uses_left = |expr: &Expr| self.left.iter().any(|side| mentions(expr.to_token_stream(), &side.row));
        let uses_right = |expr: &Expr| mentions(expr.to_token_stream(), &self.right.row);
        match [uses_left(first), uses_right(first), uses_left(second), uses_right(second)] {
            [true, false, false, true] => {
                Some(Pair { left: first.clone(), right: second.clone(), left_is_first: true })
            }
            [false, true, true, false] => {
                Some(Pair { left: second.clone(), right: first.clone(), left_is_first: false })
            }
            _ => None,
        }
    }

    /// The first use of a table behind this clause.
    pub(super) fn use_of_later(&self, tokens: TokenStream) -> Option<Ident> {
        self.later.iter().find_map(|side| find(tokens.clone(), &side.row))
    }
}

/// An identifier in the tokens, other than as a field or method.
fn find(tokens: TokenStream, ident: &Ident) -> Option<Ident> {
    let mut after_dot = false;
    for token in tokens {
        match &token {
            TokenTree::Ident(found) if !after_dot && found == ident => return Some(found.clone()),
            TokenTree::Group(group) => {
                if let Some(found) = find(group.stream(), ident) {
                    return Some(found);
                }
            }
            _ => {}
        }
        after_dot = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
    }
    None
}

//! Questions about tokens and expressions as they are written.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::Expr;
use syn::ext::IdentExt;

/// Whether the tokens contain an identifier at any depth, other than as a field or method (`x.o`).
pub(crate) fn mentions(tokens: TokenStream, ident: &Ident) -> bool {
    let mut after_dot = false;
    for token in tokens {
        let found = match &token {
            TokenTree::Ident(found) => !after_dot && found == ident,
            TokenTree::Group(group) => mentions(group.stream(), ident),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        };
        if found {
            return true;
        }
        after_dot = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
    }
    false
}

/// Whether the tokens use a variable: as an identifier, or within a text of a macro such as `format!("{o:?}")`.
pub(crate) fn uses(tokens: &TokenStream, variable: &Ident) -> bool {
    mentions(tokens.clone(), variable) || captures(tokens.clone(), &variable.unraw().to_string(), false)
}

fn captures(tokens: TokenStream, variable: &str, is_macro: bool) -> bool {
    let mut after_bang = false;
    tokens.into_iter().any(|token| {
        let is_argument =
            std::mem::replace(&mut after_bang, matches!(&token, TokenTree::Punct(p) if p.as_char() == '!'));
        match token {
            TokenTree::Group(group) => captures(group.stream(), variable, is_macro || is_argument),
            TokenTree::Literal(literal) if is_macro => {
                let text = literal.to_string();
                let mut rests = text.split('{').skip(1).filter_map(|rest| rest.strip_prefix(variable));
                rests.any(|rest| rest.starts_with(['}', ':']))
            }
            _ => false,
        }
    })
}

/// Whether two token streams are the same, apart from spans and from the invisible groups that `macro_rules!` adds.
pub(crate) fn same_tokens(left: TokenStream, right: TokenStream) -> bool {
    let (left, right) = (without_invisible_groups(left), without_invisible_groups(right));
    left.len() == right.len()
        && left.into_iter().zip(right).all(|(left, right)| match (left, right) {
            (TokenTree::Group(left), TokenTree::Group(right)) => {
                left.delimiter() == right.delimiter() && same_tokens(left.stream(), right.stream())
            }
            (TokenTree::Group(_), _) | (_, TokenTree::Group(_)) => false,
            (left, right) => left.to_string() == right.to_string(),
        })
}

/// The expression inside its parentheses and inside the invisible groups that `macro_rules!` adds.
pub(crate) fn without_parens(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(paren) => without_parens(&paren.expr),
        Expr::Group(group) => without_parens(&group.expr),
        expr => expr,
    }
}

fn without_invisible_groups(tokens: TokenStream) -> Vec<TokenTree> {
    let mut flat = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                flat.extend(without_invisible_groups(group.stream()));
            }
            token => flat.push(token),
        }
    }
    flat
}

//! Questions about source as it is written.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// Whether the tokens name an identifier, at any depth; not as a field or method (`x.o`).
pub(crate) fn mentions(tokens: TokenStream, ident: &Ident) -> bool {
    let mut behind_dot = false;
    for token in tokens {
        let found = match &token {
            TokenTree::Ident(found) => !behind_dot && found == ident,
            TokenTree::Group(group) => mentions(group.stream(), ident),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        };
        if found {
            return true;
        }
        behind_dot = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
    }
    false
}

/// Whether two pieces of source are the same, token for token.
///
/// The invisible groups that `macro_rules!` puts around what it passes on do not count.
pub(crate) fn same_tokens(left: TokenStream, right: TokenStream) -> bool {
    let (left, right) = (visible(left), visible(right));
    left.len() == right.len()
        && left.into_iter().zip(right).all(|(left, right)| match (left, right) {
            (TokenTree::Group(left), TokenTree::Group(right)) => {
                left.delimiter() == right.delimiter() && same_tokens(left.stream(), right.stream())
            }
            (TokenTree::Group(_), _) | (_, TokenTree::Group(_)) => false,
            (left, right) => left.to_string() == right.to_string(),
        })
}

fn visible(tokens: TokenStream) -> Vec<TokenTree> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => found.extend(visible(group.stream())),
            token => found.push(token),
        }
    }
    found
}

//! Finds the columns of a row that are mentioned in some places. Where the row is used in another way, all of it is needed.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, Pat, Token};

use crate::join::ast::Side;

/// The columns that are mentioned.
#[derive(Clone, Default)]
pub(crate) struct Mentioned {
    /// The mentions of each column, by the name of the column: the same columns in another order are the same.
    pub(crate) columns: BTreeMap<String, Vec<Mention>>,
}

/// `o.city`.
#[derive(Clone)]
pub(crate) struct Mention {
    /// What stands before the dot: the row, or the parameter of a closure that gets it.
    pub(crate) row: Ident,
    pub(crate) column: Ident,
}

/// The most columns that are kept apart.
const MOST_COLUMNS: usize = 144;

/// A place at which a row may be used.
pub(super) struct Place<'a> {
    pub(super) expr: &'a Expr,
    /// Whether the row is an `Option` there.
    pub(super) is_option: bool,
}

/// The columns of a row that are mentioned in these places; `None` if all of the row is needed, or if it cannot be seen what is.
pub(super) fn mentioned<'a>(places: impl IntoIterator<Item = Place<'a>>, row: &Ident) -> Option<Mentioned> {
    let mut mentioned = Mentioned::default();
    for Place { expr, is_option } in places {
        let tokens = expr.to_token_stream();
        if is_option { mentioned.add_option(tokens, row)? } else { mentioned.add_row(tokens, row)? }
    }
    (mentioned.columns.len() <= MOST_COLUMNS).then_some(mentioned)
}

impl Mentioned {
    /// Adds the columns that an expression takes from a row.
    fn add_row(&mut self, tokens: TokenStream, row: &Ident) -> Option<()> {
        for_each_use(tokens, row, &mut |after| {
            let [TokenTree::Punct(dot), TokenTree::Ident(column), after @ ..] = after else { return None };
            let is_method = match after {
                [TokenTree::Group(group), ..] => group.delimiter() == Delimiter::Parenthesis,
                // `::<T>()`, or a macro: `o.await!`.
                [TokenTree::Punct(next), ..] => {
                    matches!((next.as_char(), next.spacing()), (':', Spacing::Joint))
                }
                _ => false,
            };
            if !is_field_dot(dot) || is_method {
                return None;
            }
            self.add(row, column);
            Some(0)
        })
    }

    /// Adds the columns that an expression takes from a row that may be missing.
    fn add_option(&mut self, tokens: TokenStream, row: &Ident) -> Option<()> {
        for_each_use(tokens, row, &mut |after| {
            let [TokenTree::Punct(dot), TokenTree::Ident(method), TokenTree::Group(arguments), ..] = after else {
                return None;
            };
            if !is_field_dot(dot) || arguments.delimiter() != Delimiter::Parenthesis {
                return None;
            }
            match method.to_string().as_str() {
                "is_some" | "is_none" if arguments.stream().is_empty() => {}
                "map" | "map_or" | "map_or_else" | "and_then" | "is_some_and" | "is_none_or" => {
                    self.add_closure(arguments, row)?;
                }
                _ => return None,
            }
            Some(3)
        })
    }

    /// Adds the columns that the last argument takes from the row: a closure such as `|c| c.name.clone()`.
    fn add_closure(&mut self, arguments: &Group, row: &Ident) -> Option<()> {
        let arguments = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(arguments.stream()).ok()?;
        let mut arguments = arguments.into_iter();
        let Some(Expr::Closure(closure)) = arguments.next_back() else { return None };
        for argument in arguments {
            self.add_option(argument.into_token_stream(), row)?;
        }
        let Some(Pat::Ident(parameter)) = closure.inputs.first() else { return None };
        if closure.inputs.len() != 1 || parameter.by_ref.is_some() || parameter.subpat.is_some() {
            return None;
        }
        let body = closure.body.to_token_stream();
        if parameter.ident != *row {
            self.add_option(body.clone(), row)?;
        }
        self.add_row(body, &parameter.ident)
    }

    fn add(&mut self, row: &Ident, column: &Ident) {
        let mentions = self.columns.entry(column.unraw().to_string()).or_default();
        mentions.push(Mention { row: row.clone(), column: column.clone() });
    }
}

/// Calls `see` with what follows each use of a name, at any depth. It returns how many of these tokens it has seen to; `None` ends
/// the search, and so does a text in which there may be uses: `format!("{o:?}")`.
fn for_each_use(tokens: TokenStream, name: &Ident, see: &mut dyn FnMut(&[TokenTree]) -> Option<usize>) -> Option<()> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let is_dot = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == '.');
    let mut place = 0;
    while let Some(token) = tokens.get(place) {
        // `x.o` is a field of something else, and `..o` is not.
        let before = |count: usize| place.checked_sub(count).and_then(|before| tokens.get(before));
        let is_field = is_dot(before(1)) && !is_dot(before(2));
        let mut seen = 0;
        match token {
            TokenTree::Ident(ident) if ident == name && !is_field => {
                seen = see(tokens.get(place + 1..).unwrap_or_default())?;
            }
            TokenTree::Group(group) => for_each_use(group.stream(), name, see)?,
            TokenTree::Literal(literal) if literal.to_string().contains(&format!("{{{}", name.unraw())) => return None,
            _ => {}
        }
        place += 1 + seen;
    }
    Some(())
}

impl Mentioned {
    /// Whether these are the same columns.
    pub(crate) fn has_columns_of(&self, other: &Mentioned) -> bool {
        self.columns.keys().eq(other.columns.keys())
    }
}

/// Whether it is a dot of its own, and none of a range.
fn is_field_dot(dot: &Punct) -> bool {
    dot.as_char() == '.' && dot.spacing() == Spacing::Alone
}

impl Mention {
    /// The column of the row of a side. A mention by the parameter of a closure is one of another variable.
    pub(crate) fn place(&self, side: &Side) -> TokenStream {
        let (row, column) = (if side.optional.is_some() { &side.row } else { &self.row }, &self.column);
        quote!(#row.#column)
    }
}

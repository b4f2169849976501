//! Parses what stands behind `on`: `o.customer == c.id && c.active`, or the names of columns that both sides have.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Expr, Ident, Token};

use crate::row::binding::peek_keyword;
use crate::row::tokens::without_parens;

/// One of the items behind `on`, which are separated by commas.
pub(crate) enum OnItem {
    /// `id`: a column that both sides have.
    Column(Ident),
    /// `o.customer == c.id && c.active`.
    Condition(Expr),
}

impl ToTokens for OnItem {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            OnItem::Column(name) => name.to_tokens(tokens),
            OnItem::Condition(condition) => condition.to_tokens(tokens),
        }
    }
}

/// Parses all items.
pub(super) fn parse_items(input: ParseStream<'_>) -> syn::Result<Vec<OnItem>> {
    let mut items = Vec::new();
    loop {
        let expr = input.call(Expr::parse_without_eager_brace)?;
        check_for_table(input, &expr, items.is_empty())?;
        add_items(&mut items, expr);
        if !input.peek(Token![,]) || ends_behind_comma(input) {
            return Ok(items);
        }
        input.parse::<Token![,]>()?;
    }
}

/// Adds an item, or those in parentheses: `(id, region)`.
fn add_items(items: &mut Vec<OnItem>, expr: Expr) {
    match without_parens(&expr) {
        Expr::Path(path) if path.path.get_ident().is_some() => {
            items.extend(path.path.get_ident().cloned().map(OnItem::Column));
        }
        Expr::Tuple(tuple) if !tuple.elems.is_empty() => {
            tuple.elems.iter().for_each(|element| add_items(items, element.clone()))
        }
        _ => items.push(OnItem::Condition(expr)),
    }
}

/// Reports a table without its `in`: `…, p products on`.
fn check_for_table(input: ParseStream<'_>, item: &Expr, is_first: bool) -> syn::Result<()> {
    let is_keyword = ["within", "asof", "asof_now"].iter().any(|keyword| peek_keyword(input, keyword));
    if is_first || is_keyword || !input.peek(Ident) {
        return Ok(());
    }
    let (row, mark) = match item {
        Expr::Try(tried) => (&*tried.expr, "?"),
        other => (other, ""),
    };
    match row {
        Expr::Path(path) if path.path.get_ident().is_some() => {
            let row = row.to_token_stream();
            let found: Ident = input.fork().parse()?;
            let message = format!("expected `in` and the table after the row's name, as in `{row}{mark} in {found}`");
            Err(input.error(message))
        }
        _ => Ok(()),
    }
}

/// Whether what follows the comma is no item.
fn ends_behind_comma(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let _ = ahead.parse::<Token![,]>();
    ahead.is_empty() || ahead.peek(Token![=>]) || ahead.peek(syn::token::Brace) || is_table(&ahead)
}

/// Whether a comma and a table come next.
pub(super) fn is_before_table(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.parse::<Token![,]>().is_ok() && is_table(&ahead)
}

/// Whether a comma and the new row come next.
pub(super) fn is_before_arrow(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.parse::<Token![,]>().is_ok() && ahead.peek(Token![=>])
}

/// Whether a table comes next: `p in` or `p? in`.
pub(super) fn is_table(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.call(Ident::parse_any).is_ok() && ahead.parse::<Option<Token![?]>>().is_ok() && ahead.peek(Token![in])
}

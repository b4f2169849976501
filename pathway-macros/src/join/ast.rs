//! What `join!` is given.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Token};

use super::times::Times;
use crate::errors::Errors;
use crate::row::head::arrow;
use crate::row::output::Output;

/// `o in orders, c? in customers on o.customer == c.id => { order: o.id }`.
pub(crate) struct Join {
    pub(crate) left: Side,
    pub(crate) right: Side,
    /// `asof_now`: the first table's rows are events.
    pub(crate) asof_now: bool,
    /// The keys' equations, as one expression.
    pub(crate) on: Expr,
    /// `within …` or `asof …`: what else the rows' times say.
    pub(crate) times: Option<Times>,
    pub(crate) output: Output,
}

/// `c? in customers`.
pub(crate) struct Side {
    pub(crate) row: Ident,
    /// Where the `?` stands: the other side's rows are wanted without one of these, too.
    pub(crate) optional: Option<Span>,
    pub(crate) table: Expr,
}

impl Join {
    pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        let left = Side::parse(input, "o in orders")?;
        if !input.peek(Token![,]) {
            return Err(input.error("expected `,` and the second table, as in `o in orders, c in customers on …`"));
        }
        input.parse::<Token![,]>()?;
        let right = Side::parse(input, "c in customers")?;
        let asof_now = word(input, "asof_now");
        if asof_now {
            input.parse::<Ident>()?;
        }
        if word(input, "within") || word(input, "asof") {
            let word: Ident = input.parse()?;
            let (left, right) = (&left.row, &right.row);
            let message = format!("`{word}` stands behind the columns: `on {left}.id == {right}.id {word} …`");
            return Err(syn::Error::new(word.span(), message));
        }
        if !word(input, "on") {
            let (left, right) = (&left.row, &right.row);
            let message = format!("expected `on` and the columns that are equal, as in `on {left}.id == {right}.id`");
            return Err(input.error(message));
        }
        input.parse::<Ident>()?;
        let on = input.call(Expr::parse_without_eager_brace)?;
        let times = Times::parse(input, &left.row, &right.row)?;
        arrow(input, &format!("`=>` and the new row, as in `=> {{ id: {}.id }}`", left.row), errors)?;
        let output = Output::parse(input, errors)?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Join { left, right, asof_now, on, times, output })
    }
}

impl Side {
    fn parse(input: ParseStream<'_>, example: &str) -> syn::Result<Self> {
        if !input.peek(Ident) && !input.peek(Token![_]) {
            return Err(input.error(format!("expected a name for the row and its table, as in `{example}`")));
        }
        let row = input.call(Ident::parse_any)?;
        let optional = input.parse::<Option<Token![?]>>()?.map(|mark| mark.span());
        if !input.peek(Token![in]) {
            return Err(input.error(format!("expected `in` and the table behind the row's name, as in `{example}`")));
        }
        input.parse::<Token![in]>()?;
        let table = input.call(Expr::parse_without_eager_brace)?;
        Ok(Side { row, optional, table })
    }
}

pub(super) fn word(input: ParseStream<'_>, word: &str) -> bool {
    input.fork().parse::<Ident>().is_ok_and(|found| found == word)
}

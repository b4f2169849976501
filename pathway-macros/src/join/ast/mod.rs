//! Parses the input of `join!`.

mod time_clause;

use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Token};

pub(crate) use self::time_clause::TimeClause;
use crate::errors::Errors;
use crate::row::binding::{parse_arrow, parse_in_table, parse_row_name, peek_keyword};
use crate::row::output::OutputRow;

/// `o in orders, c? in customers on o.customer == c.id => { order: o.id }`.
pub(crate) struct Join {
    pub(crate) left: Side,
    pub(crate) right: Side,
    /// `asof_now`: each row of the left table is joined once, when it arrives.
    pub(crate) asof_now: bool,
    /// The condition after `on`.
    pub(crate) on: Expr,
    /// `within …` or `asof …`.
    pub(crate) time_clause: Option<TimeClause>,
    pub(crate) output: OutputRow,
}

/// One of the two tables: `c? in customers`.
pub(crate) struct Side {
    pub(crate) row: Ident,
    /// The span of the `?`: this row may be missing.
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
        let asof_now = peek_keyword(input, "asof_now");
        if asof_now {
            input.parse::<Ident>()?;
        }
        parse_on(input, &left.row, &right.row)?;
        let on = input.call(Expr::parse_without_eager_brace)?;
        let time_clause = TimeClause::parse(input, &left.row, &right.row)?;
        parse_arrow(input, &format!("`=>` and the new row, as in `=> {{ id: {}.id }}`", left.row), errors)?;
        let output = OutputRow::parse(input, errors)?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Join { left, right, asof_now, on, time_clause, output })
    }
}

impl Side {
    fn parse(input: ParseStream<'_>, example: &str) -> syn::Result<Self> {
        let row = parse_row_name(input, example)?;
        let optional = input.parse::<Option<Token![?]>>()?.map(|mark| mark.span());
        let table = parse_in_table(input, example)?;
        Ok(Side { row, optional, table })
    }
}

/// Parses `on`.
fn parse_on(input: ParseStream<'_>, left: &Ident, right: &Ident) -> syn::Result<()> {
    if peek_keyword(input, "within") || peek_keyword(input, "asof") {
        let keyword: Ident = input.parse()?;
        let message = format!("`{keyword}` comes after the columns: `on {left}.id == {right}.id {keyword} …`");
        return Err(syn::Error::new(keyword.span(), message));
    }
    if !peek_keyword(input, "on") {
        let message = format!("expected `on` and the columns that are equal, as in `on {left}.id == {right}.id`");
        return Err(input.error(message));
    }
    input.parse::<Ident>()?;
    Ok(())
}

//! Parses the input of `join!`.

mod on_clause;
mod time_clause;

use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::{Expr, Ident, Token};

pub(crate) use self::on_clause::OnItem;
pub(crate) use self::time_clause::TimeClause;
use crate::errors::Errors;
use crate::row::binding::{parse_arrow, parse_in_table, parse_row_name, peek_keyword};
use crate::row::output::OutputRow;

/// `o in orders, c? in customers on o.customer == c.id => { order: o.id }`.
pub(crate) struct Join {
    /// The tables in written order: at least two.
    pub(crate) sides: Vec<Side>,
    /// How each table after the first one is joined with those before it.
    pub(crate) steps: Vec<Step>,
    pub(crate) output: OutputRow,
}

/// One of the tables: `c? in customers`.
pub(crate) struct Side {
    pub(crate) row: Ident,
    /// The span of the `?`: this row may be missing.
    pub(crate) optional: Option<Span>,
    pub(crate) table: Expr,
}

/// What stands behind a table after the first one: `on o.customer == c.id`.
pub(crate) struct Step {
    /// `asof_now`: each row of the tables before is joined once, when it arrives.
    pub(crate) asof_now: bool,
    /// What stands behind `on`: at least one item.
    pub(crate) on: Vec<OnItem>,
    /// `within …` or `asof …`.
    pub(crate) time_clause: Option<TimeClause>,
}

impl Join {
    pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        let mut sides = vec![Side::parse(input, "o in orders")?];
        let mut steps = Vec::new();
        if !input.peek(Token![,]) {
            return Err(input.error("expected `,` and the second table, as in `o in orders, c in customers on …`"));
        }
        while input.peek(Token![,]) && (steps.is_empty() || on_clause::is_before_table(input)) {
            input.parse::<Token![,]>()?;
            sides.push(Side::parse(input, "c in customers")?);
            steps.push(Step::parse(input, &sides)?);
        }
        if on_clause::is_before_arrow(input) {
            input.parse::<Token![,]>()?;
        }
        if on_clause::is_table(input) {
            return Err(input.error("expected `,` before the next table, as in `…, p in products on …`"));
        }
        let Some(Side { row, .. }) = sides.first() else { return Err(input.error("expected a table")) };
        parse_arrow(input, &format!("`=>` and the new row, as in `=> {{ id: {row}.id }}`"), errors)?;
        let output = OutputRow::parse(input, errors)?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Join { sides, steps, output })
    }
}

impl Side {
    fn parse(input: ParseStream<'_>, example: &str) -> syn::Result<Self> {
        let row = parse_row_name(input, example)?;
        let optional = input.parse::<Option<Token![?]>>()?.map(|mark| mark.span);
        let table = parse_in_table(input, example)?;
        Ok(Side { row, optional, table })
    }
}

impl Step {
    /// Parses what stands behind the last of these tables.
    fn parse(input: ParseStream<'_>, sides: &[Side]) -> syn::Result<Self> {
        let [first, .., last] = sides else { return Err(input.error("expected a second table")) };
        let asof_now = peek_keyword(input, "asof_now");
        if asof_now {
            input.parse::<Ident>()?;
        }
        parse_on(input, &first.row, last)?;
        let on = on_clause::parse_items(input)?;
        let time_clause = TimeClause::parse(input, &first.row, &last.row)?;
        Ok(Step { asof_now, on, time_clause })
    }
}

/// Parses `on`.
fn parse_on(input: ParseStream<'_>, left: &Ident, right: &Side) -> syn::Result<()> {
    let row = &right.row;
    if peek_keyword(input, "within") || peek_keyword(input, "asof") {
        let keyword: Ident = input.parse()?;
        let message = format!("`{keyword}` comes after the columns: `on {left}.id == {row}.id {keyword} …`");
        return Err(syn::Error::new(keyword.span(), message));
    }
    if on_clause::is_before_table(input) {
        let mark = if right.optional.is_some() { "?" } else { "" };
        let message = format!(
            "each table after the first one has an `on` of its own, behind the table\n\
             help: write `{row}{mark} in … on {left}.id == {row}.id` before the next table"
        );
        return Err(syn::Error::new(row.span(), message));
    }
    if !peek_keyword(input, "on") {
        let message = format!("expected `on` and the columns that are equal, as in `on {left}.id == {row}.id`");
        return Err(input.error(message));
    }
    input.parse::<Ident>()?;
    Ok(())
}

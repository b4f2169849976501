//! Parses the input of `top!`.

use syn::parse::ParseStream;
use syn::{Expr, Ident, Token};

use crate::errors::Errors;
use crate::row::binding::{Binding, parse_arrow, peek_keyword};
use crate::row::key::{Key, parse_keys};
use crate::row::output::OutputRow;
use crate::row::text::text_of;

/// `10 of b in bids by b.auction order b.price desc, b.id => { ..b, rank }`, or without the `=>` and the new row.
pub(crate) struct Top {
    /// How many rows of each group.
    pub(crate) n: Expr,
    pub(crate) binding: Binding,
    /// Without keys, the whole table is one group.
    pub(crate) keys: Vec<Key>,
    pub(crate) order: Vec<OrderBy>,
    /// `None` for the rows as they are.
    pub(crate) output: Option<OutputRow>,
}

/// `b.price desc`.
pub(crate) struct OrderBy {
    pub(crate) expr: Expr,
    pub(crate) is_descending: bool,
}

impl Top {
    pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        let n = parse_number(input, errors)?;
        let binding = Binding::parse(input)?;
        let row = &binding.row;
        if !peek_keyword(input, "by") && !peek_keyword(input, "order") {
            let message = format!(
                "expected `by` and a key, or `order` and a column, as in `by {row}.city order {row}.price desc`"
            );
            return Err(input.error(message));
        }
        let keys = if peek_keyword(input, "by") { parse_keys(input, Some("order"))? } else { Vec::new() };
        if !peek_keyword(input, "order") {
            return Err(input.error(format!("expected `order` and a column, as in `order {row}.price desc`")));
        }
        let order = parse_order(input, row, errors)?;
        if input.is_empty() {
            return Ok(Top { n, binding, keys, order, output: None });
        }
        parse_arrow(input, &format!("`=>` and the new row, as in `=> {{ ..{row}, rank }}`"), errors)?;
        let output = Some(OutputRow::parse(input, errors)?);
        input.parse::<Option<Token![,]>>()?;
        Ok(Top { n, binding, keys, order, output })
    }
}

impl OrderBy {
    /// As a user would write it.
    pub(crate) fn text(&self) -> String {
        let direction = if self.is_descending { " desc" } else { "" };
        text_of(&[&self.expr]) + direction
    }
}

/// Parses `10 of`.
fn parse_number(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Expr> {
    const EXPECTED: &str = "expected the number of rows and `of`, as in `10 of b in bids`";
    let is_forgotten = input.is_empty() || (input.peek(Ident) && input.peek2(Token![in]));
    if is_forgotten || peek_keyword(input, "of") {
        return Err(input.error(EXPECTED));
    }
    let n = input.call(Expr::parse_without_eager_brace)?;
    if peek_keyword(input, "of") && !input.peek2(Token![in]) {
        input.parse::<Ident>()?;
    } else {
        errors.push(input.error("expected `of` after the number of rows, as in `10 of b in bids`"));
    }
    Ok(n)
}

/// Parses `order b.price desc, b.id`.
fn parse_order(input: ParseStream<'_>, row: &Ident, errors: &mut Errors) -> syn::Result<Vec<OrderBy>> {
    input.parse::<Ident>()?;
    if row != "by" && peek_keyword(input, "by") {
        errors.push(input.error(format!("write `order` alone, as in `order {row}.price desc`")));
        input.parse::<Ident>()?;
    }
    if input.is_empty() || input.peek(Token![=>]) {
        return Err(input.error(format!("expected a column after `order`, as in `order {row}.price desc`")));
    }
    let mut order = Vec::new();
    loop {
        let expr = input.call(Expr::parse_without_eager_brace)?;
        let is_descending = peek_keyword(input, "desc");
        if is_descending || peek_keyword(input, "asc") {
            input.parse::<Ident>()?;
        } else if input.peek(Ident) {
            errors.push(input.error(format!("expected `asc` or `desc`, as in `order {row}.price desc`")));
            input.parse::<Ident>()?;
        }
        order.push(OrderBy { expr, is_descending });
        if !input.peek(Token![,]) {
            return Ok(order);
        }
        input.parse::<Token![,]>()?;
        if input.is_empty() || input.peek(Token![=>]) {
            return Ok(order);
        }
    }
}

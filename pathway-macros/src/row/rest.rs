//! `..o` in a new row: all other columns of an existing row.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{Expr, Token, parse_quote};

use super::output::OutputRow;
use super::row_access::is_row;
use crate::errors::Errors;

/// `..o` in a row.
pub(crate) struct Rest {
    pub(crate) dots: Token![..],
    /// What follows the dots. [`check`] ensures that it is a row.
    pub(crate) row: Expr,
    /// How many columns are written before it.
    position: usize,
}

impl Rest {
    /// Parses `..o`; the next token must be `..`.
    pub(super) fn parse(input: ParseStream<'_>, position: usize) -> syn::Result<Self> {
        let dots: Token![..] = input.parse()?;
        let is_end = input.is_empty() || input.peek(Token![,]);
        let row = if is_end { Expr::Verbatim(TokenStream::new()) } else { input.parse()? };
        Ok(Rest { dots, row, position })
    }

    /// The tokens as the user wrote them.
    pub(super) fn tokens(&self) -> TokenStream {
        let Rest { dots, row, .. } = self;
        quote!(#dots #row)
    }
}

/// Checks the `..o` of a new row. `rows` are the names of the rows that it can stand for.
///
/// After an error, continues with the first of the rows, so that the mistake causes no other errors.
pub(crate) fn check(output: &mut OutputRow, rows: &[&Ident], errors: &mut Errors) {
    let Some(rest) = &mut output.rest else { return };
    let Some(first) = rows.first() else { return };
    if !rows.iter().any(|row| is_row(&rest.row, row)) {
        let rows: Vec<_> = rows.iter().map(|row| format!("`..{row}`")).collect();
        let message = format!(
            "only a whole row can follow `..`: write {}\n\
             name every other column, as in `city: {first}.city`",
            rows.join(" or "),
        );
        errors.error_spanned_by(rest.tokens(), message);
        rest.row = parse_quote!(#first);
    }
    check_position(rest, output.columns.len(), errors);
}

/// Checks the `..o` of a new row that can be any expression.
pub(crate) fn check_expr(output: &mut OutputRow, errors: &mut Errors) {
    let Some(rest) = &output.rest else { return };
    check_position(rest, output.columns.len(), errors);
    if rest.row.to_token_stream().is_empty() {
        errors.error_spanned_by(rest.tokens(), "expected a row after `..`, as in `..o`");
        output.rest = None;
    }
}

fn check_position(rest: &Rest, columns: usize, errors: &mut Errors) {
    if rest.position != 0 && rest.position != columns {
        let message = "`..` must come first or last: the row has the old columns first, then the new ones";
        errors.error_spanned_by(rest.tokens(), message);
    }
}

/// Reports the `..o` of a row that cannot have one, and removes it.
pub(crate) fn forbid(output: &mut OutputRow, message: &str, errors: &mut Errors) {
    if let Some(rest) = output.rest.take() {
        errors.error_spanned_by(rest.tokens(), message);
    }
}

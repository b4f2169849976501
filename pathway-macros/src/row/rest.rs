//! `..o` in a new row: all other columns of an existing row.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{Expr, Token, parse_quote};

use super::output::OutputRow;
use super::row_access::is_row;
use super::text::text_of;
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

/// Checks each `..o` of a new row. `rows` are the names of the rows that it can stand for.
///
/// After an error, continues with the first of the rows, so that the mistake causes no other errors. Returns false if there is no row
/// to build.
pub(crate) fn check(output: &mut OutputRow, rows: &[&Ident], errors: &mut Errors) -> bool {
    let (Some(first), columns) = (rows.first(), output.columns.len()) else { return true };
    let Some(one) = &mut output.rest else { return true };
    let is_row = check_row(one, rows, errors);
    if !is_row {
        one.row = parse_quote!(#first);
    }
    let mut seen = vec![text_of(&[&one.row])];
    let mut others = std::mem::take(&mut output.other_rests);
    others.retain(|rest| {
        let name = text_of(&[&rest.row]);
        let (is_valid, is_new) = (check_row(rest, rows, errors), !seen.contains(&name));
        if is_valid && is_row && !is_new {
            errors.error_spanned_by(rest.tokens(), "the row already has a `..`: keep one");
        }
        seen.push(name);
        is_valid && is_new
    });
    let one = &*one;
    check_position(one, &others, columns, errors);
    if let (Some(name), Some(second)) = (&output.struct_path, others.first()) {
        let message = format!(
            "a row with a name takes its other columns from one row: keep one `..`\n\
             name the columns of the other row, or leave `{}` away: `{{ ..{}, ..{} }}` has the columns of both",
            text_of(&[name]),
            text_of(&[&one.row]),
            text_of(&[&second.row]),
        );
        errors.error_spanned_by(second.tokens(), message);
        return false;
    }
    output.other_rests = others;
    true
}

/// Checks the `..o` of a new row that can be any expression.
pub(crate) fn check_expr(output: &mut OutputRow, errors: &mut Errors) {
    for second in output.other_rests.drain(..) {
        errors.error_spanned_by(second.tokens(), "the row already has a `..`: keep one");
    }
    let Some(rest) = &output.rest else { return };
    check_position(rest, &[], output.columns.len(), errors);
    if rest.row.to_token_stream().is_empty() {
        errors.error_spanned_by(rest.tokens(), "expected a row after `..`, as in `..o`");
        output.rest = None;
    }
}

fn check_position(one: &Rest, others: &[Rest], columns: usize, errors: &mut Errors) {
    let start = one.position;
    if (start != 0 && start != columns) || others.iter().any(|rest| rest.position != start) {
        let wrong = others.iter().find(|rest| rest.position != start).unwrap_or(one);
        let message = "`..` must come first or last: the row has the old columns first, then the new ones";
        errors.error_spanned_by(wrong.tokens(), message);
    }
}

/// Reports what is none of the rows.
fn check_row(rest: &Rest, rows: &[&Ident], errors: &mut Errors) -> bool {
    let is_valid = rows.iter().any(|row| is_row(&rest.row, row));
    if let (false, Some(first)) = (is_valid, rows.first()) {
        let rows: Vec<_> = rows.iter().map(|row| format!("`..{row}`")).collect();
        let message = format!(
            "only a whole row can follow `..`: write {}\n\
             name every other column, as in `city: {first}.city`",
            rows.join(" or "),
        );
        errors.error_spanned_by(rest.tokens(), message);
    }
    is_valid
}

/// Reports each `..o` of a row that cannot have one, and removes it.
pub(crate) fn forbid(output: &mut OutputRow, message: &str, errors: &mut Errors) {
    for rest in output.rest.take().into_iter().chain(output.other_rests.drain(..)) {
        errors.error_spanned_by(rest.tokens(), message);
    }
}

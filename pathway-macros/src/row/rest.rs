//! `..o`: the other columns of a row, as they are.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Expr, Token, parse_quote};

use super::output::Output;
use super::place::is_row;
use crate::errors::Errors;

/// `..o` within a row.
pub(crate) struct Rest {
    pub(crate) dots: Token![..],
    /// The row that is written behind the dots; [`check`] sees to it that it is one.
    pub(crate) row: Expr,
    /// How many columns stand in front of it.
    behind: usize,
}

impl Rest {
    /// Parses `..o`, where `..` comes next.
    pub(super) fn parse(input: ParseStream<'_>, behind: usize) -> syn::Result<Self> {
        let dots: Token![..] = input.parse()?;
        let nothing = input.is_empty() || input.peek(Token![,]);
        let row = if nothing { Expr::Verbatim(TokenStream::new()) } else { input.parse()? };
        Ok(Rest { dots, row, behind })
    }
}

/// Checks the `..o` of a row that is made of `rows`, which are there by name.
///
/// Goes on as if the cure had been taken, so that nothing else is wrong because of it.
pub(crate) fn check(output: &mut Output, rows: &[&Ident], errors: &mut Errors) {
    let Some(rest) = &mut output.rest else { return };
    let Some(first) = rows.first() else { return };
    if !rows.iter().any(|row| is_row(&rest.row, row)) {
        let known: Vec<_> = rows.iter().map(|row| format!("`..{row}`")).collect();
        errors.at(
            rest.tokens(),
            format!(
                "only a row as a whole can stand behind the dots: {}\n\
                 name any other column, as in `city: {first}.city`",
                known.join(" or "),
            ),
        );
        rest.row = parse_quote!(#first);
    }
    if rest.behind != 0 && rest.behind != output.columns.len() {
        errors.at(
            rest.tokens(),
            "`..` comes first or last: wherever it stands, the row has the old columns and then the new ones",
        );
    }
}

/// Says that there is no row whose columns could be taken over.
pub(crate) fn forbid(output: &mut Output, why: &str, errors: &mut Errors) {
    if let Some(rest) = output.rest.take() {
        errors.at(rest.tokens(), why);
    }
}

impl Rest {
    /// The words that it is written with.
    pub(super) fn tokens(&self) -> TokenStream {
        let Rest { dots, row, .. } = self;
        quote!(#dots #row)
    }
}

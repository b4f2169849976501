//! `where` behind a column of a new row: `total: sum(o.price) where o.paid`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::ParseStream;
use syn::{Expr, Token};

use super::output::OutputRow;
use crate::errors::Errors;

/// `where o.paid`.
#[derive(Clone)]
pub(crate) struct Where {
    keyword: Token![where],
    /// `None` if nothing follows the keyword, which is a mistake.
    pub(crate) condition: Option<Expr>,
}

impl Where {
    /// Parses the clause, if there is one.
    pub(super) fn parse(input: ParseStream<'_>) -> syn::Result<Option<Self>> {
        if !input.peek(Token![where]) {
            return Ok(None);
        }
        let keyword = input.parse()?;
        let is_end = input.is_empty() || input.peek(Token![,]);
        let condition = if is_end { None } else { Some(input.parse()?) };
        Ok(Some(Where { keyword, condition }))
    }

    /// The tokens as the user wrote them.
    pub(crate) fn tokens(&self) -> TokenStream {
        let Where { keyword, condition } = self;
        quote!(#keyword #condition)
    }
}

/// Reports each `where` of a row that cannot have one, and removes it.
pub(crate) fn forbid(output: &mut OutputRow, errors: &mut Errors) {
    for clause in output.columns.iter_mut().filter_map(|column| column.clause.take()) {
        let message = "`where` is for the reducers of `reduce!`\nhelp: to leave out rows, `filter!` the table";
        errors.error_spanned_by(clause.tokens(), message);
    }
}

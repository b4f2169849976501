//! Parses the input of `row!`.

use syn::Token;
use syn::parse::ParseStream;

use crate::errors::Errors;
use crate::row::output::{OutputRow, is_named};

/// `o.id, cost: o.price * 2.0`, or `Cost { o.id, cost: o.price * 2.0 }`.
pub(crate) struct Row {
    pub(crate) output: OutputRow,
}

impl Row {
    pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        if !is_named(input) {
            return Ok(Row { output: OutputRow::parse_columns(None, input.span(), input, errors)? });
        }
        let output = OutputRow::parse(input, errors)?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Row { output })
    }
}

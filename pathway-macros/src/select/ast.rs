//! What `select!` is given.

use syn::Token;
use syn::parse::ParseStream;

use crate::errors::Errors;
use crate::row::head::{Head, arrow};
use crate::row::output::Output;

/// `o in orders => { id: o.id }`.
pub(crate) struct Select {
    pub(crate) head: Head,
    pub(crate) output: Output,
}

impl Select {
    pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        let head = Head::parse(input)?;
        arrow(input, &format!("`=>` and the new row, as in `=> {{ id: {}.id }}`", head.row), errors)?;
        let output = Output::parse(input, errors)?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Select { head, output })
    }
}

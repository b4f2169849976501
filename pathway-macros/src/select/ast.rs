//! Parses the input of `select!`.

use syn::Token;
use syn::parse::ParseStream;

use crate::errors::Errors;
use crate::row::binding::{Binding, parse_arrow};
use crate::row::output::OutputRow;

/// `o in orders => { id: o.id }`.
pub(crate) struct Select {
    pub(crate) binding: Binding,
    pub(crate) output: OutputRow,
}

impl Select {
    pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        let binding = Binding::parse(input)?;
        parse_arrow(input, &format!("`=>` and the new row, as in `=> {{ id: {}.id }}`", binding.row), errors)?;
        let output = OutputRow::parse(input, errors)?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Select { binding, output })
    }
}

//! Parses the input of `filter!`.

use syn::parse::ParseStream;
use syn::{Expr, Token};

use crate::errors::Errors;
use crate::row::binding::{Binding, parse_arrow};

/// `o in orders => o.price > 100.0`.
pub(crate) struct Filter {
    pub(crate) binding: Binding,
    pub(crate) condition: Expr,
}

impl Filter {
    pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        let binding = Binding::parse(input)?;
        parse_arrow(input, &format!("`=>` and the condition, as in `=> {}.price > 100.0`", binding.row), errors)?;
        let condition = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Filter { binding, condition })
    }
}

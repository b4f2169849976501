//! What `filter!` is given.

use syn::parse::ParseStream;
use syn::{Expr, Token};

use crate::errors::Errors;
use crate::row::head::{Head, arrow};

/// `o in orders => o.price > 100.0`.
pub(crate) struct Filter {
    pub(crate) head: Head,
    pub(crate) condition: Expr,
}

impl Filter {
    pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        let head = Head::parse(input)?;
        arrow(input, &format!("`=>` and the condition, as in `=> {}.price > 100.0`", head.row), errors)?;
        let condition = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Filter { head, condition })
    }
}

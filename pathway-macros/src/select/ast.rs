//! Parses the input of `select!`.

use syn::parse::ParseStream;
use syn::{Expr, Pat, Token};

use crate::errors::Errors;
use crate::row::binding::{Binding, parse_arrow};
use crate::row::output::OutputRow;

/// `o in orders => { id: o.id }`, or `o in orders, item in &o.items => { o.id, item }`.
pub(crate) struct Select {
    pub(crate) binding: Binding,
    /// With these, there is a new row for each element, or for each combination of them.
    pub(crate) elements: Vec<Elements>,
    pub(crate) output: OutputRow,
}

/// `item in &o.items`.
pub(crate) struct Elements {
    pub(crate) pattern: Pat,
    pub(crate) keyword: Token![in],
    pub(crate) list: Expr,
}

impl Select {
    pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        let binding = Binding::parse(input)?;
        let mut elements = Vec::new();
        while input.peek(Token![,]) && !input.peek2(Token![=>]) {
            input.parse::<Token![,]>()?;
            elements.push(Elements::parse(input, &binding)?);
        }
        input.parse::<Option<Token![,]>>()?;
        parse_arrow(input, &format!("`=>` and the new row, as in `=> {{ id: {}.id }}`", binding.row), errors)?;
        let output = OutputRow::parse(input, errors)?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Select { binding, elements, output })
    }
}

impl Elements {
    fn parse(input: ParseStream<'_>, Binding { row, .. }: &Binding) -> syn::Result<Self> {
        let expected = |what| format!("expected {what}, as in `item in &{row}.items`");
        let found = input.fork();
        let pattern = Pat::parse_multi_with_leading_vert(input)
            .map_err(|_| found.error(expected("a name for an element and its list")))?;
        if !input.peek(Token![in]) {
            return Err(input.error(expected("`in` and the list after the name of its elements")));
        }
        Ok(Elements { pattern, keyword: input.parse()?, list: input.call(Expr::parse_without_eager_brace)? })
    }
}

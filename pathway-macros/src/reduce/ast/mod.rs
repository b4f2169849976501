//! Parses the input of `reduce!`.

mod window;

use syn::parse::ParseStream;
use syn::{Ident, Token};

pub(crate) use self::window::Window;
use crate::errors::Errors;
use crate::row::binding::{Binding, parse_arrow, peek_keyword};
use crate::row::key::{Key, parse_keys};
use crate::row::output::OutputRow;

/// `o in orders by o.city => { city: o.city, total: sum(o.price) }`.
pub(crate) struct Reduce {
    pub(crate) binding: Binding,
    /// Without keys, the whole table is one group.
    pub(crate) keys: Vec<Key>,
    pub(crate) window: Option<Window>,
    pub(crate) output: OutputRow,
}

impl Reduce {
    pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        let binding = Binding::parse(input)?;
        let is_keyword = peek_keyword(input, "by") || peek_keyword(input, "window");
        if !is_keyword && input.peek(Ident) && input.peek2(Ident) {
            errors.push(input.error("expected `by` and a key, as in `by o.city`"));
            input.parse::<Ident>()?;
        }
        let keys = if peek_keyword(input, "by") { parse_keys(input, None)? } else { Vec::new() };
        let window = peek_keyword(input, "window").then(|| Window::parse(input, &binding.row)).transpose()?;
        let expected = match keys.as_slice() {
            [] => "`by` and a key, or `=>` and the new row, as in `=> { n: count() }`",
            _ => "`=>` and the new row, as in `=> { n: count() }`",
        };
        parse_arrow(input, expected, errors)?;
        let output = OutputRow::parse(input, errors)?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Reduce { binding, keys, window, output })
    }
}

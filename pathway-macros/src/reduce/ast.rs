//! What `reduce!` is given.

use syn::parse::ParseStream;
use syn::{Expr, Ident, Token};

use super::window::Window;
use crate::errors::Errors;
use crate::row::head::{Head, arrow};
use crate::row::output::Output;

/// `o in orders by o.city => { city: o.city, total: sum(o.price) }`.
pub(crate) struct Reduce {
    pub(crate) head: Head,
    /// None: the whole table is one group.
    pub(crate) keys: Vec<Expr>,
    pub(crate) window: Option<Window>,
    pub(crate) output: Output,
}

impl Reduce {
    pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        let head = Head::parse(input)?;
        if !word(input, "by") && !word(input, "window") && input.peek(Ident) && input.peek2(Ident) {
            errors.take::<()>(Err(input.error("expected `by` and a key, as in `by o.city`")));
            input.parse::<Ident>()?;
        }
        let keys = if word(input, "by") { keys(input)? } else { Vec::new() };
        let window = word(input, "window").then(|| Window::parse(input, &head.row)).transpose()?;
        let expected = match keys.as_slice() {
            [] => "`by` and a key, or `=>` and the new row, as in `=> { n: count() }`",
            _ => "`=>` and the new row, as in `=> { n: count() }`",
        };
        arrow(input, expected, errors)?;
        let output = Output::parse(input, errors)?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Reduce { head, keys, window, output })
    }
}

/// `o.city`, `o.city, o.day` or `(o.city, o.day)`.
fn keys(input: ParseStream<'_>) -> syn::Result<Vec<Expr>> {
    input.parse::<Ident>()?;
    let mut keys = Vec::new();
    loop {
        match input.call(Expr::parse_without_eager_brace)? {
            Expr::Tuple(tuple) if keys.is_empty() && !input.peek(Token![,]) => keys.extend(tuple.elems),
            key => keys.push(key),
        }
        if !input.peek(Token![,]) {
            return Ok(keys);
        }
        input.parse::<Token![,]>()?;
        if input.peek(Token![=>]) {
            return Ok(keys);
        }
    }
}

fn word(input: ParseStream<'_>, word: &str) -> bool {
    input.fork().parse::<Ident>().is_ok_and(|found| found == word)
}

//! Parses the keys after `by`: `o.city`, or with a name `day: o.at.date()`.

use syn::parse::ParseStream;
use syn::{Expr, Ident, Token};

use super::binding::peek_keyword;
use super::text::text_of;

/// `o.city`, or with a name `day: o.at.date()`.
pub(crate) struct Key {
    pub(crate) name: Option<Ident>,
    pub(crate) expr: Expr,
}

impl Key {
    /// The key as a user would write it.
    pub(crate) fn text(&self) -> String {
        let expr = text_of(&[&self.expr]);
        self.name.as_ref().map_or_else(|| expr.clone(), |name| format!("{name}: {expr}"))
    }
}

/// Parses `by o.city`, `by day: o.at.date(), o.city` or `by (o.city, o.day)`. `next` is the keyword that can follow.
pub(crate) fn parse_keys(input: ParseStream<'_>, next: Option<&str>) -> syn::Result<Vec<Key>> {
    input.parse::<Ident>()?;
    let mut keys = Vec::new();
    loop {
        let is_named = input.peek(Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]);
        let name = if is_named { Some(input.parse()?) } else { None };
        if is_named {
            input.parse::<Token![:]>()?;
        }
        match input.call(Expr::parse_without_eager_brace)? {
            Expr::Tuple(tuple) if name.is_none() && keys.is_empty() && !input.peek(Token![,]) => {
                keys.extend(tuple.elems.into_iter().map(|expr| Key { name: None, expr }));
            }
            expr => keys.push(Key { name, expr }),
        }
        if !input.peek(Token![,]) {
            return Ok(keys);
        }
        input.parse::<Token![,]>()?;
        if input.peek(Token![=>]) || next.is_some_and(|next| peek_keyword(input, next)) {
            return Ok(keys);
        }
    }
}

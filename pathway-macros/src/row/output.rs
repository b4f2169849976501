//! A row as it is written: `{ id: o.id }`, or `Lean { id: o.id }`.

use proc_macro2::{Span, TokenTree};
use syn::parse::ParseStream;
use syn::{Attribute, Expr, Ident, Member, Path, Token, braced};

use super::rest::Rest;
use crate::errors::Errors;

/// The row that a macro makes.
pub(crate) struct Output {
    /// The struct, where the row has one: else the row is anonymous.
    pub(crate) name: Option<Path>,
    /// Where the columns stand.
    pub(crate) brace: Span,
    pub(crate) columns: Vec<Column>,
    /// The row whose other columns it has.
    pub(crate) rest: Option<Rest>,
}

/// `city: o.city`, or `o.city` for short.
#[derive(Clone)]
pub(crate) struct Column {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) value: Expr,
}

impl Output {
    /// Parses a row. A column that cannot be read is reported, and its neighbours are read all the same.
    pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        let name = name(input)?;
        let content;
        let brace = braced!(content in input).span.open();
        let mut columns = Vec::new();
        let mut rest = None;
        while !content.is_empty() {
            if content.peek(Token![..]) {
                match errors.take(Rest::parse(&content, columns.len())) {
                    Some(second) if rest.is_some() => errors.at(second.tokens(), "`..` stands in this row already"),
                    first => rest = rest.or(first),
                }
            } else {
                match errors.take(content.call(Column::parse)) {
                    Some(column) => columns.push(column),
                    None => skip_to_comma(&content)?,
                }
            }
            if content.is_empty() {
                break;
            }
            if !content.peek(Token![,]) {
                errors.take::<()>(Err(content.error("expected `,` between two columns")));
                skip_to_comma(&content)?;
            }
            content.parse::<Option<Token![,]>>()?;
        }
        Ok(Output { name, brace, columns, rest })
    }
}

impl Column {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        if input.peek(Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
            let name = input.parse()?;
            input.parse::<Token![:]>()?;
            return Ok(Column { attributes, name, value: input.parse()? });
        }
        let value: Expr = input.parse()?;
        match name_of(&value) {
            Some(name) => Ok(Column { attributes, name, value }),
            None => Err(syn::Error::new_spanned(value, "a column needs a name, as in `city: o.city`")),
        }
    }
}

/// The struct's name in front of the braces, if there is one.
fn name(input: ParseStream<'_>) -> syn::Result<Option<Path>> {
    if input.peek(syn::token::Brace) {
        return Ok(None);
    }
    let ahead = input.fork();
    if ahead.parse::<Path>().is_ok() && ahead.peek(syn::token::Brace) {
        return input.parse().map(Some);
    }
    let error = "expected a row: `{ city: o.city }`, or `Name { city: o.city }` with a struct that derives `Schema`";
    Err(match input.parse::<Expr>() {
        Ok(found) => syn::Error::new_spanned(found, error),
        Err(_) => input.error(error),
    })
}

/// What a column is called whose value alone is written: `o.city` is `city`.
fn name_of(value: &Expr) -> Option<Ident> {
    match value {
        Expr::Field(field) => match &field.member {
            Member::Named(name) => Some(name.clone()),
            Member::Unnamed(_) => None,
        },
        Expr::Path(path) => path.path.get_ident().cloned(),
        _ => None,
    }
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

//! Parses the row that a macro builds: `{ id: o.id }`, or `Lean { id: o.id }`.

use proc_macro2::{Span, TokenTree};
use syn::parse::ParseStream;
use syn::{Attribute, Expr, Ident, Member, Path, Token, braced};

use super::rest::Rest;
use super::where_clause::Where;
use crate::errors::Errors;

/// The row that a macro builds.
pub(crate) struct OutputRow {
    /// The struct; `None` for an anonymous row.
    pub(crate) struct_path: Option<Path>,
    /// The span of the opening brace.
    pub(crate) brace: Span,
    pub(crate) columns: Vec<OutputColumn>,
    /// `..o`: the row that all other columns come from.
    pub(crate) rest: Option<Rest>,
    /// Further ones: `..o, ..c`.
    pub(crate) other_rests: Vec<Rest>,
    /// The columns that have equal values in all of these rows: the new row has them once.
    pub(crate) equal_columns: Vec<Ident>,
}

/// `city: o.city`, or `o.city` for short; `total: sum(o.price) where o.paid`.
#[derive(Clone)]
pub(crate) struct OutputColumn {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) value: Expr,
    /// Which rows the reducers of the column reduce.
    pub(crate) clause: Option<Where>,
}

impl OutputRow {
    /// Parses a row. Reports each column that cannot be parsed, and continues with the next one.
    pub(crate) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        let struct_path = parse_struct_path(input)?;
        let content;
        let brace = braced!(content in input).span.open();
        OutputRow::parse_columns(struct_path, brace, &content, errors)
    }

    /// Parses the columns between the braces.
    pub(crate) fn parse_columns(
        struct_path: Option<Path>,
        brace: Span,
        content: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<Self> {
        let mut columns = Vec::new();
        let (mut rest, mut other_rests) = (None, Vec::new());
        while !content.is_empty() {
            if content.peek(Token![..]) {
                match errors.ok(Rest::parse(content, columns.len())) {
                    Some(next) if rest.is_some() => other_rests.push(next),
                    first => rest = rest.or(first),
                }
            } else {
                match errors.ok(content.call(OutputColumn::parse)) {
                    Some(column) => columns.push(column),
                    None => skip_to_comma(content)?,
                }
            }
            if content.is_empty() {
                break;
            }
            if !content.peek(Token![,]) {
                errors.push(content.error("expected `,` between two columns"));
                skip_to_comma(content)?;
            }
            content.parse::<Option<Token![,]>>()?;
        }
        Ok(OutputRow { struct_path, brace, columns, rest, other_rests, equal_columns: Vec::new() })
    }
}

impl OutputRow {
    /// All rows behind `..`.
    pub(crate) fn rests(&self) -> impl Iterator<Item = &Rest> {
        self.rest.iter().chain(&self.other_rests)
    }
}

impl OutputColumn {
    /// Whether the value is a row, whose columns become columns of the new row: `#[schema(flatten)]`.
    pub(crate) fn is_flattened(&self) -> bool {
        self.attributes.iter().filter(|attribute| attribute.path().is_ident("schema")).any(|attribute| {
            let mut flatten = false;
            // The derive reports what is wrong with the attribute.
            let _ = attribute.parse_nested_meta(|meta| {
                flatten |= meta.path.is_ident("flatten");
                Ok(())
            });
            flatten
        })
    }

    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        if input.peek(Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
            let name = input.parse()?;
            input.parse::<Token![:]>()?;
            return Ok(OutputColumn { attributes, name, value: input.parse()?, clause: Where::parse(input)? });
        }
        let value: Expr = input.parse()?;
        match implied_name(&value) {
            Some(name) => Ok(OutputColumn { attributes, name, value, clause: Where::parse(input)? }),
            None => Err(syn::Error::new_spanned(value, "a column needs a name, as in `city: o.city`")),
        }
    }
}

/// Parses the struct's path before the brace, if there is one.
fn parse_struct_path(input: ParseStream<'_>) -> syn::Result<Option<Path>> {
    if input.peek(syn::token::Brace) {
        return Ok(None);
    }
    if is_named(input) {
        return input.parse().map(Some);
    }
    let message = "expected a row: `{ city: o.city }`, or `Name { city: o.city }` with a struct that derives `Schema`";
    Err(match input.parse::<Expr>() {
        Ok(found) => syn::Error::new_spanned(found, message),
        Err(_) => input.error(message),
    })
}

/// Whether the row of a struct follows: a path and a brace.
pub(crate) fn is_named(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.parse::<Path>().is_ok() && ahead.peek(syn::token::Brace)
}

/// The name of a column without one: `city` for `o.city`.
pub(crate) fn implied_name(value: &Expr) -> Option<Ident> {
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

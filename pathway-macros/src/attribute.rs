//! What stands inside `#[schema(…)]` and `#[column(…)]`: words, some with a value.

use proc_macro2::Ident;
use quote::{ToTokens, TokenStreamExt};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token, token};

use crate::errors::Errors;
use crate::words::{did_you_mean, listed};

/// `word` or `word = value`.
pub(crate) struct Entry {
    pub(crate) word: Ident,
    pub(crate) value: Option<Expr>,
}

/// The entries of all attributes of that name, in order.
pub(crate) fn entries(attributes: &[Attribute], name: &str, errors: &mut Errors) -> Vec<Entry> {
    let mut entries = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        let Meta::List(list) = &attribute.meta else {
            errors.at(attribute, format!("expected a list: `#[{name}(…)]`"));
            continue;
        };
        let parsed = list.parse_args_with(Punctuated::<Entry, Token![,]>::parse_terminated);
        entries.extend(errors.take(parsed).into_iter().flatten());
    }
    entries
}

impl Entry {
    /// The word as the user knows it.
    pub(crate) fn name(&self) -> String {
        self.word.to_string()
    }

    /// The entry as a flag: it has no value.
    pub(crate) fn flag(&self, errors: &mut Errors) -> Option<Ident> {
        if self.value.is_some() {
            errors.at(self, format!("`{}` takes no value", self.word));
            return None;
        }
        Some(self.word.clone())
    }

    /// The entry's value, which is a string literal.
    pub(crate) fn text(&self, errors: &mut Errors) -> Option<LitStr> {
        let text = self.value.as_ref().and_then(string_literal);
        if text.is_none() {
            errors.at(self, format!("`{0}` takes a string: `{0} = \"…\"`", self.word));
        }
        text
    }

    /// The entry's value, which is a path.
    pub(crate) fn path(&self, errors: &mut Errors) -> Option<Path> {
        match &self.value {
            Some(Expr::Path(path)) if path.qself.is_none() => Some(path.path.clone()),
            _ => {
                errors.at(self, format!("`{0}` takes a path, without quotes: `{0} = ::pathway`", self.word));
                None
            }
        }
    }

    /// Says that nobody knows this entry, and what is known here.
    pub(crate) fn unknown(
        &self,
        attribute: &str,
        place: &str,
        known: &[&str],
        elsewhere: &[(&str, &str)],
        errors: &mut Errors,
    ) {
        let word = self.name();
        if let Some((_, home)) = elsewhere.iter().find(|(known, _)| *known == word) {
            errors.at(&self.word, format!("`{word}` belongs on {home}"));
            return;
        }
        let hint = did_you_mean(&word, known);
        let known = listed(known);
        errors.at(&self.word, format!("`{word}` is unknown in `#[{attribute}(…)]`{hint}\n{place} knows {known}"));
    }
}

/// Keeps a value that may be given once.
pub(crate) fn once<T>(place: &mut Option<T>, entry: &Entry, value: Option<T>, errors: &mut Errors) {
    let Some(value) = value else { return };
    if place.is_some() {
        errors.at(entry, format!("`{}` is given twice: keep one", entry.word));
        return;
    }
    *place = Some(value);
}

/// The string literal that an expression is, also inside the invisible parentheses that `macro_rules!` puts.
pub(crate) fn string_literal(expression: &Expr) -> Option<LitStr> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
        Expr::Group(group) => string_literal(&group.expr),
        _ => None,
    }
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let word = input.call(Ident::parse_any)?;
        if input.peek(token::Paren) {
            return Err(input.error(format!("the value of `{word}` stands behind `=`: `{word} = …`")));
        }
        let value = match input.parse::<Option<Token![=]>>()? {
            Some(_) => Some(input.parse()?),
            None => None,
        };
        Ok(Entry { word, value })
    }
}

/// An entry as the words that a message underlines.
impl ToTokens for Entry {
    fn to_tokens(&self, tokens: &mut proc_macro2::TokenStream) {
        tokens.append(self.word.clone());
        self.value.to_tokens(tokens);
    }
}

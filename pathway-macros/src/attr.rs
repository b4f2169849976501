//! Parses the contents of `#[schema(…)]` and `#[column(…)]` attributes.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, TokenStreamExt};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token, token};

use crate::errors::Errors;
use crate::messages::{did_you_mean, quoted_list};

/// One item of an attribute's list: `name` or `name = value`.
pub(crate) struct MetaItem {
    pub(crate) name: Ident,
    pub(crate) value: Option<Expr>,
}

/// The items of all attributes called `attribute`, in order.
pub(crate) fn meta_items(attributes: &[Attribute], attribute: &str, errors: &mut Errors) -> Vec<MetaItem> {
    let mut items = Vec::new();
    for found in attributes.iter().filter(|found| found.path().is_ident(attribute)) {
        let Meta::List(list) = &found.meta else {
            errors.error_spanned_by(found, format!("expected a list: `#[{attribute}(…)]`"));
            continue;
        };
        let parsed = list.parse_args_with(Punctuated::<MetaItem, Token![,]>::parse_terminated);
        items.extend(errors.ok(parsed).into_iter().flatten());
    }
    items
}

impl MetaItem {
    /// The name as a string, to match on.
    pub(crate) fn name(&self) -> String {
        self.name.to_string()
    }

    /// The name of an item that has no value.
    pub(crate) fn flag(&self, errors: &mut Errors) -> Option<Ident> {
        if self.value.is_some() {
            errors.error_spanned_by(self, format!("`{}` takes no value", self.name));
            return None;
        }
        Some(self.name.clone())
    }

    /// The value, which must be a string literal.
    pub(crate) fn string(&self, errors: &mut Errors) -> Option<LitStr> {
        let string = self.value.as_ref().and_then(string_literal);
        if string.is_none() {
            errors.error_spanned_by(self, format!("`{0}` takes a string: `{0} = \"…\"`", self.name));
        }
        string
    }

    /// The value, which must be a path.
    pub(crate) fn path(&self, errors: &mut Errors) -> Option<Path> {
        match &self.value {
            Some(Expr::Path(path)) if path.qself.is_none() => Some(path.path.clone()),
            _ => {
                let message = format!("`{0}` takes a path, without quotes: `{0} = ::pathway`", self.name);
                errors.error_spanned_by(self, message);
                None
            }
        }
    }

    /// Reports an unknown item.
    ///
    /// `position` is what the attribute is on, such as "a column", and `known` lists the names that are valid there.
    /// `elsewhere` has names that are valid in another position, with that position.
    pub(crate) fn report_unknown(
        &self,
        attribute: &str,
        position: &str,
        known: &[&str],
        elsewhere: &[(&str, &str)],
        errors: &mut Errors,
    ) {
        let name = self.name();
        if let Some((_, right_position)) = elsewhere.iter().find(|(known, _)| *known == name) {
            errors.error_spanned_by(&self.name, format!("`{name}` belongs on {right_position}"));
            return;
        }
        let hint = did_you_mean(&name, known);
        let known = quoted_list(known);
        let message = format!("unknown attribute `{name}` in `#[{attribute}(…)]`{hint}\n{position} accepts {known}");
        errors.error_spanned_by(&self.name, message);
    }
}

/// Stores the value of an item that may be given only once.
pub(crate) fn set_once<T>(slot: &mut Option<T>, item: &MetaItem, value: Option<T>, errors: &mut Errors) {
    let Some(value) = value else { return };
    if slot.is_some() {
        errors.error_spanned_by(item, format!("duplicate attribute `{}`: keep one", item.name));
        return;
    }
    *slot = Some(value);
}

/// The string literal that an expression is, also inside the invisible groups that `macro_rules!` adds.
pub(crate) fn string_literal(expression: &Expr) -> Option<LitStr> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(string), .. }) => Some(string.clone()),
        Expr::Group(group) => string_literal(&group.expr),
        _ => None,
    }
}

impl Parse for MetaItem {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        if input.peek(token::Paren) {
            return Err(input.error(format!("write the value of `{name}` after `=`: `{name} = …`")));
        }
        let value = match input.parse::<Option<Token![=]>>()? {
            Some(_) => Some(input.parse()?),
            None => None,
        };
        Ok(MetaItem { name, value })
    }
}

/// The tokens that an error about the item underlines.
impl ToTokens for MetaItem {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append(self.name.clone());
        self.value.to_tokens(tokens);
    }
}

//! The names of keys, by which the new row can use them: `day` of `by day: o.at.date()`, `city` of `by o.city`.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Expr, Macro};

use super::key::Key;
use super::output::implied_name;
use super::rewriter::{ExprContext, Rewriter, rewrite};
use super::row_access::clone_datum;
use super::span_range::SpanRange;
use super::text::text_of;
use super::tokens::{mentions, without_parens};
use crate::errors::Errors;
use crate::messages::most_similar;

/// The names of all keys.
pub(crate) struct KeyNames {
    names: Vec<KeyName>,
    /// The names that several columns imply, each with those columns. It is a mistake to use one.
    ambiguous: Vec<(Ident, String)>,
    /// The key that has the name of the row, which is an error.
    of_row: Option<usize>,
    /// The names that the current column gives to variables of its own.
    locals: HashSet<Ident>,
}

struct KeyName {
    name: Ident,
    key: usize,
    /// The user has given it; otherwise it is that of the column.
    is_given: bool,
    /// The output needs a variable of this name.
    is_bound: bool,
}

impl KeyNames {
    /// `others` are other names in the output, each with what it is the name of.
    pub(crate) fn new(keys: &[Key], others: &[(&Ident, &str)], errors: &mut Errors) -> Self {
        let mut names = KeyNames { names: Vec::new(), ambiguous: Vec::new(), of_row: None, locals: HashSet::new() };
        for (key, Key { name, .. }) in keys.iter().enumerate() {
            let Some(name) = name else { continue };
            if let Some((_, what)) = others.iter().find(|(other, _)| *other == name) {
                names.of_row = names.of_row.or((*what == "row").then_some(key));
                errors.error_spanned_by(name, format!("`{name}` is the name of the {what}: give the key another name"));
            } else if names.get(name).is_some() {
                errors.error_spanned_by(name, format!("another key has the name `{name}`: give this one another name"));
            } else {
                names.names.push(KeyName { name: name.clone(), key, is_given: true, is_bound: false });
            }
        }
        for (key, Key { name, expr }) in keys.iter().enumerate() {
            let Some(implied) = implied_name(without_parens(expr)).filter(|_| name.is_none()) else { continue };
            if !matches!(without_parens(expr), Expr::Field(_)) || others.iter().any(|(other, _)| **other == implied) {
                continue;
            }
            match names.get(&implied) {
                None => {
                    names.names.push(KeyName { name: implied, key, is_given: false, is_bound: false });
                }
                Some(other) if other.is_given => {
                    let message = format!(
                        "another key has the name `{implied}`, which is also that of this column\n\
                         help: give one of them another name, as in `by {implied}_2: {}`",
                        text_of(&[expr])
                    );
                    errors.error_spanned_by(expr, message);
                }
                Some(other) => {
                    let both = format!("`{}` and `{}`", text_of(&[&keys[other.key].expr]), text_of(&[expr]));
                    names.ambiguous.push((implied, both));
                }
            }
        }
        names
    }

    /// Binds all names that the user has given, used or not.
    pub(crate) fn bind_given(&mut self) {
        self.names.iter_mut().for_each(|known| known.is_bound |= known.is_given);
    }

    fn get(&self, name: &Ident) -> Option<&KeyName> {
        self.names.iter().find(|known| known.name == *name)
    }

    /// Whether the user has given a key this name.
    fn is_given(&self, name: &Ident) -> bool {
        self.get(name).is_some_and(|known| known.is_given)
    }

    /// The key that has the name of the row.
    pub(crate) fn of_row(&self) -> Option<usize> {
        self.of_row
    }

    /// Must be called before a column is rewritten: notes which of its names are variables of its own, and which it uses in places
    /// that are not rewritten, as `"{day}"`.
    pub(crate) fn enter_column(&mut self, value: &Expr) {
        let mut found = NameFinder::default();
        rewrite(&mut value.clone(), ExprContext::Value, &mut found);
        self.locals = found.bound;
        for known in &mut self.names {
            let is_unseen = found.opaque.iter().any(|tokens| mentions(tokens.clone(), &known.name))
                || is_captured(value.to_token_stream(), &known.name);
            known.is_bound |= is_unseen && !self.locals.contains(&known.name);
        }
    }

    /// What replaces an expression that is the name of a key: the value of that key. `None`: it is something else.
    ///
    /// A name that several keys have is reported.
    pub(crate) fn replacement(&mut self, expr: &Expr, context: ExprContext, errors: &mut Errors) -> Option<Expr> {
        let name = bare_name(expr)?.clone();
        if self.locals.contains(&name) {
            return None;
        }
        if let Some((_, both)) = self.ambiguous.iter().find(|(ambiguous, _)| *ambiguous == name) {
            let message = format!(
                "`{name}` is the name of several keys: {both}\n\
                 help: give one of them a name of its own, as in `by home: o.home.city`"
            );
            errors.error_spanned_by(expr, message);
            return Some(Expr::Verbatim(quote!(::core::option::Option::None.unwrap())));
        }
        match self.names.iter_mut().find(|known| known.name == name) {
            Some(known) => {
                known.is_bound = true;
                Some(key_value(&name, SpanRange::of(expr), context))
            }
            None => {
                // If there is no such variable, the compiler suggests one that is alike.
                let known: Vec<_> = self.names.iter().map(|known| known.name.to_string()).collect();
                let known: Vec<_> = known.iter().map(String::as_str).collect();
                let alike = most_similar(&name.to_string(), &known).map(ToOwned::to_owned);
                let alike =
                    self.names.iter_mut().find(|known| alike.as_deref().is_some_and(|alike| known.name == alike));
                if let Some(alike) = alike {
                    alike.is_bound = true;
                }
                None
            }
        }
    }

    /// Reports a variable with the name of a key, which would make the meaning of the name unclear.
    ///
    /// Only names that the user has given count: a column's name may be that of a variable, too.
    pub(crate) fn check_binding(&self, name: &Ident, errors: &mut Errors) {
        if self.is_given(name) {
            errors.error_spanned_by(name, format!("`{name}` is the name of a key: choose another name here"));
        }
    }

    /// The names of which the output needs variables, each with the index of its key.
    pub(crate) fn into_bound(self) -> Vec<(Ident, usize)> {
        self.names.into_iter().filter(|known| known.is_bound).map(|known| (known.name, known.key)).collect()
    }
}

/// The value of a key in an expression. `reference` is a variable that holds a reference to it.
pub(crate) fn key_value(reference: &Ident, spans: SpanRange, context: ExprContext) -> Expr {
    let place = spans.dereference(reference);
    if context == ExprContext::Value { clone_datum(&place) } else { place }
}

/// The name, if the expression is nothing else.
pub(crate) fn bare_name(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) if path.qself.is_none() && path.attrs.is_empty() => path.path.get_ident(),
        _ => None,
    }
}

/// Whether a string among the tokens captures a variable, as `"{day}"` does.
fn is_captured(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => is_captured(group.stream(), name),
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            [format!("{{{name}}}"), format!("{{{name}:")].iter().any(|captured| text.contains(captured))
        }
        _ => false,
    })
}

/// Collects the names that patterns bind, and the tokens that cannot be rewritten.
#[derive(Default)]
struct NameFinder {
    bound: HashSet<Ident>,
    opaque: Vec<TokenStream>,
}

impl Rewriter for NameFinder {
    fn rewrite(&mut self, _: &mut Expr, _: ExprContext) -> bool {
        false
    }

    fn on_binding(&mut self, name: &Ident) {
        self.bound.insert(name.clone());
    }

    fn rewrites_arguments_of(&self, _: &Macro) -> bool {
        true
    }

    fn on_opaque_macro(&mut self, macro_call: &mut Macro) {
        self.opaque.push(macro_call.tokens.clone());
    }
}

//! Columns that are filled from what stands beside the payload: `subject`, `header = "Name"` and their like.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Lit, LitInt, LitStr, Path};

use super::ast::Column;
use crate::attribute::Entry;
use crate::errors::Errors;
use crate::generics::private_at;

/// The words for it, on a field.
pub(crate) const WORDS: [&str; 7] =
    ["subject", "subject_token", "header", "stream_sequence", "published_at", "received_at", "delivered"];

/// What fills the column, and the word that said so.
pub(crate) struct MetadataColumn {
    pub(crate) word: Ident,
    pub(crate) from: From,
}

/// A place beside the payload.
pub(crate) enum From {
    Subject,
    Token(LitInt),
    Header(LitStr),
    StreamSequence,
    PublishedAt,
    ReceivedAt,
    Delivered,
}

impl MetadataColumn {
    /// What an entry asks for, if it is one of [`WORDS`].
    pub(crate) fn see(entry: &Entry, errors: &mut Errors) -> Option<MetadataColumn> {
        let flag = |from, errors: &mut Errors| entry.flag(errors).map(|_| from);
        let from = match entry.name().as_str() {
            "subject" => flag(From::Subject, errors),
            "stream_sequence" => flag(From::StreamSequence, errors),
            "published_at" => flag(From::PublishedAt, errors),
            "received_at" => flag(From::ReceivedAt, errors),
            "delivered" => flag(From::Delivered, errors),
            "subject_token" => token(entry, errors).map(From::Token),
            "header" => header(entry, errors).map(From::Header),
            _ => None,
        };
        from.map(|from| MetadataColumn { word: entry.word.clone(), from })
    }

    /// The column's value, out of `message`.
    pub(crate) fn take(&self, column: &Column, krate: &Path) -> TokenStream {
        let (ty, number) = (&column.ty, column.number);
        let entry = quote!(<Self as #krate::__private::Schema>::COLUMNS.field(#number));
        let private = private_at(krate, ty.span());
        let call = |name: &str| {
            let name = Ident::new(name, ty.span());
            quote_spanned!(ty.span()=> #private::metadata::#name::<#ty>)
        };
        match &self.from {
            From::Subject => {
                let call = call("subject");
                quote!(#call(message))
            }
            From::Token(token) => {
                let call = call("subject_token");
                quote!(#call(message, #token, #entry)?)
            }
            From::Header(name) => {
                let call = call("header");
                quote!(#call(message, #name, #entry)?)
            }
            From::StreamSequence | From::PublishedAt | From::ReceivedAt | From::Delivered => {
                let call = call(&self.word.to_string());
                quote!(#call(message, #entry)?)
            }
        }
    }

    /// What it wants of a message.
    pub(crate) fn wants(&self, column: &Column, krate: &Path) -> Option<TokenStream> {
        let (ty, name) = (&column.ty, &column.name);
        let none = quote!(#krate::__private::Metadata::NONE);
        let private = private_at(krate, ty.span());
        match &self.from {
            From::Subject | From::Token(_) => None,
            From::Header(_) => Some(quote!(#none.with_headers())),
            From::ReceivedAt => Some(quote!(#none.with_received_at())),
            From::StreamSequence | From::Delivered => {
                Some(quote_spanned!(ty.span()=> #private::metadata::metadata_for_count::<#ty>(#name)))
            }
            From::PublishedAt => Some(quote_spanned!(ty.span()=> #private::metadata::metadata_for_time::<#ty>(#name))),
        }
    }
}

/// Keeps what fills the column, which is one thing.
pub(crate) fn once(place: &mut Option<MetadataColumn>, entry: &Entry, errors: &mut Errors) {
    match place {
        Some(first) if first.word != entry.word => {
            let (first, second) = (&first.word, &entry.word);
            errors.at(second, format!("`{first}` and `{second}` cannot both fill a column: keep one"));
        }
        _ => crate::attribute::once(place, entry, MetadataColumn::see(entry, errors), errors),
    }
}

/// The payload has nothing for such a column, so that neither a path nor a default means anything.
pub(crate) fn check(column: &Column, errors: &mut Errors) {
    let Some(metadata) = &column.metadata else { return };
    let word = &metadata.word;
    if column.pointer.is_some() {
        errors.at(
            word,
            format!(
                "`{word}` and `path` cannot both fill a column\n\
                 `path` is a place in the payload, `{word}` stands beside it: keep one"
            ),
        );
    }
    if column.default.is_some() {
        errors.at(
            word,
            format!(
                "a column that is filled by `{word}` has no default\n\
                 where a message may lack it, make the column an `Option`"
            ),
        );
    }
}

fn token(entry: &Entry, errors: &mut Errors) -> Option<LitInt> {
    let number = match &entry.value {
        Some(Expr::Lit(ExprLit { lit: Lit::Int(number), .. })) => Some(number.clone()),
        _ => None,
    };
    let number = number.filter(|number| number.base10_parse::<usize>().is_ok_and(|number| number > 0));
    if number.is_none() {
        errors.at(
            entry,
            "`subject_token` takes the number of a token, counted from 1: `subject_token = 2` is `eu` of `orders.eu.new`",
        );
    }
    number
}

fn header(entry: &Entry, errors: &mut Errors) -> Option<LitStr> {
    let name = entry.text(errors)?;
    let text = name.value();
    if text.is_empty() || text.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b':') {
        errors.at(
            &name,
            format!(
                "no header can be called `{text}`\n\
                 a header's name has letters, digits and signs of ASCII, without blanks and `:`"
            ),
        );
        return None;
    }
    Some(name)
}

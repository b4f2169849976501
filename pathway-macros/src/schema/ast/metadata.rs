//! Parses the attributes that fill a column from a message's metadata: `subject`, `header = "Name"` and others.

use proc_macro2::Ident;
use syn::{Expr, ExprLit, Lit, LitInt, LitStr};

use crate::attr::MetaItem;
use crate::errors::Errors;

/// The names of the attributes.
pub(super) const ATTRIBUTES: [&str; 7] =
    ["subject", "subject_token", "header", "stream_sequence", "published_at", "received_at", "delivered"];

/// Where a metadata column comes from.
pub(crate) struct MetadataColumn {
    /// The name of the attribute.
    pub(crate) attribute: Ident,
    pub(crate) source: MetadataSource,
}

/// A part of a message's metadata.
pub(crate) enum MetadataSource {
    Subject,
    /// Contains the position of the token in the subject, counted from 1.
    SubjectToken(LitInt),
    /// Contains the name of the header.
    Header(LitStr),
    StreamSequence,
    PublishedAt,
    ReceivedAt,
    Delivered,
}

impl MetadataColumn {
    /// Parses an attribute that is one of [`ATTRIBUTES`].
    fn parse(item: &MetaItem, errors: &mut Errors) -> Option<MetadataColumn> {
        let flag = |source, errors: &mut Errors| item.flag(errors).map(|_| source);
        let source = match item.name().as_str() {
            "subject" => flag(MetadataSource::Subject, errors),
            "stream_sequence" => flag(MetadataSource::StreamSequence, errors),
            "published_at" => flag(MetadataSource::PublishedAt, errors),
            "received_at" => flag(MetadataSource::ReceivedAt, errors),
            "delivered" => flag(MetadataSource::Delivered, errors),
            "subject_token" => parse_token_position(item, errors).map(MetadataSource::SubjectToken),
            "header" => parse_header_name(item, errors).map(MetadataSource::Header),
            _ => None,
        };
        source.map(|source| MetadataColumn { attribute: item.name.clone(), source })
    }
}

/// Parses the attribute into `slot`. A column has only one metadata source.
pub(super) fn set_once(slot: &mut Option<MetadataColumn>, item: &MetaItem, errors: &mut Errors) {
    match slot {
        Some(first) if first.attribute != item.name => {
            let (first, second) = (&first.attribute, &item.name);
            let message = format!("`{first}` and `{second}` cannot both fill a column: keep one");
            errors.error_spanned_by(second, message);
        }
        _ => crate::attr::set_once(slot, item, MetadataColumn::parse(item, errors), errors),
    }
}

fn parse_token_position(item: &MetaItem, errors: &mut Errors) -> Option<LitInt> {
    let number = match &item.value {
        Some(Expr::Lit(ExprLit { lit: Lit::Int(number), .. })) => Some(number.clone()),
        _ => None,
    };
    let number = number.filter(|number| number.base10_parse::<usize>().is_ok_and(|number| number > 0));
    if number.is_none() {
        let message = "`subject_token` takes the position of a token, counted from 1: \
                       `subject_token = 2` is `eu` in `orders.eu.new`";
        errors.error_spanned_by(item, message);
    }
    number
}

fn parse_header_name(item: &MetaItem, errors: &mut Errors) -> Option<LitStr> {
    let name = item.string(errors)?;
    let text = name.value();
    if text.is_empty() || text.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b':') {
        let message = format!(
            "`{text}` is not a valid header name\n\
             a header name consists of printable ASCII characters, without spaces and `:`"
        );
        errors.error_spanned_by(&name, message);
        return None;
    }
    Some(name)
}

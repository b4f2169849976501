//! The rules for a row as a whole: names, the primary key, and attributes that exclude each other.

use std::collections::BTreeMap;

use syn::{PathArguments, Type};

use super::ast::{Column, Row};
use crate::errors::Errors;
use crate::generics::check_no_lifetimes;
use crate::messages::display_tokens;

/// The fields that a sink adds after the columns of a row.
const RESERVED_NAMES: [&str; 2] = ["diff", "time"];

/// A key is a tuple, and this is the longest tuple that is a datum.
const MAX_KEY_COLUMNS: usize = 12;

/// Checks a row. Returns false if it cannot be expanded.
pub(crate) fn check(row: &Row, errors: &mut Errors) -> bool {
    let mut names: BTreeMap<&str, &Column> = BTreeMap::new();
    for column in &row.columns {
        check_reserved_name(column, errors);
        if let Some(first) = names.get(column.name.as_str()) {
            report_duplicate_name(first, column, errors);
        } else {
            names.insert(&column.name, column);
        }
        check_optional_key(column, errors);
        check_metadata(column, errors);
    }
    let keys = row.columns.iter().filter(|column| column.primary_key);
    if let Some(column) = keys.clone().nth(MAX_KEY_COLUMNS) {
        errors.error_spanned_by(&column.field, format!("a primary key has at most {MAX_KEY_COLUMNS} columns"));
        return false;
    }
    check_no_lifetimes(&row.generics, errors)
}

fn check_reserved_name(column: &Column, errors: &mut Errors) {
    let name = column.name.as_str();
    if !RESERVED_NAMES.contains(&name) {
        return;
    }
    let message = format!(
        "a column cannot be named `{name}`: every message on the wire already has a `{name}` field\n\
         rename the column: `#[schema(rename = \"…\")]`; to read it from a field `{name}`, add `path = \"/{name}\"`"
    );
    errors.error_spanned_by(&column.name_tokens, message);
}

fn report_duplicate_name(first: &Column, second: &Column, errors: &mut Errors) {
    let message = format!(
        "two columns are named `{}` on the wire\n\
         the other one is the field `{}`; rename one of them: `#[schema(rename = \"…\")]`",
        second.name, first.field
    );
    errors.error_spanned_by(&second.name_tokens, message);
}

fn check_optional_key(column: &Column, errors: &mut Errors) {
    if !column.primary_key {
        return;
    }
    if let Some(inner) = option_argument(&column.ty) {
        let ty = display_tokens(inner);
        let message = format!(
            "the primary key `{}` is an `Option`: rows without a key cannot be told apart\n\
             make it `{ty}`, or remove `primary_key`",
            column.name
        );
        errors.error_spanned_by(&column.ty, message);
    }
}

/// A metadata column does not read the payload, so it has neither a path nor a default.
fn check_metadata(column: &Column, errors: &mut Errors) {
    let Some(metadata) = &column.metadata else { return };
    let attribute = &metadata.attribute;
    if column.pointer.is_some() {
        let message = format!(
            "`{attribute}` and `path` cannot both fill a column: keep one\n\
             `path` reads the payload, `{attribute}` reads the metadata of the message"
        );
        errors.error_spanned_by(attribute, message);
    }
    if let Some(format) = &column.format {
        let message = format!(
            "`{attribute}` and `format` exclude each other: remove one\n\
             `format` says how a time is written in the payload, `{attribute}` reads the metadata of the message"
        );
        errors.error_spanned_by(&format.name, message);
    }
    if column.default.is_some() {
        let message = format!(
            "a column that is filled by `{attribute}` cannot have a default\n\
             if a message may lack it, make the column an `Option`"
        );
        errors.error_spanned_by(attribute, message);
    }
}

/// `T` for a type that is written `Option<T>`.
fn option_argument(ty: &Type) -> Option<&Type> {
    let path = match ty {
        Type::Path(path) => &path.path,
        Type::Group(group) => return option_argument(&group.elem),
        Type::Paren(paren) => return option_argument(&paren.elem),
        _ => return None,
    };
    let last = path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(syn::GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}

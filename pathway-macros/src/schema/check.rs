//! What must hold across a row: distinct names, names that the wire keeps for itself, keys that are always there.

use std::collections::BTreeMap;

use syn::{PathArguments, Type};

use super::ast::{Column, Row};
use crate::errors::Errors;
use crate::generics::forbid_lifetimes;
use crate::words::written;

/// What a sink writes behind the columns of a row.
const RESERVED: [&str; 2] = ["diff", "time"];

/// Keys are tuples, and those have an end.
const MOST_KEY_COLUMNS: usize = 12;

/// Checks a row. False means that it cannot be expanded.
pub(crate) fn check(row: &Row, errors: &mut Errors) -> bool {
    let mut names: BTreeMap<&str, &Column> = BTreeMap::new();
    for column in &row.columns {
        reserved_name(column, errors);
        if let Some(first) = names.get(column.name.as_str()) {
            duplicate_name(first, column, errors);
        } else {
            names.insert(&column.name, column);
        }
        optional_key(column, errors);
        super::metadata::check(column, errors);
    }
    let keys = row.columns.iter().filter(|column| column.primary_key);
    if let Some(column) = keys.clone().nth(MOST_KEY_COLUMNS) {
        errors.at(&column.field, format!("a primary key has at most {MOST_KEY_COLUMNS} columns"));
        return false;
    }
    forbid_lifetimes(&row.generics, errors).is_some()
}

fn reserved_name(column: &Column, errors: &mut Errors) {
    let name = column.name.as_str();
    if !RESERVED.contains(&name) {
        return;
    }
    errors.at(
        &column.named_by,
        format!(
            "a column cannot be called `{name}`: every message on the wire ends with a `{name}` of its own\n\
             give the column another name: `#[schema(rename = \"…\")]`; to read it from a field `{name}`, \
             add `path = \"/{name}\"`"
        ),
    );
}

fn duplicate_name(first: &Column, second: &Column, errors: &mut Errors) {
    let name = &second.name;
    errors.at(
        &second.named_by,
        format!(
            "two columns are called `{name}` on the wire\n\
             the other is the field `{}`; give one of them another name by `#[schema(rename = \"…\")]`",
            first.field
        ),
    );
}

fn optional_key(column: &Column, errors: &mut Errors) {
    if !column.primary_key {
        return;
    }
    if let Some(inner) = inside_option(&column.ty) {
        let ty = written(inner);
        errors.at(
            &column.ty,
            format!(
                "the primary key `{}` is optional: rows without a key could not be told apart\n\
                 make it `{ty}`, or take `primary_key` away",
                column.name
            ),
        );
    }
}

/// `T`, where the type is written `Option<T>`.
fn inside_option(ty: &Type) -> Option<&Type> {
    let path = match ty {
        Type::Path(path) => &path.path,
        Type::Group(group) => return inside_option(&group.elem),
        Type::Paren(paren) => return inside_option(&paren.elem),
        _ => return None,
    };
    let last = path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(syn::GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}

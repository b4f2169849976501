//! The rules for a column type as a whole: distinct names of variants, and no borrowed data.

use std::collections::BTreeMap;

use proc_macro2::Ident;
use syn::DeriveInput;

use super::ast::{ColumnType, Shape};
use crate::errors::Errors;
use crate::generics::check_no_lifetimes;

/// Checks a column type. Returns false if it cannot be expanded.
///
/// Lifetimes are also checked if the input could not be parsed, so that all errors are reported.
pub(crate) fn check(input: &DeriveInput, column_type: Option<&ColumnType>, errors: &mut Errors) -> bool {
    if let Some(ColumnType { shape: Shape::Enum(variants), .. }) = column_type {
        let mut names: BTreeMap<&str, &Ident> = BTreeMap::new();
        for variant in variants {
            if let Some(first) = names.get(variant.name.as_str()) {
                let message = format!(
                    "two variants are named `{}` on the wire\n\
                     the other one is `{first}`; rename one of them: `#[column(rename = \"…\")]`",
                    variant.name
                );
                errors.error_spanned_by(&variant.name_tokens, message);
            } else {
                names.insert(&variant.name, &variant.ident);
            }
        }
    }
    check_no_lifetimes(&input.generics, errors)
}

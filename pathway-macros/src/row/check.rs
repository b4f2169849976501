//! The rules for the row that a macro builds.

use std::collections::HashSet;

use super::output::OutputRow;
use crate::errors::Errors;

/// Checks that an anonymous row has at least one column, and no two columns of the same name.
///
/// The compiler checks this by itself for a named struct. Returns false if there is no row to build.
pub(crate) fn check(output: &mut OutputRow, errors: &mut Errors) -> bool {
    if output.struct_path.is_some() {
        return true;
    }
    if output.columns.is_empty() && output.rest.is_none() && errors.is_empty() {
        errors.push(syn::Error::new(output.brace, "a row needs at least one column, as in `{ city: o.city }`"));
    }
    let mut names = HashSet::new();
    output.columns.retain(|column| {
        let is_new = names.insert(column.name.clone());
        if !is_new {
            errors.error_spanned_by(&column.name, format!("the row already has a column `{}`", column.name));
        }
        is_new
    });
    !output.columns.is_empty() || output.rest.is_some()
}

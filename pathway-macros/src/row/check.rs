//! The rules for a row as such, whatever makes it.

use std::collections::HashSet;

use super::output::Output;
use crate::errors::Errors;

/// An anonymous row has at least one column, and no two of the same name.
///
/// Of a row with a name the compiler says the same by itself. False: there is no row to build.
pub(crate) fn check(output: &mut Output, errors: &mut Errors) -> bool {
    if output.name.is_some() {
        return true;
    }
    if output.columns.is_empty() && output.rest.is_none() && errors.is_empty() {
        errors.take::<()>(Err(syn::Error::new(
            output.brace,
            "a row needs at least one column, as in `{ city: o.city }`",
        )));
    }
    let mut names = HashSet::new();
    output.columns.retain(|column| {
        let new = names.insert(column.name.clone());
        if !new {
            errors.at(&column.name, format!("the row has a column `{}` already", column.name));
        }
        new
    });
    !output.columns.is_empty() || output.rest.is_some()
}

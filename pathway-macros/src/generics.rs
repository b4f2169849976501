//! The generics of a derived impl.

use syn::{GenericParam, Generics, Path, parse_quote};

use crate::errors::Errors;

/// The facade crate, where the user did not say otherwise.
pub(crate) fn facade() -> Path {
    parse_quote!(::pathway)
}

/// The generics with the bound that every type parameter of a row or a column type needs.
pub(crate) fn bounded(generics: &Generics, krate: &Path) -> Generics {
    let mut generics = generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(#krate::__private::ColumnType));
    }
    generics
}

/// The same, with lifetimes that live forever: for the impl that stands in for one which can't be written.
pub(crate) fn stand_in(generics: &Generics, krate: &Path) -> Generics {
    let mut generics = bounded(generics, krate);
    for lifetime in generics.lifetimes_mut() {
        lifetime.bounds.push(parse_quote!('static));
    }
    generics
}

/// The engine keeps values for as long as it likes and moves them between threads: they can't borrow.
pub(crate) fn forbid_lifetimes(generics: &Generics, errors: &mut Errors) -> Option<()> {
    let mut fine = Some(());
    for parameter in &generics.params {
        if let GenericParam::Lifetime(parameter) = parameter {
            let lifetime = &parameter.lifetime;
            errors.at(
                lifetime,
                format!(
                    "the lifetime `{lifetime}` cannot be kept in a table: own the data, `String` instead of `&str`"
                ),
            );
            fine = None;
        }
    }
    fine
}

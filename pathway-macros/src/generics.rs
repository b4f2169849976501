//! The crate path and the generics of derived impls.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::{GenericParam, Generics, Path, parse_quote};

use crate::errors::Errors;

/// The path of the facade crate, unless the user gave another one with `crate = path`.
pub(crate) fn default_crate_path() -> Path {
    parse_quote!(::pathway)
}

/// The path of the facade's hidden module, with `span` on every token.
///
/// When the compiler reports an error about a call of one of its functions, it then underlines the code at `span`.
pub(crate) fn private_path_at(krate: &Path, span: Span) -> TokenStream {
    let path = quote_spanned!(span=> #krate::__private);
    let at_span = |mut token: TokenTree| {
        token.set_span(span);
        token
    };
    path.into_iter().map(at_span).collect()
}

/// The generics with a `ColumnType` bound on every type parameter.
pub(crate) fn with_column_type_bounds(generics: &Generics, krate: &Path) -> Generics {
    let mut generics = generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(#krate::__private::ColumnType));
    }
    generics
}

/// The same with `'static` lifetimes, for the fallback impls of a type that cannot be expanded.
pub(crate) fn fallback_generics(generics: &Generics, krate: &Path) -> Generics {
    let mut generics = with_column_type_bounds(generics, krate);
    for lifetime in generics.lifetimes_mut() {
        lifetime.bounds.push(parse_quote!('static));
    }
    generics
}

/// Reports lifetime parameters: the engine keeps rows for an unlimited time and sends them to other threads.
///
/// Returns whether there are none.
pub(crate) fn check_no_lifetimes(generics: &Generics, errors: &mut Errors) -> bool {
    let mut valid = true;
    for parameter in &generics.params {
        if let GenericParam::Lifetime(parameter) = parameter {
            let lifetime = &parameter.lifetime;
            let message = format!(
                "a table cannot hold data borrowed for `{lifetime}`: use owned types, such as `String` instead of `&str`"
            );
            errors.error_spanned_by(lifetime, message);
            valid = false;
        }
    }
    valid
}

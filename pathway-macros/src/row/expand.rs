//! The code of a row, and of what surrounds it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Expr;

use super::extent::Extent;
use super::output::Output;
use super::tokens::mentions;
use crate::errors::Errors;

/// The struct of an anonymous row: one type parameter a column, so that the compiler finds the columns' types.
/// Nothing for a row that has a name.
pub(crate) fn declaration(output: &Output) -> TokenStream {
    if output.name.is_some() {
        return TokenStream::new();
    }
    let struct_name = anonymous_name();
    let types: Vec<_> = (0..output.columns.len()).map(|index| format_ident!("T{index}")).collect();
    let columns = output.columns.iter().zip(&types).map(|(column, ty)| {
        let (attributes, name) = (&column.attributes, &column.name);
        quote!(#(#attributes)* #name: #ty)
    });
    quote! {
        #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, ::pathway::Schema)]
        struct #struct_name<#(#types),*> { #(#columns),* }
    }
}

/// The row as an expression. Its values are those of the columns.
pub(crate) fn construction(output: &Output) -> Expr {
    let Some(struct_name) = &output.name else {
        let struct_name = anonymous_name();
        let columns = output.columns.iter().map(|column| {
            let name = &column.name;
            let value = Extent::of(&column.value).call("column", &column.value);
            quote!(#name: #value)
        });
        return Expr::Verbatim(quote!(#struct_name { #(#columns),* }));
    };
    let columns = output.columns.iter().map(|column| {
        let (attributes, name, value) = (&column.attributes, &column.name, &column.value);
        // Written as it was: clippy minds `id: id`.
        let is_short = matches!(value, Expr::Path(path) if path.path.is_ident(name));
        if is_short { quote!(#(#attributes)* #name) } else { quote!(#(#attributes)* #name: #value) }
    });
    let braces = quote_spanned!(output.brace=> { #(#columns),* });
    Extent::of(struct_name).call("row", &quote!(#struct_name #braces))
}

/// The table of a macro, by reference, whether the user's expression is a table or a reference to one.
pub(crate) fn table(table: &Expr) -> Expr {
    let extent = Extent::of(table);
    extent.call("table", &extent.reference(table))
}

/// The row as a closure's parameter; `_` where the body has no use for it.
pub(crate) fn parameter(row: &Ident, body: &TokenStream) -> TokenStream {
    if mentions(body.clone(), row) { quote!(#row) } else { quote_spanned!(row.span()=> _) }
}

/// The macro's value, with what was wrong with it.
pub(crate) fn block(errors: Errors, body: &TokenStream) -> TokenStream {
    let errors = errors.into_tokens();
    quote!({ #errors #body })
}

/// Only what was wrong: there is nothing else to say. A lone `compile_error!` has no type that could mismatch.
pub(crate) fn only(errors: Errors) -> TokenStream {
    let errors = errors.into_tokens();
    quote!({ #errors })
}

/// What compilers and logs call a row without a name.
fn anonymous_name() -> Ident {
    Ident::new("AnonymousRow", Span::mixed_site())
}

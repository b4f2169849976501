//! The code of a row, and of what surrounds it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Expr;

use super::extent::Extent;
use super::output::Output;
use super::rest::Rest;
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
    let Some(_) = &output.rest else {
        return quote! {
            #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, ::pathway::Schema)]
            struct #struct_name<#(#types),*> { #(#columns),* }
        };
    };
    // The old row lies in the new one, as a macro knows none of its columns. What is replaced of it is not looked at.
    let old = old_row();
    let bounds = quote!(R: ::pathway::__private::Schema, #(#types: ::pathway::__private::ColumnType),*);
    quote! {
        #[derive(::pathway::Schema)]
        struct #struct_name<R, #(#types),*> { #[schema(rest)] #old: R, #(#columns),* }

        impl<R, #(#types),*> ::core::ops::Deref for #struct_name<R, #(#types),*> {
            type Target = R;
            fn deref(&self) -> &R {
                &self.#old
            }
        }

        impl<#bounds> ::core::clone::Clone for #struct_name<R, #(#types),*> {
            fn clone(&self) -> Self {
                ::pathway::__private::Datum::clone_datum(self)
            }
        }

        impl<#bounds> ::core::cmp::PartialEq for #struct_name<R, #(#types),*> {
            fn eq(&self, other: &Self) -> bool {
                ::pathway::__private::Datum::compare(self, other).is_eq()
            }
        }

        impl<#bounds> ::core::fmt::Debug for #struct_name<R, #(#types),*> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::pathway::__private::debug_columns(self, f)
            }
        }
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
        let old = output.rest.as_ref().map(|rest| {
            let (name, row) = (old_row(), Extent::of(&rest.row).call("clone_datum", &rest.row));
            quote!(#name: #row)
        });
        let fields = old.into_iter().chain(columns);
        return Expr::Verbatim(quote!(#struct_name { #(#fields),* }));
    };
    let columns = output.columns.iter().map(|column| {
        let (attributes, name, value) = (&column.attributes, &column.name, &column.value);
        // Written as it was: clippy minds `id: id`.
        let is_short = matches!(value, Expr::Path(path) if path.path.is_ident(name));
        if is_short { quote!(#(#attributes)* #name) } else { quote!(#(#attributes)* #name: #value) }
    });
    let rest = output.rest.as_ref().map(|Rest { dots, row, .. }| {
        let extent = Extent::of(row);
        let (old, taken) = (extent.call("BaseRow", row), quote_spanned!(extent.last=> .remaining_columns()));
        quote!(#dots #old #taken)
    });
    let fields = columns.chain(rest);
    let braces = quote_spanned!(output.brace=> { #(#fields),* });
    Extent::of(struct_name).call("row", &quote!(#struct_name #braces))
}

/// What makes a row, to see which names it has.
pub(crate) fn body(output: &Output) -> TokenStream {
    let rest = output.rest.as_ref().map(|rest| rest.row.to_token_stream());
    output.columns.iter().map(|column| column.value.to_token_stream()).chain(rest).collect()
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

/// Where the old row lies in an anonymous one. No column has that name.
fn old_row() -> Ident {
    Ident::new("__row", Span::mixed_site())
}

/// What compilers and logs call a row without a name.
fn anonymous_name() -> Ident {
    Ident::new("AnonymousRow", Span::mixed_site())
}

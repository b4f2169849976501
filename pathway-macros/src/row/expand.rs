//! Generates the code of a new row, and the parts of a call that the macros share.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Expr;
use syn::ext::IdentExt;

use super::output::OutputRow;
use super::rest::Rest;
use super::span_range::{SpanRange, hygienic_local};
use super::text::text_of;
use super::tokens::uses;
use crate::messages::quoted_list;

/// The struct of an anonymous row, with a type parameter for each column, so that the compiler infers their types.
///
/// Empty for a row of a named struct.
pub(crate) fn struct_definition(output: &OutputRow) -> TokenStream {
    if output.struct_path.is_some() {
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
    // The macro does not know the old row's columns, so the new row contains the old one. A column of the old row that
    // has the name of a new column is never read.
    let old = old_row_field();
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

        impl<R, #(#types),*> ::core::ops::DerefMut for #struct_name<R, #(#types),*> {
            fn deref_mut(&mut self) -> &mut R {
                &mut self.#old
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

/// The struct expression that builds the row.
pub(crate) fn struct_expr(output: &OutputRow) -> Expr {
    let Some(struct_name) = &output.struct_path else {
        let struct_name = anonymous_name();
        let columns = output.columns.iter().map(|column| {
            let name = &column.name;
            let checked = if column.is_flattened() { "row" } else { "column" };
            let value = SpanRange::of(&column.value).call(checked, &column.value);
            quote!(#name: #value)
        });
        let old = old_rows(output).map(|rows| {
            let name = old_row_field();
            quote!(#name: #rows)
        });
        let fields = old.into_iter().chain(columns);
        let row = quote!(#struct_name { #(#fields),* });
        return Expr::Verbatim(if output.other_rests.is_empty() { row } else { with_distinct_columns(output, &row) });
    };
    let columns = output.columns.iter().map(|column| {
        let (attributes, name, value) = (&column.attributes, &column.name, &column.value);
        // As the user wrote it: clippy warns about `id: id`.
        let is_shorthand = matches!(value, Expr::Path(path) if path.path.is_ident(name));
        if is_shorthand { quote!(#(#attributes)* #name) } else { quote!(#(#attributes)* #name: #value) }
    });
    let rest = output.rest.as_ref().map(|Rest { dots, row, .. }| {
        let spans = SpanRange::of(row);
        let (base, rest) = (spans.call("BaseRow", row), quote_spanned!(spans.last=> .remaining_columns()));
        quote!(#dots #base #rest)
    });
    let fields = columns.chain(rest);
    let braces = quote_spanned!(output.brace=> { #(#fields),* });
    SpanRange::of(struct_name).call("row", &quote!(#struct_name #braces))
}

/// The tokens of all expressions in a row, to find the names that they use.
pub(crate) fn value_tokens(output: &OutputRow) -> TokenStream {
    let rests = output.rests().map(|rest| rest.row.to_token_stream());
    output.columns.iter().map(|column| column.value.to_token_stream()).chain(rests).collect()
}

/// What the new row contains of the old ones: a copy of one, or of several one behind the other.
fn old_rows(output: &OutputRow) -> Option<Expr> {
    let rows: Vec<_> = output.rests().map(|rest| (SpanRange::of(&rest.row), &rest.row)).collect();
    let (last, others) = rows.split_last()?;
    let copy = last.0.call("clone_datum", last.1);
    Some(others.iter().rev().fold(copy, |behind, (spans, row)| spans.call("both_rows", &quote!(#row, #behind))))
}

/// A new row of several old ones, with an error below the last of them if two have a column of the same name.
///
/// The compiler evaluates constants in patterns when it checks a program, and only those.
fn with_distinct_columns(output: &OutputRow, row: &TokenStream) -> TokenStream {
    let names: Vec<_> = output.rests().map(|rest| text_of(&[&rest.row])).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let (all, first) = (quoted_list(&names), names.first().copied().unwrap_or_default());
    let last = output.rests().last().map_or(output.brace, |rest| SpanRange::of(&rest.row).first);
    let equal = output.equal_columns.iter().map(|column| column.unraw().to_string());
    let check = quote_spanned!(last=> ::pathway::__private::distinct_columns::<R>(#all, #first, &[#(#equal),*]));
    let new = hygienic_local("new");
    quote! {{
        let #new = #row;
        {
            struct Columns<R>(::core::marker::PhantomData<R>);
            impl<R: ::pathway::__private::Schema> Columns<R> {
                const DISTINCT: ::core::marker::PhantomData<R> = #check;
            }
            let Columns::DISTINCT = ::pathway::__private::type_of(&#new);
        }
        #new
    }}
}

/// A reference to the table, whether the user's expression is a table or a reference to one.
pub(crate) fn table_ref(table: &Expr) -> Expr {
    let spans = SpanRange::of(table);
    spans.call("table", &spans.reference(table))
}

/// The parameter of a closure over a row: the row's name, or `_` if the body does not use it.
pub(crate) fn closure_param(row: &Ident, body: &TokenStream) -> TokenStream {
    if uses(body, row) { quote!(#row) } else { quote_spanned!(row.span()=> _) }
}

/// A closure over a row that returns one value, or a tuple of several.
pub(crate) fn closure_of_values(row: &Ident, values: &[Expr]) -> TokenStream {
    let row = closure_param(row, &quote!(#(#values)*));
    match values {
        [value] => quote!(move |#row| #value),
        values => quote!(move |#row| (#(#values),*)),
    }
}

/// The field of an anonymous row that contains the old row. No column can have this name.
fn old_row_field() -> Ident {
    Ident::new("__row", Span::mixed_site())
}

/// The struct name of an anonymous row, as compile errors and logs show it.
fn anonymous_name() -> Ident {
    Ident::new("AnonymousRow", Span::mixed_site())
}

/// A table of which pictures of the pipeline show this.
pub(crate) fn shown(detail: &str, table: &TokenStream) -> TokenStream {
    quote!(::pathway::__private::shown(#table, #detail))
}

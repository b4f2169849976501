//! The fields of a row in the order of the struct: columns and flattened rows.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, Type};

use crate::generics::private_path_at;
use crate::schema::ast::{Column, FlattenedField, Row, TimeFormat};

/// A field.
#[derive(Clone, Copy)]
pub(super) enum Field<'a> {
    Column(&'a Column),
    Flattened(&'a FlattenedField),
}

impl<'a> Field<'a> {
    /// All fields of a row.
    pub(super) fn all(row: &'a Row) -> Vec<Field<'a>> {
        let columns = row.columns.iter().map(|column| (column.field_index, Field::Column(column)));
        let flattened = row.flattened.iter().map(|field| (field.field_index, Field::Flattened(field)));
        let mut all: Vec<_> = columns.chain(flattened).collect();
        all.sort_by_key(|(index, _)| *index);
        all.into_iter().map(|(_, field)| field).collect()
    }

    /// The name and the type of the field.
    pub(super) fn name_and_type(self) -> (&'a Ident, &'a Type) {
        match self {
            Field::Column(column) => (&column.field, &column.ty),
            Field::Flattened(flattened) => (&flattened.field, &flattened.ty),
        }
    }
}

/// A check for each column that its type can be a column, with the span of the type.
///
/// Flattened fields need none: all code that uses them names their `Schema` impl with that span.
pub(super) fn column_type_checks(row: &Row) -> TokenStream {
    let krate = &row.krate;
    let checks = row
        .columns
        .iter()
        .map(|Column { ty, .. }| quote_spanned!(ty.span()=> #krate::__private::column_type::<#ty>();));
    let times = row
        .columns
        .iter()
        .filter(|column| column.format.is_some())
        .map(|Column { ty, .. }| quote_spanned!(ty.span()=> #krate::__private::unix_time_column::<#ty>();));
    quote!(#(#checks)* #(#times)*)
}

/// The type that a column has in messages: its own, or the number that its `format` makes of it.
pub(super) fn wire_type(column: &Column, krate: &Path) -> TokenStream {
    let ty = &column.ty;
    match &column.format {
        None => quote!(#ty),
        Some(TimeFormat { per_second, .. }) => {
            let private = private_path_at(krate, ty.span());
            quote_spanned!(ty.span()=> #private::UnixTime::<#ty, #per_second>)
        }
    }
}

/// A reference to the value of a column, with its [`wire_type`].
pub(super) fn wire_value(column: &Column, field: &TokenStream, krate: &Path) -> TokenStream {
    match &column.format {
        None => quote!(&#field),
        Some(TimeFormat { per_second, .. }) => {
            let ty = &column.ty;
            let private = private_path_at(krate, ty.span());
            let unix_time = quote_spanned!(ty.span()=> #private::unix_time::<#ty, #per_second>);
            quote!(&#unix_time(&#field))
        }
    }
}

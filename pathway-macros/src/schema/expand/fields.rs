//! All fields of a row in their order: columns, and rows whose columns are the row's.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use crate::schema::ast::{Column, Row};
use crate::schema::flatten::Flat;

/// One field.
#[derive(Clone, Copy)]
pub(super) enum Field<'a> {
    Column(&'a Column),
    Flat(&'a Flat),
}

impl<'a> Field<'a> {
    /// All fields of a row.
    pub(super) fn all(row: &'a Row) -> Vec<Field<'a>> {
        let columns = row.columns.iter().map(|column| (column.number, Field::Column(column)));
        let flats = row.flats.iter().map(|flat| (flat.number, Field::Flat(flat)));
        let mut all: Vec<_> = columns.chain(flats).collect();
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, field)| field).collect()
    }

    /// Its name and its type.
    pub(super) fn parts(self) -> (&'a Ident, &'a Type) {
        match self {
            Field::Column(column) => (&column.field, &column.ty),
            Field::Flat(flat) => (&flat.field, &flat.ty),
        }
    }
}

/// One check a column, on the type's own span. Of a flattened row its `Schema` is named there in any case.
pub(super) fn checks(row: &Row) -> TokenStream {
    let krate = &row.krate;
    let checks = row
        .columns
        .iter()
        .map(|Column { ty, .. }| quote_spanned!(ty.span()=> #krate::__private::column_type::<#ty>();));
    quote!(#(#checks)*)
}

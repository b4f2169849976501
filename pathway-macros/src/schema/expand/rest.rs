//! Rows that stand in for a part of another row: what takes their columns one by one.

use proc_macro2::TokenStream;
use quote::quote;

use super::fields::Field;
use crate::schema::ast::{Column, Row};
use crate::schema::flatten::Flat;

/// `usual`, or `by_column` where a column of the row's own replaces one of a flattened row: only there must
/// the columns be looked at one by one, and that is known when the program compiles.
pub(super) fn or_by_column(row: &Row, usual: &TokenStream, by_column: &TokenStream) -> TokenStream {
    let krate = &row.krate;
    let replaces: Vec<_> = replaceable(row)
        .flat_map(|flat| {
            let part = flat.row(krate);
            row.columns.iter().map(move |Column { name, .. }| quote!(#part::COLUMNS.has(#name)))
        })
        .collect();
    if replaces.is_empty() {
        return usual.clone();
    }
    quote!(if const { #(#replaces)||* } { #by_column } else { #usual })
}

/// The body of `zip_columns`.
pub(super) fn zip_columns(row: &Row) -> TokenStream {
    let krate = &row.krate;
    let columns = quote!(<Self as #krate::__private::Schema>::COLUMNS);
    // The type is named in each call, so that one that can't be a column is complained of once.
    let show = |Column { number, field, ty, .. }: &Column| {
        let cell = quote!(#krate::__private::dyn_value::<#ty>);
        quote!(show(#columns.field(#number), #cell(&self.#field), #cell(&other.#field));)
    };
    let fields = Field::all(row).into_iter().map(|field| match field {
        Field::Column(column) => {
            let (name, shown) = (&column.name, show(column));
            let parts: Vec<_> = replaceable(row).map(|flat| flat.row(krate)).collect();
            match parts.is_empty() {
                true => shown,
                // Else it was shown in the other one's place.
                false => quote!(if const { !(#(#parts::COLUMNS.has(#name))||*) } { #shown }),
            }
        }
        Field::Flat(flat) => {
            let (part, field) = (flat.row(krate), &flat.field);
            if !flat.replaceable {
                return quote!(#part::zip_columns(&self.#field, &other.#field, show););
            }
            let own = row.columns.iter().map(|column| {
                let (name, shown) = (&column.name, show(column));
                quote!(#name => { #shown })
            });
            quote! {
                #part::zip_columns(&self.#field, &other.#field, &mut |column, one, two| match column.name {
                    #(#own)*
                    _ => show(column, one, two),
                });
            }
        }
    });
    quote!(#(#fields)*)
}

fn replaceable(row: &Row) -> impl Iterator<Item = &Flat> {
    row.flats.iter().filter(|flat| flat.replaceable)
}

//! Generates code for rows whose own columns replace columns of a flattened row, as in `{ ..o, price: 2.0 }`.

use proc_macro2::TokenStream;
use quote::quote;

use super::fields::{Field, wire_type, wire_value};
use super::flatten::schema_item;
use crate::schema::ast::{Column, FlattenedField, Row};

/// Code that is `by_field`, or `by_column` if a column of the row replaces one of a flattened row.
///
/// Visiting column by column is slower. Whether it is needed is known when the user's program is compiled.
pub(super) fn or_by_column(row: &Row, by_field: &TokenStream, by_column: &TokenStream) -> TokenStream {
    let krate = &row.krate;
    let replaces: Vec<_> = replaceable(row)
        .flat_map(|flattened| {
            let columns = schema_item(flattened, "COLUMNS", krate);
            row.columns.iter().map(move |Column { name, .. }| quote!(#columns.has(#name)))
        })
        .collect();
    if replaces.is_empty() {
        return by_field.clone();
    }
    quote!(if const { #(#replaces)||* } { #by_column } else { #by_field })
}

/// The two rows whose columns are visited.
pub(super) struct Rows {
    pub(super) one: TokenStream,
    pub(super) two: TokenStream,
    /// Whether another row was added to them.
    pub(super) is_extended: bool,
}

/// The body of `zip_columns`, which passes each column of two rows to `show`.
pub(super) fn zip_columns_body(row: &Row, rows: &Rows) -> TokenStream {
    let Rows { one, two, is_extended } = rows;
    let krate = &row.krate;
    let columns = quote!(<Self as #krate::__private::Schema>::COLUMNS);
    // Each call names the type, so that a type that cannot be a column is reported once.
    let show = |column: &Column| {
        let (field, index, ty) = (&column.field, column.field_index, wire_type(column, krate));
        let [one, two] = [quote!(#one.#field), quote!(#two.#field)].map(|field| {
            let value = wire_value(column, &field, krate);
            quote!(#krate::__private::dyn_value::<#ty>(#value))
        });
        quote!(show(#columns.field(#index), #one, #two);)
    };
    let fields = Field::all(row).into_iter().map(|field| match field {
        Field::Column(column) => {
            let (name, shown) = (&column.name, show(column));
            let others: Vec<_> = replaceable(row).map(|flattened| schema_item(flattened, "COLUMNS", krate)).collect();
            match others.is_empty() {
                true => shown,
                // A column that replaces another one is shown in its place.
                false => quote!(if const { !(#(#others.has(#name))||*) } { #shown }),
            }
        }
        Field::Flattened(flattened) => {
            let (zip_columns, field) = (schema_item(flattened, "zip_columns", krate), &flattened.field);
            if !flattened.replaceable {
                return quote!(#zip_columns(&#one.#field, &#two.#field, show););
            }
            let ty = &flattened.ty;
            let zip_columns = match is_extended {
                true => quote!(<#ty as #krate::__private::ExtensibleRow>::zip_own),
                false => zip_columns,
            };
            let own = row.columns.iter().map(|column| {
                let (name, shown) = (&column.name, show(column));
                quote!(#name => { #shown })
            });
            quote! {
                #zip_columns(&#one.#field, &#two.#field, &mut |column, one, two| match column.name {
                    #(#own)*
                    _ => show(column, one, two),
                });
            }
        }
    });
    quote!(#(#fields)*)
}

fn replaceable(row: &Row) -> impl Iterator<Item = &FlattenedField> {
    row.flattened.iter().filter(|field| field.replaceable)
}

//! Generates what a row with flattened fields needs: the bounds of its impls, and a check of its column names.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericParam, Generics, Path, Type, parse_quote};

use super::column_entry;
use crate::generics::{private_path_at, with_column_type_bounds};
use crate::schema::ast::{FlattenedField, Row};

/// An item of the field's row: `<Type as Schema>::ITEM`, with the span of the type.
pub(super) fn schema_item(field: &FlattenedField, item: &str, krate: &Path) -> TokenStream {
    let ty = &field.ty;
    let private = private_path_at(krate, ty.span());
    let item = Ident::new(item, ty.span());
    quote_spanned!(ty.span()=> <#ty as #private::Schema>::#item)
}

/// The generics of the row's impls. A type parameter is the type of a column, or of a flattened field.
pub(super) fn bounded_generics(row: &Row) -> Generics {
    let Row { krate, .. } = row;
    let mut generics = with_column_type_bounds(&row.generics, krate);
    for field in &row.flattened {
        let Type::Path(ty) = &field.ty else { continue };
        for parameter in &mut generics.params {
            if let GenericParam::Type(parameter) = parameter
                && ty.path.is_ident(&parameter.ident)
            {
                parameter.bounds.pop();
                parameter.bounds.push(parse_quote!(#krate::__private::Schema));
            }
        }
    }
    generics
}

/// The columns of the row itself, without those of its flattened rows.
pub(super) fn own_columns(row: &Row) -> TokenStream {
    let krate = &row.krate;
    let own = row.columns.iter().map(|column| column_entry(column, krate));
    quote!(#krate::__private::Columns { fields: &[#(#krate::__private::SchemaField::Column(#own)),*], names: &[] })
}

/// A compile-time check that no two parts of a row have a column of the same name.
pub(super) struct NameCheck {
    /// An item beside the impls.
    pub(super) item: TokenStream,
    /// A statement for the body of `decode_row`, for a generic row: its columns are known only where it is used.
    pub(super) statement: TokenStream,
}

pub(super) fn name_check(row: &Row) -> NameCheck {
    let krate = &row.krate;
    let own = own_columns(row);
    let checks = row.flattened.iter().enumerate().filter(|(_, field)| !field.replaceable).map(|(index, field)| {
        let columns = schema_item(field, "COLUMNS", krate);
        let earlier = row.flattened.iter().take(index).map(|earlier| {
            let earlier = schema_item(earlier, "COLUMNS", krate);
            quote!(&#earlier)
        });
        let others = earlier.chain([quote!(&#own)]);
        let private = private_path_at(krate, field.ty.span());
        let calls =
            others.map(|other| quote_spanned!(field.ty.span()=> #private::assert_distinct_names(&#columns, #other);));
        quote!(#(#calls)*)
    });
    let checks: TokenStream = checks.collect();
    let (item, statement) = if checks.is_empty() {
        Default::default()
    } else if row.generics.params.is_empty() {
        (quote!(const _: () = { #checks };), TokenStream::new())
    } else {
        (TokenStream::new(), quote!(const { #checks }))
    };
    NameCheck { item, statement }
}

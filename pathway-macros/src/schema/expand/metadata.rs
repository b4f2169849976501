//! Generates the code that fills columns from a message's metadata.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned;

use super::flatten::schema_item;
use crate::generics::private_path_at;
use crate::schema::ast::{Column, MetadataColumn, MetadataSource, Row};

/// The expression that takes the column's value from `message`.
pub(super) fn read(metadata: &MetadataColumn, column: &Column, krate: &Path) -> TokenStream {
    let (ty, index) = (&column.ty, column.field_index);
    let entry = quote!(<Self as #krate::__private::Schema>::COLUMNS.field(#index));
    let private = private_path_at(krate, ty.span());
    let function = |name: &str| {
        let name = Ident::new(name, ty.span());
        quote_spanned!(ty.span()=> #private::metadata::#name::<#ty>)
    };
    match &metadata.source {
        MetadataSource::Subject => {
            let function = function("subject");
            quote!(#function(message))
        }
        MetadataSource::SubjectToken(position) => {
            let function = function("subject_token");
            quote!(#function(message, #position, #entry)?)
        }
        MetadataSource::Header(name) => {
            let function = function("header");
            quote!(#function(message, #name, #entry)?)
        }
        MetadataSource::ReceivedAt => {
            let function = function("received_at");
            quote!(#function(message, #entry)?)
        }
        MetadataSource::StreamSequence | MetadataSource::PublishedAt | MetadataSource::Delivered => {
            let function = function(&metadata.attribute.to_string());
            // Names the function of `METADATA` first, so that the compiler reports an unsuitable type only once.
            let needed = needed(metadata, column, krate);
            quote!({ let _ = #needed; #function(message, #entry)? })
        }
    }
}

/// The constant `METADATA`: what the row needs of a message besides its payload. `None` if it needs nothing.
pub(super) fn metadata_const(row: &Row) -> Option<TokenStream> {
    let krate = &row.krate;
    let own = row.columns.iter().filter_map(|column| needed(column.metadata.as_ref()?, column, krate));
    let of_flattened = row.flattened.iter().map(|field| schema_item(field, "METADATA", krate));
    let all = own.chain(of_flattened).map(|needed| quote!(.and(#needed))).reduce(|all, more| quote!(#all #more))?;
    let metadata = quote!(#krate::__private::Metadata);
    Some(quote!(const METADATA: #metadata = #metadata::NONE #all;))
}

/// What the column needs of a message; `None` for its subject, which is always there.
fn needed(metadata: &MetadataColumn, column: &Column, krate: &Path) -> Option<TokenStream> {
    let (ty, name) = (&column.ty, &column.name);
    let none = quote!(#krate::__private::Metadata::NONE);
    let private = private_path_at(krate, ty.span());
    match &metadata.source {
        MetadataSource::Subject | MetadataSource::SubjectToken(_) => None,
        MetadataSource::Header(_) => Some(quote!(#none.with_headers())),
        MetadataSource::ReceivedAt => Some(quote!(#none.with_received_at())),
        MetadataSource::StreamSequence => {
            Some(quote_spanned!(ty.span()=> #private::metadata::metadata_for_count::<#ty>(#name)))
        }
        MetadataSource::Delivered => {
            Some(quote_spanned!(ty.span()=> #private::metadata::metadata_for_deliveries::<#ty>(#name)))
        }
        MetadataSource::PublishedAt => {
            Some(quote_spanned!(ty.span()=> #private::metadata::metadata_for_time::<#ty>(#name)))
        }
    }
}

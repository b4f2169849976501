//! Generates the body of `decode_row`: a decoder that knows all paths in the document at compile time.
//!
//! Each column has a slot. One walk over the document fills the slots: it matches the name of each member, and walks
//! into the values that contain further columns.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Path;

use super::fields::wire_type;
use super::flatten::schema_item;
use super::metadata;
use super::path_trie::PathTrie;
use crate::generics::private_path_at;
use crate::schema::ast::{Column, DefaultValue, Row, array_index};

/// Declares the slots, walks over the document, and builds the row from the slots.
pub(super) fn body(row: &Row) -> TokenStream {
    let krate = &row.krate;
    let of_payload = row.columns.iter().enumerate().filter(|(_, column)| column.metadata.is_none());
    let slots = of_payload.map(|(index, column)| {
        let (slot, ty) = (slot(index), wire_type(column, krate));
        quote!(let mut #slot = #krate::__private::Slot::<#ty>::Missing;)
    });
    let document = PathTrie::new(&row.columns);
    // At the document itself the walk comes first, because it checks the syntax. A column of the whole document, with an
    // empty path, accepts any JSON value; all other columns need a document that has members.
    let place = if document.columns.is_empty() { Place::Document } else { Place::Value };
    let walk = walk(&document, row, place);
    let reads = reads(&document, row);
    let fields = row.columns.iter().enumerate().map(|(index, column)| {
        let field = &column.field;
        let value = match &column.metadata {
            Some(metadata) => metadata::read(metadata, column, krate),
            None => take(index, column, krate),
        };
        quote!(#field: #value)
    });
    // Each flattened row walks over the document by itself.
    let flattened = row.flattened.iter().map(|flattened| {
        let (field, decode_row) = (&flattened.field, schema_item(flattened, "decode_row", krate));
        quote!(#field: #decode_row(document, message)?)
    });
    if row.columns.is_empty() {
        return quote!(::core::result::Result::Ok(Self { #(#flattened),* }));
    }
    quote! {
        let walk = #krate::__private::JsonWalker::new();
        #(#slots)*
        {
            let value = document;
            #walk
            walk.finish()?;
            #reads
        }
        ::core::result::Result::Ok(Self { #(#fields,)* #(#flattened),* })
    }
}

/// The code for a value that the walk has reached.
fn visit(node: &PathTrie, row: &Row) -> TokenStream {
    let reads = reads(node, row);
    if node.children.is_empty() {
        return reads;
    }
    // Of two members with the same name the last one wins as a whole: columns from inside the first one are cleared.
    let krate = &row.krate;
    let below = node.columns_below().into_iter().map(slot);
    let walk = walk(node, row, Place::Value);
    quote!(#reads #(#krate::__private::clear_slot(&mut #below);)* #walk)
}

/// Reads the value into the slots of the columns at this place.
fn reads(node: &PathTrie, row: &Row) -> TokenStream {
    let krate = &row.krate;
    let columns =
        node.columns.iter().filter_map(|index| Some((slot(*index), wire_type(row.columns.get(*index)?, krate))));
    columns.map(|(slot, ty)| quote!(#krate::__private::read_slot::<#ty>(&mut #slot, value);)).collect()
}

/// What is walked over.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// The document, which must be an object (or an array, for paths into it).
    Document,
    /// A value inside the document, or a document that may be anything.
    Value,
}

/// The walk over the children of a value.
fn walk(node: &PathTrie, row: &Row, place: Place) -> TokenStream {
    let krate = &row.krate;
    let has_elements = node.children.keys().any(|token| array_index(token).is_some());
    let arms = node.children.iter().map(|(token, child)| {
        let visit = visit(child, row);
        let pattern = match array_index(token) {
            _ if !has_elements => quote!(#token),
            None => quote!(#krate::__private::PathSegment::Member(#token)),
            Some(index) => {
                quote!(#krate::__private::PathSegment::Member(#token) | #krate::__private::PathSegment::Element(#index))
            }
        };
        quote!(#pattern => { #visit })
    });
    let method = match (place, has_elements) {
        (Place::Document, false) => quote!(document_members),
        (Place::Document, true) => quote!(document_children),
        (Place::Value, false) => quote!(members),
        (Place::Value, true) => quote!(children),
    };
    quote! {
        walk.#method(value, &mut |step, value| match step {
            #(#arms)*
            _ => {}
        });
    }
}

/// The expression that takes the column's value from its slot.
fn take(index: usize, column: &Column, krate: &Path) -> TokenStream {
    let slot = slot(index);
    let Column { ty, field_index, format, .. } = column;
    let wire_type = wire_type(column, krate);
    let unwrap = format.as_ref().map(|_| quote!(.0));
    let entry = quote!(<Self as #krate::__private::Schema>::COLUMNS.field(#field_index));
    let Some(default) = default_closure(column, krate) else {
        return quote!(#krate::__private::take_slot::<#wire_type>(#slot, #entry)? #unwrap);
    };
    if format.is_some() {
        let default = quote!(|| #krate::__private::UnixTime((#default)()));
        return quote!(#krate::__private::take_slot_or::<#wire_type, _>(#slot, #entry, #default)?.0);
    }
    quote!(#krate::__private::take_slot_or::<#ty, _>(#slot, #entry, #default)?)
}

/// A closure that returns the default of a column, if it has one.
pub(super) fn default_closure(column: &Column, krate: &Path) -> Option<TokenStream> {
    let ty = &column.ty;
    Some(match column.default.as_ref()? {
        DefaultValue::OfType(word) => {
            let private = private_path_at(krate, word.span());
            let call = quote_spanned!(word.span()=> #private::default_value());
            quote!(|| #call)
        }
        DefaultValue::String(text) => {
            let private = private_path_at(krate, text.span());
            let call = quote_spanned!(text.span()=> #private::default_from_text(#text));
            quote!(|| #call)
        }
        DefaultValue::Expr(value) => quote!(|| -> #ty { #value }),
    })
}

fn slot(index: usize) -> Ident {
    format_ident!("slot_{index}", span = Span::mixed_site())
}

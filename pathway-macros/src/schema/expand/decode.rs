//! The body of `decode_row`: a decoder that knows all ways through the document when the program compiles.
//!
//! Each column has a slot. One walk over the document fills them: a `match` on the member's name at each place
//! that leads to columns, with a walk below it where a pointer goes on.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Path;

use crate::generics::private_at;
use crate::schema::ast::{Column, Fallback, Row};
use crate::schema::pointer::index;
use crate::schema::trie::Node;

/// Declares the slots, walks, and takes the row out of them.
pub(super) fn body(row: &Row) -> TokenStream {
    let krate = &row.krate;
    let of_payload = row.columns.iter().enumerate().filter(|(_, column)| column.metadata.is_none());
    let slots = of_payload.map(|(number, Column { ty, .. })| {
        let slot = slot(number);
        quote!(let mut #slot = #krate::__private::Slot::<#ty>::Missing;)
    });
    let document = Node::of(&row.columns);
    // The walk comes first at the document itself: it is what checks the syntax.
    let walk = walk(&document, row, &quote!(document));
    let reads = reads(&document, row);
    let fields = row.columns.iter().enumerate().map(|(number, column)| {
        let field = &column.field;
        let taken = match &column.metadata {
            Some(metadata) => metadata.take(column, krate),
            None => take(number, column, krate),
        };
        quote!(#field: #taken)
    });
    // Each flattened row walks the document by itself.
    let flats = row.flats.iter().map(|flat| {
        let (field, part) = (&flat.field, flat.row(krate));
        quote!(#field: #part::decode_row(document, message)?)
    });
    if row.columns.is_empty() {
        return quote!(::core::result::Result::Ok(Self { #(#flats),* }));
    }
    quote! {
        let walk = #krate::__private::JsonWalker::new();
        #(#slots)*
        #walk
        walk.finish()?;
        {
            let value = document;
            #reads
        }
        ::core::result::Result::Ok(Self { #(#fields,)* #(#flats),* })
    }
}

/// What happens where a child's value has been met.
fn arrive(node: &Node, row: &Row) -> TokenStream {
    let reads = reads(node, row);
    if node.children.is_empty() {
        return reads;
    }
    // The last of two members of one name wins, as a whole: what was found inside the first is forgotten.
    let krate = &row.krate;
    let forget = node.below().into_iter().map(slot);
    let walk = walk(node, row, &quote!(value));
    quote!(#reads #(#krate::__private::clear_slot(&mut #forget);)* #walk)
}

/// Reads the value into the slots of the columns that are here.
fn reads(node: &Node, row: &Row) -> TokenStream {
    let krate = &row.krate;
    let columns = node.columns.iter().filter_map(|number| Some((slot(*number), &row.columns.get(*number)?.ty)));
    columns.map(|(slot, ty)| quote!(#krate::__private::read_slot::<#ty>(&mut #slot, value);)).collect()
}

/// The walk over the children of a value.
fn walk(node: &Node, row: &Row, value: &TokenStream) -> TokenStream {
    let krate = &row.krate;
    let arrays = node.children.keys().any(|token| index(token).is_some());
    let arms = node.children.iter().map(|(token, child)| {
        let arrive = arrive(child, row);
        let pattern = match index(token) {
            _ if !arrays => quote!(#token),
            None => quote!(#krate::__private::PathSegment::Member(#token)),
            Some(index) => {
                quote!(#krate::__private::PathSegment::Member(#token) | #krate::__private::PathSegment::Element(#index))
            }
        };
        quote!(#pattern => { #arrive })
    });
    let method = if arrays { quote!(children) } else { quote!(members) };
    quote! {
        walk.#method(#value, &mut |step, value| match step {
            #(#arms)*
            _ => {}
        });
    }
}

/// The column's value out of its slot.
fn take(number: usize, column: &Column, krate: &Path) -> TokenStream {
    let slot = slot(number);
    let ty = &column.ty;
    let field = column.number;
    let entry = quote!(<Self as #krate::__private::Schema>::COLUMNS.field(#field));
    let default = match &column.default {
        None => return quote!(#krate::__private::take_slot::<#ty>(#slot, #entry)?),
        Some(Fallback::Own(word)) => {
            let private = private_at(krate, word.span());
            let call = quote_spanned!(word.span()=> #private::default_value());
            quote!(|| #call)
        }
        Some(Fallback::Text(text)) => {
            let private = private_at(krate, text.span());
            let call = quote_spanned!(text.span()=> #private::default_from_text(#text));
            quote!(|| #call)
        }
        Some(Fallback::Value(value)) => quote!(|| -> #ty { #value }),
    };
    quote!(#krate::__private::take_slot_or::<#ty, _>(#slot, #entry, #default)?)
}

fn slot(number: usize) -> Ident {
    format_ident!("slot_{number}", span = Span::mixed_site())
}

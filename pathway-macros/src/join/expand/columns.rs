//! Generates the structs of the columns that a join keeps of its rows.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::join::ast::Side;
use crate::join::check::Mentioned;

/// The longest tuple that can be compared.
const LONGEST_TUPLE: usize = 12;

/// The struct of the columns of a side, and the call that says that only these are kept. Nothing if all of the row is.
pub(super) fn kept_columns(side: &Side, is_left: bool, mentioned: Option<&Mentioned>) -> (TokenStream, TokenStream) {
    let Some(mentioned) = mentioned else { return Default::default() };
    let (name, method) = if is_left { ("ColumnsOfLeft", "left_columns") } else { ("ColumnsOfRight", "right_columns") };
    let (name, method) = (Ident::new(name, Span::mixed_site()), Ident::new(method, Span::mixed_site()));
    let row = &side.row;
    // Further mentions of a column are no more than mentioned, so that an editor knows what they are.
    let others = mentioned.columns.values().flat_map(|mentions| mentions.iter().skip(1));
    let others = others.map(|mention| {
        let place = mention.place(side);
        quote!(let _ = &#place;)
    });
    let columns = mentioned.columns.values().filter_map(|mentions| mentions.first()).map(|mention| {
        let (column, place) = (&mention.column, mention.place(side));
        quote!(#column: ::pathway::__private::take_datum(&mut #place))
    });
    let row = if mentioned.columns.is_empty() { quote_spanned!(row.span()=> _) } else { quote!(#row) };
    let call = quote!(.#method(move |#row| { #(#others)* #name { #(#columns),* } }));
    (definition(&name, mentioned), call)
}

fn definition(name: &Ident, mentioned: &Mentioned) -> TokenStream {
    let fields = mentioned.columns.values().filter_map(|mentions| mentions.first()).map(|mention| &mention.column);
    let fields: Vec<_> = fields.collect();
    let names = mentioned.columns.keys();
    let types: Vec<_> = (0..fields.len()).map(|index| format_ident!("T{index}")).collect();
    let refs = tuple(types.iter().map(|ty| quote!(::pathway::__private::DatumRef<'__row, #ty>)));
    let values = tuple(fields.iter().map(|field| quote!(::pathway::__private::DatumRef(&self.#field))));
    quote! {
        #[allow(nonstandard_style)]
        struct #name<#(#types),*> { #(#fields: #types),* }

        #[automatically_derived]
        #[allow(clippy::unused_unit)]
        impl<#(#types: ::pathway::__private::Datum),*> ::pathway::__private::KeptColumns for #name<#(#types),*> {
            const FIELDS: &'static [&'static ::core::primitive::str] = &[#(#names),*];
            type Refs<'__row> = #refs;
            fn refs(&self) -> Self::Refs<'_> {
                #values
            }
            fn clone_columns(&self) -> Self {
                Self { #(#fields: ::pathway::__private::Datum::clone_datum(&self.#fields)),* }
            }
            fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
                _columns: &mut __A,
            ) -> ::core::result::Result<Self, __A::Error> {
                ::core::result::Result::Ok(Self { #(#fields: ::pathway::__private::read_field(_columns)?),* })
            }
        }
    }
}

/// A tuple, or a tuple of tuples if there are many values.
fn tuple(values: impl Iterator<Item = TokenStream>) -> TokenStream {
    let values: Vec<_> = values.collect();
    if values.len() <= LONGEST_TUPLE {
        return quote!((#(#values,)*));
    }
    let tuples = values.chunks(LONGEST_TUPLE).map(|values| quote!((#(#values,)*)));
    quote!((#(#tuples,)*))
}

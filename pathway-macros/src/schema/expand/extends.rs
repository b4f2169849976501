//! Generates the impl of `Extends`: a row extends itself, and a row with `..o` what `o` extends.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse_quote;

use super::flatten::{bounded_generics, own_columns};
use crate::schema::ast::Row;

pub(super) fn impls(row: &Row) -> TokenStream {
    let Row { ident, krate, flattened, .. } = row;
    let mut generics = bounded_generics(row);
    let Some(rest) = flattened.iter().find(|field| field.replaceable) else {
        let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
        return quote! {
            #[automatically_derived]
            impl #impl_generics #krate::__private::Extends<Self> for #ident #type_generics #where_clause {
                fn base(&self) -> &Self {
                    self
                }
            }
        };
    };
    let (field, ty, own) = (&rest.field, &rest.ty, own_columns(row));
    let (_, type_generics, _) = row.generics.split_for_impl();
    generics.params.push(parse_quote!(__Base: #krate::__private::Schema));
    generics.make_where_clause().predicates.push(parse_quote!(#ty: #krate::__private::Extends<__Base>));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::__private::Extends<__Base> for #ident #type_generics #where_clause {
            fn base(&self) -> &__Base {
                const { #krate::__private::assert_not_replaced(&<__Base as #krate::__private::Schema>::COLUMNS, &#own) }
                #krate::__private::Extends::base(&self.#field)
            }
        }
    }
}

//! `impl Datum` for a row, field by field.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Generics, Path, Type};

use super::fields::{Field, checks};
use super::rest;
use crate::schema::ast::Row;

/// Copies, orders, hashes and serializes the fields in their order.
pub(super) fn datum(row: &Row) -> TokenStream {
    let Row { ident, krate, .. } = row;
    let generics = row.bounded();
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let checks = checks(row);
    let fields = Field::all(row);
    let count = fields.len();
    let each = |code: &dyn Fn((&Ident, &Type)) -> TokenStream| {
        fields.iter().map(|field| code(field.parts())).collect::<TokenStream>()
    };

    let duplicate = each(&|(field, ty)| quote!(#field: <#ty as #krate::__private::Datum>::clone_datum(&self.#field),));
    let compare = each(&|(field, ty)| {
        quote! {
            match <#ty as #krate::__private::Datum>::compare(&self.#field, &other.#field) {
                ::core::cmp::Ordering::Equal => {}
                unequal => return unequal,
            }
        }
    });
    let compare =
        rest::or_by_column(row, &compare_end(&compare), &quote!(#krate::__private::compare_columns(self, other)));
    let feed = each(&|(field, ty)| quote!(<#ty as #krate::__private::Datum>::hash_into(&self.#field, state);));
    let feed = rest::or_by_column(row, &feed, &quote!(#krate::__private::hash_columns(self, state)));
    let write = each(&|(field, ty)| quote!(#krate::__private::write_field::<#ty, _>(&mut tuple, &self.#field)?;));
    let read = each(&|(field, ty)| quote!(#field: #krate::__private::read_field::<#ty, _>(&mut fields)?,));
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::__private::Datum for #ident #type_generics #where_clause {
            fn clone_datum(&self) -> Self {
                #checks
                Self { #duplicate }
            }

            fn compare(&self, other: &Self) -> ::core::cmp::Ordering {
                #checks
                #compare
            }

            fn hash_into<__H: ::core::hash::Hasher>(&self, state: &mut __H) {
                #checks
                #feed
            }

            fn serialize<__S: #krate::__private::Serializer>(
                &self,
                serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                #checks
                let mut tuple = serializer.serialize_tuple(#count)?;
                #write
                #krate::__private::SerializeTuple::end(tuple)
            }

            fn deserialize<'__de, __D: #krate::__private::Deserializer<'__de>>(
                deserializer: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                #krate::__private::read_fields(deserializer)
            }
        }

        #[automatically_derived]
        impl #impl_generics #krate::__private::Fields for #ident #type_generics #where_clause {
            const COUNT: ::core::primitive::usize = #count;

            fn read<'__de, __A: #krate::__private::SeqAccess<'__de>>(
                mut fields: __A,
            ) -> ::core::result::Result<Self, __A::Error> {
                #checks
                ::core::result::Result::Ok(Self { #read })
            }
        }
    }
}

/// The end of a comparison in which nothing was unequal.
fn compare_end(compare: &TokenStream) -> TokenStream {
    quote!(#compare ::core::cmp::Ordering::Equal)
}

/// An impl that is never run: it keeps the errors about a type to the one that tells what is wrong with it.
pub(crate) fn stand_in(ident: &Ident, generics: &Generics, krate: &Path) -> TokenStream {
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::__private::Datum for #ident #type_generics #where_clause {
            fn clone_datum(&self) -> Self {
                loop {}
            }

            fn compare(&self, _: &Self) -> ::core::cmp::Ordering {
                loop {}
            }

            fn hash_into<__H: ::core::hash::Hasher>(&self, _: &mut __H) {}

            fn serialize<__S: #krate::__private::Serializer>(
                &self,
                _: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                loop {}
            }

            fn deserialize<'__de, __D: #krate::__private::Deserializer<'__de>>(
                _: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                loop {}
            }
        }
    }
}

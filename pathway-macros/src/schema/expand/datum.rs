//! Generates the impls of `Datum` and `Fields`, field by field.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Generics, Path, Type};

use super::decode::default_closure;
use super::fields::{Field, column_type_checks};
use super::flatten::bounded_generics;
use super::replaced_columns::or_by_column;
use crate::schema::ast::Row;

/// Clones, compares, hashes and serializes the fields in their order.
pub(super) fn impls(row: &Row) -> TokenStream {
    let Row { ident, krate, .. } = row;
    let generics = bounded_generics(row);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let checks = column_type_checks(row);
    let fields = Field::all(row);
    let count = fields.len();
    let each = |code: &dyn Fn((&Ident, &Type)) -> TokenStream| {
        fields.iter().map(|field| code(field.name_and_type())).collect::<TokenStream>()
    };

    let clone = each(&|(field, ty)| quote!(#field: <#ty as #krate::__private::Datum>::clone_datum(&self.#field),));
    let take = each(&|(field, ty)| quote!(#field: <#ty as #krate::__private::Datum>::take_datum(&mut self.#field),));
    let compare = each(&|(field, ty)| {
        quote! {
            match <#ty as #krate::__private::Datum>::compare(&self.#field, &other.#field) {
                ::core::cmp::Ordering::Equal => {}
                unequal => return unequal,
            }
        }
    });
    let compare = or_by_column(
        row,
        &quote!(#compare ::core::cmp::Ordering::Equal),
        &quote!(#krate::__private::compare_columns(self, other)),
    );
    let hash = each(&|(field, ty)| quote!(<#ty as #krate::__private::Datum>::hash_into(&self.#field, state);));
    let hash = or_by_column(row, &hash, &quote!(#krate::__private::hash_columns(self, state)));
    let write = each(&|(field, ty)| quote!(#krate::__private::write_field::<#ty, _>(&mut tuple, &self.#field)?;));
    let read = each(&|(field, ty)| quote!(#field: #krate::__private::read_field::<#ty, _>(&mut fields)?,));
    let default_of = default_of(row, &checks);
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::__private::Datum for #ident #type_generics #where_clause {
            fn clone_datum(&self) -> Self {
                #checks
                Self { #clone }
            }

            fn take_datum(&mut self) -> Self {
                #checks
                Self { #take }
            }

            fn compare(&self, other: &Self) -> ::core::cmp::Ordering {
                #checks
                #compare
            }

            fn hash_into<__H: ::core::hash::Hasher>(&self, state: &mut __H) {
                #checks
                #hash
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

            #default_of

            fn read<'__de, __A: #krate::__private::SeqAccess<'__de>>(
                mut fields: __A,
            ) -> ::core::result::Result<Self, __A::Error> {
                #checks
                ::core::result::Result::Ok(Self { #read })
            }
        }
    }
}

/// The defaults of columns, for rows that were saved before a column was added.
fn default_of(row: &Row, checks: &TokenStream) -> Option<TokenStream> {
    let krate = &row.krate;
    let defaults = row.columns.iter().filter_map(|column| {
        let (ty, index, default) = (&column.ty, column.field_index, default_closure(column, krate)?);
        Some(quote!(#index => #krate::__private::ColumnDefault::new::<#ty>((#default)()),))
    });
    let defaults: Vec<_> = defaults.collect();
    (!defaults.is_empty()).then(|| {
        quote! {
            fn default_of(
                number: ::core::primitive::usize,
            ) -> ::core::option::Option<#krate::__private::ColumnDefault> {
                #checks
                match number {
                    #(#defaults)*
                    _ => ::core::option::Option::None,
                }
            }
        }
    })
}

/// An impl for a type that cannot be a row or a column type, so that it causes no other errors. It never runs.
pub(crate) fn fallback(ident: &Ident, generics: &Generics, krate: &Path) -> TokenStream {
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

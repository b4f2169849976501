//! Generates the code of a column type: its impls of `Datum`, `DecodeJson`, `EncodeJson` and `EncodeText`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Path, Type};

use super::ast::{ColumnType, Shape, Variant};
use crate::generics::{fallback_generics, with_column_type_bounds};
use crate::schema::{fallback_datum, json_string};

/// The impls of a column type.
pub(crate) fn expand(column_type: &ColumnType) -> TokenStream {
    match &column_type.shape {
        Shape::Enum(variants) => enum_impls(column_type, variants),
        Shape::Newtype(inner) => newtype_impls(column_type, inner),
    }
}

/// Impls for input that cannot be a column type, so that code that uses the type causes no other errors. They never run.
pub(crate) fn fallback(input: &DeriveInput, krate: Path) -> TokenStream {
    let ident = &input.ident;
    let generics = fallback_generics(&input.generics, &krate);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let datum = fallback_datum(ident, &generics, &krate);
    quote! {
        #datum

        #[automatically_derived]
        impl #impl_generics #krate::__private::DecodeJson for #ident #type_generics #where_clause {
            fn expected() -> #krate::__private::Cow<'static, ::core::primitive::str> {
                loop {}
            }
            fn decode_json(
                _: #krate::__private::JsonText<'_>,
            ) -> ::core::result::Result<Self, #krate::__private::Mismatch> {
                loop {}
            }
        }

        #[automatically_derived]
        impl #impl_generics #krate::__private::EncodeJson for #ident #type_generics #where_clause {
            fn encode_json(&self, _: &mut #krate::__private::Vec<::core::primitive::u8>) {}
        }

        #[automatically_derived]
        impl #impl_generics #krate::__private::EncodeText for #ident #type_generics #where_clause {
            fn encode_text(
                &self,
                _: #krate::__private::TextForm,
                _: &mut #krate::__private::Vec<::core::primitive::u8>,
            ) {}
        }
    }
}

/// The impls of an enum: a table of its variants, and calls of functions that use the table.
fn enum_impls(column_type: &ColumnType, variants: &[Variant]) -> TokenStream {
    let ColumnType { ident, krate, .. } = column_type;
    let (impl_generics, type_generics, where_clause) = column_type.generics.split_for_impl();
    let idents: Vec<_> = variants.iter().map(|variant| &variant.ident).collect();
    let names = variants.iter().map(|variant| &variant.name);
    let json = variants.iter().map(|variant| json_string(&variant.name));
    let ordinals: Vec<_> = (0..variants.len()).collect();
    let bodies = Bodies {
        clone: quote!(match self { #(Self::#idents => Self::#idents,)* }),
        compare: quote!(#krate::__private::EnumColumn::compare_variant(self, other)),
        take: None,
        is_missing: None,
        hash: quote!(#krate::__private::EnumColumn::hash_variant(self, state)),
        serialize: quote!(#krate::__private::EnumColumn::serialize_variant(self, serializer)),
        deserialize: quote!(#krate::__private::EnumColumn::deserialize_variant(deserializer)),
        expected: quote!(<Self as #krate::__private::EnumColumn>::expected_variants()),
        decode: quote!(#krate::__private::EnumColumn::decode_variant(value)),
        missing: quote!(::core::option::Option::None),
        encode: quote!(#krate::__private::EnumColumn::encode_variant(self, out)),
        encode_rfc3339: None,
        text: quote!(#krate::__private::EnumColumn::encode_variant_text(self, form, out)),
        is_none: quote!(false),
    };
    let impls = bodies.impls(column_type, &column_type.generics);
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::__private::EnumColumn for #ident #type_generics #where_clause {
            const NAMES: &'static [&'static ::core::primitive::str] = &[#(#names),*];
            const JSON: &'static [&'static ::core::primitive::str] = &[#(#json),*];

            fn ordinal(&self) -> ::core::primitive::usize {
                match self { #(Self::#idents => #ordinals,)* }
            }

            fn from_ordinal(ordinal: ::core::primitive::usize) -> ::core::option::Option<Self> {
                ::core::option::Option::Some(match ordinal {
                    #(#ordinals => Self::#idents,)*
                    _ => return ::core::option::Option::None,
                })
            }
        }

        #impls
    }
}

/// The impls of a newtype: every method calls the same method of the inner value.
fn newtype_impls(column_type: &ColumnType, inner: &Type) -> TokenStream {
    let krate = &column_type.krate;
    let check = quote_spanned!(inner.span()=> #krate::__private::column_type::<#inner>(););
    let datum = quote!(<#inner as #krate::__private::Datum>);
    let decode = quote!(<#inner as #krate::__private::DecodeJson>);
    let encode = quote!(<#inner as #krate::__private::EncodeJson>);
    let text = quote!(<#inner as #krate::__private::EncodeText>);
    let bodies = Bodies {
        clone: quote!(#check Self(#datum::clone_datum(&self.0))),
        take: Some(quote!(#check Self(#datum::take_datum(&mut self.0)))),
        compare: quote!(#check #datum::compare(&self.0, &other.0)),
        is_missing: Some(quote!(#check #datum::is_missing(&self.0))),
        hash: quote!(#check #datum::hash_into(&self.0, state)),
        serialize: quote!(#check #datum::serialize(&self.0, serializer)),
        deserialize: quote!(#check ::core::result::Result::map(#datum::deserialize(deserializer), Self)),
        expected: quote!(#check #decode::expected()),
        decode: quote!(#check ::core::result::Result::map(#decode::decode_json(value), Self)),
        missing: quote!(#check ::core::option::Option::map(#decode::decode_missing(), Self)),
        encode: quote!(#check #encode::encode_json(&self.0, out)),
        encode_rfc3339: Some(quote!(#check #encode::encode_json_rfc3339(&self.0, out))),
        text: quote!(#check #text::encode_text(&self.0, form, out)),
        is_none: quote!(#check #text::is_none(&self.0)),
    };
    bodies.impls(column_type, &with_column_type_bounds(&column_type.generics, krate))
}

/// The bodies of the methods of the four impls.
struct Bodies {
    clone: TokenStream,
    /// `None` where it is the same as `clone`.
    take: Option<TokenStream>,
    compare: TokenStream,
    /// `None` where no value is a missing one.
    is_missing: Option<TokenStream>,
    hash: TokenStream,
    serialize: TokenStream,
    deserialize: TokenStream,
    expected: TokenStream,
    decode: TokenStream,
    missing: TokenStream,
    encode: TokenStream,
    /// `None` where it is the same as `encode`.
    encode_rfc3339: Option<TokenStream>,
    text: TokenStream,
    is_none: TokenStream,
}

impl Bodies {
    fn impls(&self, column_type: &ColumnType, generics: &syn::Generics) -> TokenStream {
        let ColumnType { ident, krate, .. } = column_type;
        let Bodies { clone, compare, hash, serialize, deserialize, expected, decode, missing, encode, .. } = self;
        let Bodies { encode_rfc3339, text, is_none, .. } = self;
        let encode_rfc3339 = encode_rfc3339.as_ref().map(|body| {
            quote! {
                fn encode_json_rfc3339(&self, out: &mut #krate::__private::Vec<::core::primitive::u8>) {
                    #body
                }
            }
        });
        let take = self.take.as_ref().map(|body| {
            quote! {
                fn take_datum(&mut self) -> Self {
                    #body
                }
            }
        });
        let is_missing = self.is_missing.as_ref().map(|body| {
            quote! {
                fn is_missing(&self) -> ::core::primitive::bool {
                    #body
                }
            }
        });
        let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::__private::Datum for #ident #type_generics #where_clause {
                fn clone_datum(&self) -> Self {
                    #clone
                }

                #take

                fn compare(&self, other: &Self) -> ::core::cmp::Ordering {
                    #compare
                }

                #is_missing

                fn hash_into<__H: ::core::hash::Hasher>(&self, state: &mut __H) {
                    #hash
                }

                fn serialize<__S: #krate::__private::Serializer>(
                    &self,
                    serializer: __S,
                ) -> ::core::result::Result<__S::Ok, __S::Error> {
                    #serialize
                }

                fn deserialize<'__de, __D: #krate::__private::Deserializer<'__de>>(
                    deserializer: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    #deserialize
                }
            }

            #[automatically_derived]
            impl #impl_generics #krate::__private::DecodeJson for #ident #type_generics #where_clause {
                fn expected() -> #krate::__private::Cow<'static, ::core::primitive::str> {
                    #expected
                }

                fn decode_json(
                    value: #krate::__private::JsonText<'_>,
                ) -> ::core::result::Result<Self, #krate::__private::Mismatch> {
                    #decode
                }

                fn decode_missing() -> ::core::option::Option<Self> {
                    #missing
                }
            }

            #[automatically_derived]
            impl #impl_generics #krate::__private::EncodeJson for #ident #type_generics #where_clause {
                fn encode_json(&self, out: &mut #krate::__private::Vec<::core::primitive::u8>) {
                    #encode
                }

                #encode_rfc3339
            }

            #[automatically_derived]
            impl #impl_generics #krate::__private::EncodeText for #ident #type_generics #where_clause {
                fn encode_text(
                    &self,
                    form: #krate::__private::TextForm,
                    out: &mut #krate::__private::Vec<::core::primitive::u8>,
                ) {
                    #text
                }

                fn is_none(&self) -> ::core::primitive::bool {
                    #is_none
                }
            }
        }
    }
}
